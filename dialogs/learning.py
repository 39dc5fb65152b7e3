"""What a message tells about the person asked about."""

from __future__ import annotations

import datetime as dt

from dialogs.desk import Desk
from dialogs.memory import MYSELF, Memory
from dialogs.policy import narrowest
from dialogs.reading import says
from knowledge.rules import FactValue
from nlu.understanding import Understanding


def learned(one: Understanding, memory: Memory, desk: Desk, now: dt.datetime) -> Memory:
    """The memory with what the message tells of the person asked about."""
    facts: dict[str, FactValue] = dict(one.facts)
    if says("of_the_list", one.text):
        facts.pop("occupation", None)
    # Of 包头昆区 the district is the place.
    regions = narrowest([str(code) for code in one.values("region")], desk.words)
    if len(regions) == 1 and not _lives_elsewhere(regions[0], memory, now):
        facts["region"] = regions[0]
    elif not regions and memory.region is None and (of := _region_of(one, desk)):
        facts["region"] = of
    role = memory.facts.get("role")
    if role is not None and facts.get("role", role) != role:
        # What was told as a worker is not true of a firm.
        memory = memory.forgets(memory.facts.keys() - {"region"})
    memory = memory.learn(facts, now, "said") if facts else memory
    kind = "own_place" if memory.person == MYSELF else "their_place"
    own = {
        str(entity.value)
        for entity in one.entities
        if entity.kind == "region" and says(kind, one.text[: entity.start])
    }
    if len(own) != 1:
        return memory
    here = own.pop()
    # 我在包头昆区: the district, not the city that says where it is.
    inside = [code for code in regions if here in desk.words.ancestors(code)]
    return memory.learn({"region": inside[0] if inside else here}, now, "own")


def _lives_elsewhere(region: str, memory: Memory, now: dt.datetime) -> bool:
    """Whether the same message says 我在… of another place than the one asked about."""
    told = memory.told.get("region")
    here = told is not None and told.how == "own" and told.at == now
    return here and told is not None and told.value != region


def _region_of(one: Understanding, desk: Desk) -> str | None:
    """The area whose document the message names (太行家政: 长治)."""
    named = one.values("document")
    found = [desk.library.document(str(document)) for document in named]
    regions = {one[0].region for one in found if one}
    return regions.pop() if len(regions) == 1 else None
