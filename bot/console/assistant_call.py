"""One caller's call, as the page carries it: what was asked, what was told, what was ticked.

The server keeps nothing of it. The page holds the call sealed, so that the next request may go to
any process; beside it stand the fields for the facts, and only what differs from how they were
shown counts as the operator's doing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter, ValidationError

from bot.sealing import Seal
from dialogs.memory import Memory
from knowledge.rules import FactValue, Groups
from knowledge.vocabulary import Fact, Vocabulary
from nlu.understanding import Understanding

REGION = "region"
GROUP = "groups."  # groups.veteran: yes, no
YES, NO = "yes", "no"
_MOST_ASKED = 8
_MOST_NUMBER = 1_000_000

Fields = Mapping[str, str]  # facts by field; an empty text is unknown


@dataclass(frozen=True)
class Call:
    """What is known before the question shown, and how the page showed what it told.

    `told` is the caller's for good; `shown` adds what the question itself tells, which is taken
    over only when the question was asked for good (`after` is then the memory that follows it).
    `ticked` are the fields changed since the question was asked: they stand above its words.
    """

    question: str = ""
    meant: str = ""  # the topic chosen for the question, where the operator chose one
    before: Memory = field(default_factory=Memory)
    after: Memory | None = None
    told: Fields = field(default_factory=dict)
    shown: Fields = field(default_factory=dict)
    ticked: frozenset[str] = frozenset()
    asked: tuple[str, ...] = ()  # newest first

    def given(self, question: str, meant: str, sent: Fields) -> Call:
        """The call when `question` comes with the fields `sent`."""
        changed = {name: text for name, text in sent.items() if text != self.shown.get(name, "")}
        told = {**self.told, **changed}
        if question == self.question:
            ticked = self.ticked.union(changed)
            return replace(self, told=told, ticked=ticked, meant=meant or self.meant)
        return Call(
            question=question,
            meant=meant,
            before=self.after if self.after is not None else self.before,
            told=told,
            ticked=frozenset(changed),
            asked=self.asked,
        )

    def answered(self, after: Memory, shown: Fields, accept: bool) -> Call:
        """The call after its answer; `accept` takes the question over for good."""
        if not accept:
            return replace(self, shown=shown)
        others = [one for one in self.asked if one != self.question]
        asked = (self.question, *others)[:_MOST_ASKED]
        return replace(self, after=after, told=shown, shown=shown, asked=asked)


_CALL = TypeAdapter(Call)


def sealed(call: Call, seal: Seal, who: str) -> str:
    """The call as the page of the account `who` carries it."""
    return seal.seal(_CALL.dump_json(call).decode(), _bound(who))


def opened(text: str, seal: Seal, who: str) -> Call:
    """The call that the page carried; a new one where it cannot be opened or read."""
    plain = seal.unseal(text, _bound(who))
    if plain is None:
        return Call()
    try:
        return _CALL.validate_json(plain)
    except ValidationError:  # of another version
        return Call()


def _bound(who: str) -> str:
    return f"console-call\0{who}"


def fields_of(facts: Mapping[str, FactValue]) -> dict[str, str]:
    """The facts as fields show them."""
    fields: dict[str, str] = {}
    for name, value in facts.items():
        if isinstance(value, Groups):
            fields |= {f"{GROUP}{group}": YES for group in value.members}
            fields |= {f"{GROUP}{group}": NO for group in value.excluded}
        elif isinstance(value, bool):
            fields[name] = YES if value else NO
        else:
            fields[name] = f"{value:g}" if isinstance(value, float) else str(value)
    return fields


def facts_of(fields: Fields, words: Vocabulary) -> dict[str, FactValue]:
    """The facts that fields tell. What is empty, unknown to the vocabulary or no value of its fact
    tells nothing: it stays unknown."""
    facts: dict[str, FactValue] = {}
    told: dict[str, set[str]] = {YES: set(), NO: set()}
    for name, text in fields.items():
        if name.startswith(GROUP):
            group = name.removeprefix(GROUP)
            if group in words.groups and text in told:
                told[text].add(group)
        elif name == REGION:
            if text in words.regions:
                facts[REGION] = text
        elif name in words.facts and (value := _value(words.facts[name], text, words)) is not None:
            facts[name] = value
    # Who is of a group is of every wider one; excluding that contradicts it, and says nothing.
    above = {wider for group in told[YES] for wider in words.groups_above(group)}
    groups = Groups(frozenset(told[YES]), frozenset(told[NO] - above))
    return facts | {"groups": groups} if groups != Groups() else facts


def _value(fact: Fact, text: str, words: Vocabulary) -> FactValue | None:
    if fact.type == "yes_no":
        return {YES: True, NO: False}.get(text)
    if fact.type == "choice":
        return text if text in fact.options else None
    if fact.type == "occupation":
        return text if text in words.occupations else None
    if fact.type == "number":
        try:
            number = float(text)
        except ValueError:
            return None
        return number if 0 <= number <= _MOST_NUMBER else None
    return None


def without(one: Understanding, ticked: frozenset[str]) -> Understanding:
    """What was understood, without what the operator has ticked otherwise."""
    facts = {name: value for name, value in one.facts.items() if name not in ticked}
    groups = facts.get("groups")
    if isinstance(groups, Groups):
        named = {name.removeprefix(GROUP) for name in ticked if name.startswith(GROUP)}
        facts["groups"] = Groups(groups.members - named, groups.excluded - named)
    entities = one.entities
    if REGION in ticked:
        entities = tuple(entity for entity in entities if entity.kind != "region")
    return replace(one, facts=facts, entities=entities)
