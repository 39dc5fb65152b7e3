"""不对，我签的是服务协议: what somebody told, or answered, taken back and put right.

A correction may come behind any later question of ours, so each fact that is known is held against
what is said now, the latest first.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from dialogs.interview import role_of
from dialogs.memory import Memory
from dialogs.reading import DONT_KNOW, answer_to, only_answers, says, without_correction
from knowledge.rules import FactValue
from knowledge.vocabulary import Vocabulary
from nlu.understanding import Understanding

# What is heard of these is learned as it is told; they are no answer to a question with options.
_TOLD = frozenset(("region", "role", "groups", "occupation"))
# A number and a bare yes or no say nothing of which fact they are meant for.
_LATEST_ALONE = frozenset(("number",))


def put_right(
    one: Understanding, memory: Memory, words: Vocabulary, now: dt.datetime
) -> Memory | None:
    """The memory with what the message takes back; None where it takes nothing back."""
    if not says("correction", one.text):
        return None
    said = replace(one, text=without_correction(one.text))
    bare = only_answers(said.text)
    if bare and not says("mistaken", one.text):
        return None  # 不是，没有 answers what is asked now
    changed: dict[str, FactValue] = {}
    for name, told in reversed(tuple(memory.told.items())):
        fact = words.facts.get(name)
        if fact is None or name in _TOLD:
            continue
        value = answer_to(fact, said, frozenset(), role_of(memory))
        if value is None or value is DONT_KNOW or value == told.value:
            continue
        changed[name] = value  # type: ignore[assignment]  # told apart from DONT_KNOW above
        if bare or fact.type in _LATEST_ALONE:
            break
    changed |= {
        name: value
        for name, value in one.facts.items()
        if name in memory.told and memory.told[name].value != value
    }
    return memory.learn(changed, now, "said") if changed else None
