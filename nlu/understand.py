"""From a message to what was understood of it: normalise, split, classify, find what is named."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable

import structlog

from nlu.aspects import aspects_of
from nlu.divide import Part, Question, divide
from nlu.entities import entities_of, facts_of
from nlu.intents import intents
from nlu.normalise import normalise, without_numbers
from nlu.places import without_places
from nlu.split import asked, core, names_a_subject, questions
from nlu.understanding import (
    Classifier,
    EngineResting,
    EngineUnavailable,
    ScopeJudge,
    Score,
    SecondOpinion,
    Understanding,
)

# In a longer text the story outweighs the question, so the question is also read by itself.
_STORY = 60
# One reading alone cannot rule an intent out.
_LEAST = 1e-3
# Without a judge of the scope: the engines weigh all intents alike in training, but what is far
# from our subject is not one subject among eighty. By cross-validation this weight halves the far
# messages taken for ours, and costs no accuracy.
_FAR = 2.0
# How much the second opinion counts beside the engine's; by cross-validation both together are then
# as sure as they are right.
_SECOND = 0.45
_NOTHING = 1e-9
# The judge's odds that a message is far from our subject count for so much more: the second opinion
# makes the best of ours the surer of itself. By cross-validation, where it costs no accuracy.
_STRANGE = 1.2
# Somebody in danger must not be told that this is not our business: where the engine hears danger
# clearly, the judge, to whom such words are strange, must be very sure of itself (笑死我了).
_DANGER = "emergency"
_CLEARLY = 0.6
_FLATLY = 0.85
_NAME = 2  # what names a topic has words enough for it, whatever is left without cue words (考证)
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


class Understander:
    """Text in, one `Understanding` a question out. `fallback` stands in for a lost engine; then
    `on_fallback` is told the lost one's name. The first of them that can judges the scope and gives
    the second opinion."""

    def __init__(
        self,
        classifier: Classifier,
        fallback: Classifier | None = None,
        on_fallback: Callable[[str], None] = lambda _engine: None,
    ) -> None:
        self._classifier = classifier
        self._fallback = fallback
        self._on_fallback = on_fallback
        self._look_round()

    def exchange(self, old: str, new: Classifier) -> None:
        """From now on `new` is asked instead of the engine called `old`, also while others ask."""
        if self._classifier.name == old:
            self._classifier = new
        elif self._fallback is not None and self._fallback.name == old:
            self._fallback = new
        self._look_round()

    def _look_round(self) -> None:
        """Find who judges the scope and who gives the second opinion."""
        engines: tuple[object, ...] = (self._classifier, self._fallback)
        # Each in one step: others may be asking meanwhile.
        self._judge = next((one for one in engines if isinstance(one, ScopeJudge)), None)
        self._second = next((one for one in engines if isinstance(one, SecondOpinion)), None)

    def understand(self, text: str) -> list[Understanding]:
        """What the message asks, in order; never empty.

        Raises `EngineUnavailable` when the engine is gone and there is no fallback.
        """
        whole = self._part(normalise(text))
        parts = self._divided(whole) or [self._past_greeting(whole)]
        return [self._understanding(text, part) for part in parts]

    def understand_whole(self, text: str) -> Understanding:
        """What the message asks, taken as one question. Raises as `understand` does."""
        return self._understanding(text, self._part(normalise(text)))

    def _divided(self, whole: Question) -> list[Question]:
        """The questions of different subjects that the message holds; empty where it is one."""
        texts = questions(whole.text)
        if len(texts) == 1:
            return []
        parts = [self._of_several(text) for text in texts]
        found = divide(parts, _subjects_of(whole.ranking)[0])
        if len(found) == 1:
            # Beside a question to us, small talk must not make the message none of our business.
            far = intents()[whole.best.intent].kind == "far"
            sure = max(part.sure * part.ours for part in parts)
            if not far or sure <= whole.best.confidence:
                return []
        return found

    def _of_several(self, text: str) -> Part:
        """A part read without what announces it: 另外 says nothing of what is asked."""
        said = core(text)
        ranking = self._part(said).ranking
        if len(said) > _LONG:
            ranking = _both(ranking, self._part(core(asked(said, _LONG))).ranking)
        subjects, ours = _subjects_of(ranking)
        named = names_a_subject(said)
        words = _NAME if named else len(_EMPTY_WORDS.sub("", said))
        return Part(text, subjects, 1.0 if named else ours, words, named)

    def _past_greeting(self, part: Question) -> Question:
        """A question behind a greeting (打扰了，想问星级评定) read without it."""
        known = intents().get(part.best.intent)
        asked_of = core(part.text)
        if known is None or known.kind != "social" or asked_of == part.text:
            return part
        return Question(part.text, self._part(asked_of).ranking)

    def _understanding(self, original: str, part: Question) -> Understanding:
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

    def _part(self, text: str) -> Question:
        whole = without_numbers(text)
        said = without_places(whole)
        ranking, question = self._classify(said), said
        if len(said) > _STORY:
            question = asked(said)
            ranking = _both(ranking, self._classify(question))
        return Question(text, self._weighed(whole, self._seconded(question, ranking)))

    def _seconded(self, text: str, ranking: tuple[Score, ...]) -> tuple[Score, ...]:
        """The ranking with the second opinion on `text` weighed in."""
        if self._second is None:
            return ranking
        likely = self._second.second_opinion(text)
        return _scaled(
            (
                score.intent,
                max(score.confidence * likely.get(score.intent, 0.0) ** _SECOND, _NOTHING),
            )
            for score in ranking
        )

    def _weighed(self, text: str, ranking: tuple[Score, ...]) -> tuple[Score, ...]:
        """The ranking with what is far from our subject weighed against all that is not."""
        sure = None if self._judge is None else self._judge.far(text)
        if sure is None:
            return _far_doubled(ranking)
        return _judged(ranking, sure * _STRANGE / (sure * _STRANGE + 1 - sure))

    def _classify(self, text: str) -> tuple[Score, ...]:
        try:
            return self._classifier.classify(text)
        except EngineUnavailable as error:
            if self._fallback is None:
                raise
            if not isinstance(error, EngineResting):  # that it is lost has been said
                log.warning(
                    "nlu_engine_unavailable",
                    engine=self._classifier.name,
                    fallback=self._fallback.name,
                    error=str(error),
                )
            self._on_fallback(self._classifier.name)
            return self._fallback.classify(text)


def _subjects_of(ranking: tuple[Score, ...]) -> tuple[tuple[Score, ...], float]:
    """The ranking of subjects alone, without talk and what is far, and how much of it that was."""
    known = intents()
    inside = [
        (score.intent, score.confidence)
        for score in ranking
        if score.intent in known and known[score.intent].kind not in _TALK
    ]
    ours = sum(confidence for _, confidence in inside)
    return (_scaled(inside) if ours > 0 else ranking), ours


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
            side.append((score.intent, max(score.confidence, _NOTHING)))
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
