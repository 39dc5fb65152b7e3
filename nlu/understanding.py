"""What was understood of a message: plain frozen values that everything above reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from knowledge.rules import FactValue

Aspect = Literal[
    "amount",  # 多少钱、免费吗
    "condition",  # 谁能、要什么条件
    "procedure",  # 怎么办
    "office",  # 去哪办、哪个部门
    "deadline",  # 几天内、什么时候
    "validity",  # 还有效吗、现在还能吗
    "list",  # 有哪些
    "obligation",  # 是强制的吗
    "everyone",  # 谁都能吗
    "benefit",  # 有什么补贴、给什么好处
]

EntityKind = Literal[
    "region",  # GB code
    "occupation",
    "level",
    "group",
    "age",  # years
    "money",  # yuan
    "date",  # ISO date
    "fact",  # `<fact>=<value>`: employer_type, employee_social_insurance, role …
    "permit_number",  # canonical form
    "third_person",  # relation as written: 我妈
    "document",  # document id
]


@dataclass(frozen=True)
class Entity:
    """Something named in the text, with its canonical value and where it stands in `text`.

    `origin`: a place that somebody only comes from (四川人来广州, 从湖南到佛山).
    """

    kind: EntityKind
    value: str | float
    text: str
    start: int
    end: int
    negated: bool = False
    origin: bool = False


@dataclass(frozen=True)
class Score:
    """An intent with the engine's confidence in it, from 0 to 1."""

    intent: str
    confidence: float


@dataclass(frozen=True)
class Understanding:
    """One question of a message. `facts` is what the entities tell about the person asked for."""

    original: str
    text: str  # normalised
    ranking: tuple[Score, ...]  # best first, never empty
    aspects: frozenset[Aspect] = frozenset()
    entities: tuple[Entity, ...] = ()
    facts: Mapping[str, FactValue] = field(default_factory=dict)

    @property
    def intent(self) -> str:
        """The likeliest intent."""
        return self.ranking[0].intent

    @property
    def confidence(self) -> float:
        """How sure the engine is of the likeliest, 0 to 1."""
        return self.ranking[0].confidence

    def values(self, kind: EntityKind) -> tuple[str | float, ...]:
        """Canonical values of the entities of `kind`, in order, each once; no negated ones, nor
        where somebody comes from if another place is named."""
        named = [e for e in self.entities if e.kind == kind and not e.negated]
        meant = [e for e in named if not e.origin] or named
        return tuple(dict.fromkeys(e.value for e in meant))


class Classifier(Protocol):
    """An NLU engine: text in, intents out, best first."""

    name: str

    def classify(self, text: str) -> tuple[Score, ...]:
        """The intents of a normalised text. Raises `EngineUnavailable` when the engine is gone."""
        ...


@runtime_checkable
class ScopeJudge(Protocol):
    """An engine that also tells, apart from the intents, whether a text is about us at all."""

    def far(self, text: str) -> float | None:
        """How sure it is that the normalised text is not, from 0 to 1; None if it cannot tell."""
        ...


@runtime_checkable
class SecondOpinion(Protocol):
    """An engine that also says, in another way than it classifies, which intents a text fits."""

    def second_opinion(self, text: str) -> Mapping[str, float]:
        """How likely the normalised text is of each intent, 1 for the likeliest."""
        ...


class EngineUnavailable(Exception):
    """The engine cannot answer now; another one must."""


class EngineResting(EngineUnavailable):
    """The engine was not asked, because it failed a moment ago."""
