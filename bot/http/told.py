"""What may be told of a person, as strict types made from the vocabulary: an area, a fact or a
value that is not in it is refused by its name, and the OpenAPI description lists all that are."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model
from pydantic_core import PydanticCustomError

from knowledge.rules import FactValue, Groups
from knowledge.vocabulary import Fact, Vocabulary, vocabulary

_MOST = 1_000_000


def one_of(names: dict[str, Any]) -> Any:
    """The type of a text that is one of `names`."""
    return Literal[tuple(names)]


def _area(code: object) -> str:
    if not isinstance(code, str) or code not in vocabulary().regions:
        raise PydanticCustomError("area", "not the GB/T 2260 code of a known area")
    return code


# Described with every code, refused without reciting them.
Area = Annotated[
    str,
    BeforeValidator(_area),
    Field(
        description="GB/T 2260 code of an area",
        json_schema_extra={"enum": list(vocabulary().regions)},
    ),
]


def facts_model(words: Vocabulary) -> type[BaseModel]:
    """The model of `facts`. What is left out is unknown, which is neither yes nor no."""
    group: Any = one_of(words.groups)
    groups = create_model(
        "GroupsTold",
        __config__=ConfigDict(extra="forbid"),
        __doc__="Groups the person belongs to, and groups known not to be hers; the rest is"
        " unknown. A member of a group is one of every wider group; one that is both is"
        " refused.",
        members=(Annotated[list[group], Field(max_length=40)], Field(default_factory=list)),
        excluded=(Annotated[list[group], Field(max_length=40)], Field(default_factory=list)),
    )
    types: dict[str, Any] = {
        "yes_no": Annotated[bool, Field(strict=True)],
        "number": Annotated[float, Field(strict=True, ge=0, le=_MOST, allow_inf_nan=False)],
        "groups": groups,
        "occupation": one_of(words.occupations),
    }
    fields: dict[str, Any] = {
        fact.id: (
            one_of(fact.options) if fact.type == "choice" else types[fact.type],
            # Without a default in the description: left out is not null.
            Field(default_factory=lambda: None, description=_described(fact)),
        )
        for fact in words.facts.values()
    }
    return create_model(
        "Facts", __config__=ConfigDict(extra="forbid"), __doc__=facts_model.__doc__, **fields
    )


def _described(fact: Fact) -> str:
    values = "，".join(f"{value} = {option.label}" for value, option in fact.options.items())
    unit = f"（{fact.unit}）" if fact.unit else ""
    return f"{fact.label}{unit}：{fact.question}" + (f" {values}" if values else "")


def facts_of(told: BaseModel) -> dict[str, FactValue]:
    """What was told, as conditions compare it."""
    facts: dict[str, Any] = {name: getattr(told, name) for name in told.model_fields_set}
    if (groups := facts.get("groups")) is not None:
        facts["groups"] = Groups(frozenset(groups.members), frozenset(groups.excluded))
    return facts


def contradiction(facts: dict[str, FactValue], words: Vocabulary) -> str | None:
    """What of the groups cannot both be true; None where all can."""
    groups = facts.get("groups")
    if isinstance(groups, Groups):
        for member in sorted(groups.members):
            if both := words.groups_above(member) & groups.excluded:
                return f"{member} is among the members, and {min(both)} excluded"
    return None


FactsTold = facts_model(vocabulary())
