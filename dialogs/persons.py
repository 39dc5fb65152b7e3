"""Whom a message asks about, and which of what it tells is theirs.

我老公是退伍军人，我能免费学吗 asks about the speaker: that he has served is no fact of hers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from dialogs.memory import MYSELF, Memory
from dialogs.reading import families, relative, says
from knowledge.rules import Groups
from nlu.aspects import aspects_of
from nlu.entities import facts_of
from nlu.split import is_question
from nlu.understanding import Entity, Understanding

# Where one clause ends and the next begins; 我 with what she asks begins one without a mark.
_SEAM = re.compile(
    r"[，。；！？、\s]+|(?<=.)(?=(?:我|俺|咱)(?:们|自己|本人)?(?:能|可以|可不|是不是|想|也|该|有没有|要|算|怎么|够))"
)
# Of whose facts these are is said by the clause; where rules hold is everybody's.
_PERSONAL = frozenset(("group", "age", "fact", "occupation", "level"))


@dataclass(frozen=True)
class _Clause:
    start: int
    end: int
    text: str
    person: str | None  # None: not said


def heard_of(one: Understanding, memory: Memory) -> tuple[str, Understanding]:
    """Whom the message is about, and the message without what it tells of somebody else."""
    clauses = list(_clauses(one))
    owners = {clause.person for clause in clauses} - {None}
    if not owners - {MYSELF}:
        return (MYSELF if says("turns_to_me", one.text) else memory.person), one
    person = _asked_about(clauses)
    if owners == {person}:
        return person, one
    others = [clause for clause in clauses if clause.person not in (person, None)]
    of_others = [entity for entity in one.entities if _within(entity, others)]
    kept = tuple(entity for entity in one.entities if entity not in of_others)
    return person, replace(one, entities=kept, facts={**facts_of(kept), **_family(of_others)})


def _clauses(one: Understanding) -> Iterator[_Clause]:
    """The clauses with whose each is; one that names nobody goes on about the one before."""
    start, person = 0, None
    seams = [*((m.start(), m.end()) for m in _SEAM.finditer(one.text)), (len(one.text),) * 2]
    for end, after in seams:
        text = one.text[start:end]
        named = [e for e in one.entities if e.kind == "third_person" and start <= e.start < end]
        if named:
            person = relative(str(named[0].value))
        elif says("family", text):
            person = text
        elif says("speaker", text):
            person = MYSELF
        if text:
            yield _Clause(start, end, text, person)
        start = after


def _asked_about(clauses: list[_Clause]) -> str:
    """The person of the clause that asks; of the last that names one where none asks."""
    asking = [c for c in clauses if c.person and (is_question(c.text) or aspects_of(c.text))]
    last = (asking or [clause for clause in clauses if clause.person])[-1]
    return MYSELF if last.person is None or says("family", last.person) else last.person


def _within(entity: Entity, clauses: list[_Clause]) -> bool:
    if entity.kind not in _PERSONAL and entity.kind != "third_person":
        return False
    return any(clause.start <= entity.start < clause.end for clause in clauses)


def _family(entities: list[Entity]) -> dict[str, Groups]:
    """What follows for her from what her family is: she may be of a disabled person's family."""
    members = {
        families()[str(one.value)]
        for one in entities
        if one.kind == "group" and not one.negated and str(one.value) in families()
    }
    return {"groups": Groups(frozenset(members))} if members else {}
