"""From a message to what was understood of it: normalise, split, classify, find what is named."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import structlog

from nlu.aspects import aspects_of
from nlu.entities import entities_of, facts_of
from nlu.intents import intents
from nlu.normalise import normalise, without_numbers
from nlu.split import announced, asked, core, halves, names_a_subject, questions
from nlu.understanding import Classifier, EngineUnavailable, ScopeJudge, Score, Understanding

# In a longer text the story outweighs the question, so the question is also read by itself; and
# only a question mark, or a word that announces another question, divides it.
_STORY = 60
# One reading alone cannot rule an intent out.
_LEAST = 1e-3
# Without a judge of the scope: the engines weigh all intents alike in training, but what is far
# from our subject is not one subject among eighty. By cross-validation this weight halves the far
# messages taken for ours, and costs no accuracy.
_FAR = 2.0
# The engines are less sure than they are right (of the messages at 0.5, two in three are): this
# power sets it right, by cross-validation.
_SHARPER = 1.25
_NOTHING = 1e-9
# Somebody in danger must not be told that this is not our business: where the engine hears danger
# clearly, the judge, to whom such words are strange, must be very sure of itself (笑死我了).
_DANGER = "emergency"
_CLEARLY = 0.6
_FLATLY = 0.85
# A part is a question of its own when the engine is at least this sure of it: so sure by itself,
# less where a word announces another question, and at least so sure of its intent in the whole.
_BY_ITSELF = 0.6
_ANNOUNCED = 0.2
_IN_THE_WHOLE = 0.02
# 去哪办 alone has no subject: so many characters must be left of a part without cue words, or it
# names a topic, or the engine has no doubt (我的证什么时候到期).
_SUBJECT = 2
_NO_DOUBT = 0.97
# So sure of a second intent, the engine is torn between two.
_TORN = 0.15
_EITHER = 0.6
_ASKED = "？"
_LONG = 30  # a part is read by its question alone too, above so many characters
_TALK = frozenset({"social", "far"})
_EMPTY_WORDS = re.compile(
    r"请问|还有|另外|想问|再问|顺便|一下|还想|然后|可以|可不可以|能不能|能否|要不要|有没有|是不是|是否|需不需要|用不用|行不行|给不给|"
    r"需要|具体|一般|大概|现在|以及|到账|利息|有效期?|有效|到期|过期|部门|窗口|单位|地方|公司|个人|自己|还是|或者|已经|"
    r"条件|要求|资格|流程|步骤|手续|材料|标准|金额|比例|上限|最多|最少|最高|最低|期限|时间|时候|电话|地址|申请|申领|享受|符合|牵头|负责|"
    r"多少|多久|多长|多大|几[次天年个月块钱]|每[次天年个月]|一[次天年个月]|什么|怎么样?|怎样|哪里|哪儿|哪个|哪些|谁|如何|到手|下来|"
    r"[的了是我在这那有要个么呢吗啊呀吧您你他她都也就还能会去到找交领办发给钱用查拿不没，。？！；、\s]"
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Part:
    text: str
    ranking: tuple[Score, ...]

    @property
    def best(self) -> Score:
        return self.ranking[0]


class Understander:
    """Text in, one `Understanding` a question out. `fallback` stands in for a lost engine; then
    `on_fallback` is told the lost one's name. The scope is judged by the first of them that can."""

    def __init__(
        self,
        classifier: Classifier,
        fallback: Classifier | None = None,
        on_fallback: Callable[[str], None] = lambda _engine: None,
    ) -> None:
        self._classifier = classifier
        self._fallback = fallback
        self._on_fallback = on_fallback
        self._judge = self._first_judge()

    def exchange(self, old: str, new: Classifier) -> None:
        """From now on `new` is asked instead of the engine called `old`, also while others ask."""
        if self._classifier.name == old:
            self._classifier = new
        elif self._fallback is not None and self._fallback.name == old:
            self._fallback = new
        self._judge = self._first_judge()

    def _first_judge(self) -> ScopeJudge | None:
        for engine in (self._classifier, self._fallback):
            if isinstance(engine, ScopeJudge):
                return engine
        return None

    def understand(self, text: str) -> list[Understanding]:
        """What the message asks, in order; never empty.

        Raises `EngineUnavailable` when the engine is gone and there is no fallback.
        """
        whole = normalise(text)
        candidates = _candidates(whole)
        read = self._part(whole)
        parts = self._join(candidates, read) if len(candidates) > 1 else [read]
        if len(parts) == 1:
            parts = self._side_by_side(parts[0]) or [self._past_greeting(parts[0])]
        return [self._understanding(text, part) for part in parts]

    def understand_whole(self, text: str) -> Understanding:
        """What the message asks, taken as one question. Raises as `understand` does."""
        return self._understanding(text, self._part(normalise(text)))

    def _join(self, candidates: Sequence[str], whole: _Part) -> list[_Part]:
        """The parts, those joined that ask the same or that ask nothing by themselves."""
        in_whole = {score.intent: score.confidence for score in whole.ranking}
        joined: list[_Part] = []
        surest = 0.0  # of what a part asks by itself
        for text in candidates:
            part = self._of_several(text)
            if _stands_alone(part, in_whole, _BY_ITSELF):
                surest = max(surest, part.best.confidence)
            if not joined:
                joined.append(part)
                continue
            before = joined[-1]
            # The word that announces another question says that there was one before it.
            enough = _ANNOUNCED if announced(text) else _BY_ITSELF
            alone = [one for one in (before, part) if _stands_alone(one, in_whole, enough)]
            if len(alone) == 2 and before.best.intent != part.best.intent:
                joined.append(part)
            else:
                both = before.text + part.text
                # What leads up to a question or trails it must not outweigh the question.
                ranking = (
                    max(alone, key=lambda one: one.best.confidence).ranking
                    if alone
                    else self._of_several(both).ranking
                )
                joined[-1] = _Part(both, ranking)
        if len(joined) > 1:
            return joined
        # Beside a question to us, small talk must not make the whole message none of our business.
        far = intents()[whole.best.intent].kind == "far"
        return joined if far and surest > whole.best.confidence else [whole]

    def _side_by_side(self, part: _Part) -> list[_Part]:
        """The two or more subjects between which the engine is torn, if each half is of one.

        社保补贴和意外险怎么办 is half the one, half the other, and each half surely of one of them.
        """
        if len(part.ranking) == 1 or len(part.text) > _STORY:
            return []
        first, second = part.ranking[:2]
        if second.confidence < _TORN or first.intent in _vague() or second.intent in _vague():
            return []
        for texts in halves(part.text):
            left, right = (self._of_several(text) for text in texts)
            sure = min(left.best.confidence, right.best.confidence) >= _EITHER
            if sure and {left.best.intent, right.best.intent} == {first.intent, second.intent}:
                return [
                    *(self._side_by_side(left) or [left]),
                    *(self._side_by_side(right) or [right]),
                ]
        return []

    def _of_several(self, text: str) -> _Part:
        """A part read without what announces it: 另外 says nothing of what is asked."""
        said = core(text)
        ranking = self._part(said).ranking
        if len(said) > _LONG:
            ranking = _both(ranking, self._part(core(asked(said, _LONG))).ranking)
        return _Part(text, ranking)

    def _past_greeting(self, part: _Part) -> _Part:
        """A question behind a greeting (打扰了，想问星级评定) read without it."""
        known = intents().get(part.best.intent)
        asked_of = core(part.text)
        if known is None or known.kind != "social" or asked_of == part.text:
            return part
        return _Part(part.text, self._part(asked_of).ranking)

    def _understanding(self, original: str, part: _Part) -> Understanding:
        text = part.text.strip("，；、 ") or part.text
        entities = entities_of(text)
        return Understanding(
            original=original,
            text=text,
            ranking=part.ranking,
            aspects=aspects_of(text),
            entities=entities,
            facts=facts_of(entities),
        )

    def _part(self, text: str) -> _Part:
        said = without_numbers(text)
        ranking = self._classify(said)
        if len(said) > _STORY:
            ranking = _both(ranking, self._classify(asked(said)))
        return _Part(text, self._weighed(said, ranking))

    def _weighed(self, text: str, ranking: tuple[Score, ...]) -> tuple[Score, ...]:
        """The ranking with what is far from our subject weighed against all that is not."""
        sure = None if self._judge is None else self._judge.far(text)
        return _far_doubled(ranking) if sure is None else _judged(ranking, sure)

    def _classify(self, text: str) -> tuple[Score, ...]:
        try:
            return self._classifier.classify(text)
        except EngineUnavailable as error:
            if self._fallback is None:
                raise
            log.warning(
                "nlu_engine_unavailable",
                engine=self._classifier.name,
                fallback=self._fallback.name,
                error=str(error),
            )
            self._on_fallback(self._classifier.name)
            return self._fallback.classify(text)


