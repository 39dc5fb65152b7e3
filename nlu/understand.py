"""From a message to what was understood of it: normalise, split, classify, find what is named."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import structlog

from nlu.aspects import aspects_of, without_cues
from nlu.entities import entities_of, facts_of
from nlu.intents import intents
from nlu.normalise import normalise
from nlu.split import announced, asked, questions
from nlu.understanding import Classifier, EngineUnavailable, ScopeJudge, Score, Understanding

# In a longer text the story outweighs the question, so the question is also read by itself; and
# only a word that announces another question divides it.
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
# less where a word announces it, and at least so sure of its intent in the whole message.
_BY_ITSELF = 0.5
_ANNOUNCED = 0.2
_IN_THE_WHOLE = 0.02
_SUBJECT = 2  # characters that must be left of it without cue words: 去哪办 alone has no subject
_TALK = frozenset({"social", "far"})
_EMPTY_WORDS = re.compile(
    r"[的了是我在这那有要个么呢吗啊呀吧，。？！；、\s]|请问|还有|另外|想问|再问|顺便|一下|还想|然后|"
    r"可以|需要|具体|一般|大概|现在|以及"
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
        parts = [self._part(part) for part in _candidates(whole)]
        if len(parts) > 1:
            parts = self._join(parts, self._part(whole))
        return [self._understanding(text, part) for part in parts]

    def understand_whole(self, text: str) -> Understanding:
        """What the message asks, taken as one question. Raises as `understand` does."""
        return self._understanding(text, self._part(normalise(text)))

    def _join(self, parts: list[_Part], whole: _Part) -> list[_Part]:
        """The parts, those joined that ask the same or that ask nothing by themselves."""
        in_whole = {score.intent: score.confidence for score in whole.ranking}
        joined: list[_Part] = []
        for part in parts:
            if not joined:
                joined.append(part)
                continue
            before = joined[-1]
            alone = [one for one in (before, part) if _stands_alone(one, in_whole)]
            if len(alone) == 2 and before.best.intent != part.best.intent:
                joined.append(part)
            else:
                both = before.text + part.text
                # What leads up to a question or trails it must not outweigh the question.
                ranking = (
                    max(alone, key=lambda one: one.best.confidence).ranking
                    if alone
                    else self._part(both).ranking
                )
                joined[-1] = _Part(both, ranking)
        return joined if len(joined) > 1 else [whole]

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
        ranking = self._classify(text)
        if len(text) > _STORY:
            ranking = _both(ranking, self._classify(asked(text)))
        return _Part(text, self._weighed(text, ranking))

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


def _candidates(text: str) -> list[str]:
    parts: list[str] = []
    for part in questions(text):
        if parts and len(text) > _STORY and not announced(part):
            parts[-1] += part
        else:
            parts.append(part)
    return parts


def _stands_alone(part: _Part, in_whole: Mapping[str, float]) -> bool:
    """Whether the part asks about something itself, so that it may be answered by itself."""
    known = intents().get(part.best.intent)
    if known is None or known.kind in _TALK:
        return False
    sure = part.best.confidence
    if sure < _ANNOUNCED or len(_EMPTY_WORDS.sub("", without_cues(part.text))) < _SUBJECT:
        return False
    enough = _ANNOUNCED if announced(part.text) else _BY_ITSELF
    return sure >= enough or in_whole.get(part.best.intent, 0.0) >= _IN_THE_WHOLE


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
    inside, outside = (
        [
            (score.intent, max(score.confidence, _NOTHING) ** _SHARPER)
            for score in ranking
            if score.intent in known and (known[score.intent].kind == "far") is is_far
        ]
        for is_far in (False, True)
    )
    if not inside or not outside:
        return ranking
    best = _scaled(inside)[0]
    if best.intent == _DANGER and best.confidence >= _CLEARLY and far < _FLATLY:
        return _far_doubled(ranking)
    return _scaled(
        (score.intent, score.confidence * share)
        for share, group in ((1 - far, inside), (far, outside))
        for score in _scaled(group)
    )


def _scaled(weights: Iterable[tuple[str, float]]) -> tuple[Score, ...]:
    """The weights as confidences that sum to 1, best first."""
    rows = list(weights)
    total = sum(weight for _, weight in rows)
    scores = (Score(intent, weight / total) for intent, weight in rows)
    return tuple(sorted(scores, key=lambda score: -score.confidence))


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
