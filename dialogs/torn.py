"""One message that tells something both ways: 签了合同，又没签合同.

What is then known is nothing; a word of correction (哦不, 其实, 现在) makes the later one count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from dialogs.reading import says
from knowledge.rules import FactValue, Groups
from nlu.entities import entities_of, facts_of

_CLAUSE = re.compile("[，。；！？、]|又(?=没|不|说|有|签|交)|但是?|其实|不过")


def both_ways(text: str, facts: Mapping[str, FactValue]) -> tuple[dict[str, FactValue], list[str]]:
    """`facts` of the message as they stand, and the names of those told both ways, left out of
    them."""
    parts = [one for one in _CLAUSE.split(text) if one]
    doubtful = any(isinstance(value, bool | Groups) for value in facts.values())  # as in _differ
    if len(parts) < 2 or not doubtful:
        return dict(facts), []
    found = dict(facts)
    torn: list[str] = []
    later: dict[str, FactValue] = {}
    for part in parts:
        for name, value in facts_of(entities_of(part)).items():
            before = later.get(name)
            if before is not None and _differ(before, value):
                torn.append(name)
            later[name] = value
    torn = [name for name in dict.fromkeys(torn) if name in found]
    if says("mends_itself", text):
        return found | {name: later[name] for name in torn}, []
    return {name: value for name, value in found.items() if name not in torn}, torn


def _differ(one: FactValue, other: FactValue) -> bool:
    if isinstance(one, Groups) and isinstance(other, Groups):
        return bool(one.members & other.excluded or one.excluded & other.members)
    # Ages and trades of several people, or of one: all may hold.
    return isinstance(one, bool) and one is not other