@cache
def _vague() -> frozenset[str]:
    """The intents that are no subject of a question."""
    return frozenset(name for name, intent in intents().items() if intent.kind in _TALK)


def _candidates(text: str) -> list[str]:
    parts: list[str] = []
    for part in questions(text):
        # In a story only a question mark ends a question, and a word that announces begins one.
        if parts and len(text) > _STORY and not announced(part) and parts[-1][-1] != _ASKED:
            parts[-1] += part
        else:
            parts.append(part)
    return parts


def _stands_alone(part: _Part, in_whole: Mapping[str, float], enough: float) -> bool:
    """Whether the part asks about something itself, so that it may be answered by itself."""
    known = intents().get(part.best.intent)
    if known is None or known.kind in _TALK:
        return False
    sure = part.best.confidence
    if sure < _ANNOUNCED or (sure < _NO_DOUBT and not _has_subject(core(part.text))):
        return False
    return sure >= enough or in_whole.get(part.best.intent, 0.0) >= _IN_THE_WHOLE


def _has_subject(text: str) -> bool:
    return names_a_subject(text) or len(_EMPTY_WORDS.sub("", text)) >= _SUBJECT


def _far_doubled(ranking: tuple[Score, ...]) -> tuple[Score, ...]:
    known = intents()
    return (
        _scaled(
            (score.intent, score.confidence * (_FAR if known[score.intent].kind == "far" else 1.0))
            for score in ranking
            if score.intent in known
        )
        or ranking
    )


