"""From a message to what was understood of it: normalise, split, classify, find what is named."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from nlu.aspects import aspects_of
from nlu.entities import entities_of, facts_of
from nlu.intents import intents
from nlu.normalise import normalise
from nlu.split import questions
from nlu.understanding import Classifier, EngineUnavailable, Score, Understanding

# Below this a part is not a question of its own: 在哪办 alone belongs to what was asked before it.
_OWN_QUESTION = 0.3
_TALK = frozenset({"social", "far"})

log = structlog.get_logger(__name__)


@dataclass
class _Part:
    text: str
    ranking: tuple[Score, ...]

    @property
    def intent(self) -> str:
        return self.ranking[0].intent

    @property
    def stands_alone(self) -> bool:
        """Whether the part asks about something itself, so that it may be answered by itself."""
        known = intents().get(self.intent)
        talk = known is not None and known.kind in _TALK
        return not talk and self.ranking[0].confidence >= _OWN_QUESTION


class Understander:
    """Text in, one `Understanding` a question out. `fallback` stands in for a lost engine."""

    def __init__(self, classifier: Classifier, fallback: Classifier | None = None) -> None:
        self._classifier = classifier
        self._fallback = fallback

    def understand(self, text: str) -> list[Understanding]:
        """What the message asks, in order; never empty.

        Raises `EngineUnavailable` when the engine is gone and there is no fallback.
        """
        whole = normalise(text)
        parts = [_Part(part, self._classify(part)) for part in questions(whole)]
        return [self._understanding(text, part) for part in self._join(parts)]

    def understand_whole(self, text: str) -> Understanding:
        """What the message asks, taken as one question. Raises as `understand` does."""
        whole = normalise(text)
        return self._understanding(text, _Part(whole, self._classify(whole)))

    def _join(self, parts: list[_Part]) -> list[_Part]:
        """The parts with those joined that ask the same, or that ask nothing by themselves."""
        joined: list[_Part] = []
        for part in parts:
            if joined and (
                joined[-1].intent == part.intent
                or not part.stands_alone
                or not joined[-1].stands_alone
            ):
                before = joined.pop()
                both = before.text + part.text
                # What leads up to a question or trails it must not outweigh the question.
                ranking = max(
                    (p.ranking for p in (before, part) if p.stands_alone),
                    key=lambda scores: scores[0].confidence,
                    default=None,
                ) or self._classify(both)
                joined.append(_Part(both, ranking))
            else:
                joined.append(part)
        return joined

    def _understanding(self, original: str, part: _Part) -> Understanding:
        entities = entities_of(part.text)
        return Understanding(
            original=original,
            text=part.text,
            ranking=part.ranking,
            aspects=aspects_of(part.text),
            entities=entities,
            facts=facts_of(entities),
        )

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
            return self._fallback.classify(text)
