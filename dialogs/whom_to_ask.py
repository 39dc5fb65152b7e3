"""Whose rules hold where somebody is, and which number rings there."""

from __future__ import annotations

from dialogs.desk import Desk, outside
from dialogs.joining import joined
from dialogs.memory import Memory
from dialogs.reading import says
from dialogs.reply import Reply, Status
from dialogs.talking import talk
from dialogs.wording import say
from nlu.understanding import Understanding


def borrows(one: Understanding, memory: Memory, desk: Desk) -> Reply | None:
    """To somebody who would take another place's rules for her own: 那广州的能参考吗."""
    named = one.values("region")
    if memory.region is None or len(named) != 1 or not says("borrows", one.text):
        return None
    words = desk.words
    if memory.region in words.descendants(str(named[0])):
        return None  # a wider area's rules do hold
    name, asked = words.regions[str(named[0])].label, words.regions[memory.region].label
    first = talk(
        Status.NOT_COVERED, say("region.not_elsewhere", name=name, asked=asked), one.intent
    )
    return joined([first, talk(Status.NOT_COVERED, number_to_ring(memory, desk))], [])


def number_to_ring(memory: Memory, desk: Desk) -> str:
    """Which number to ring where she is, as far as that is known."""
    words = desk.words
    if memory.region is None:
        return say("office.hotline_alone")
    if not desk.library.documents(words.ancestors(memory.region)):
        return outside(memory.region, words)
    return say("region.phone", asked=words.regions[memory.region].label)