def _judged(ranking: tuple[Score, ...], far: float) -> tuple[Score, ...]:
    """`far` for what is far from our subject, and the rest for all that is not."""
    known = intents()
    inside: list[tuple[str, float]] = []
    outside: list[tuple[str, float]] = []
    for score in ranking:
        if (intent := known.get(score.intent)) is not None:
            side = outside if intent.kind == "far" else inside
            side.append((score.intent, max(score.confidence, _NOTHING) ** _SHARPER))
    if not inside or not outside:
        return ranking
    ours = _shares(inside)
    best, sure = max(ours, key=lambda row: row[1])
    if best == _DANGER and sure >= _CLEARLY and far < _FLATLY:
        return _far_doubled(ranking)
    return _scaled(
        (intent, confidence * share)
        for share, group in ((1 - far, ours), (far, _shares(outside)))
        for intent, confidence in group
    )


def _scaled(weights: Iterable[tuple[str, float]]) -> tuple[Score, ...]:
    """The weights as confidences that sum to 1, best first."""
    best_first = sorted(_shares(weights), key=lambda row: -row[1])
    return tuple(Score(intent, share) for intent, share in best_first)


def _shares(weights: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    """The weights as shares of their sum, in their order."""
    rows = list(weights)
    total = sum(weight for _, weight in rows)
    return [(intent, weight / total) for intent, weight in rows]


def _both(whole: tuple[Score, ...], question: tuple[Score, ...]) -> tuple[Score, ...]:
    """The geometric mean of two rankings, scaled to a sum of 1: what both readings allow."""
    other = {score.intent: score.confidence for score in question}
    return _scaled(
        (
            score.intent,
            math.sqrt(max(score.confidence, _LEAST) * max(other.get(score.intent, 0.0), _LEAST)),
        )
        for score in whole
    )
