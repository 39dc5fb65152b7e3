"""What is meant by pointing at something that was offered: 第一个多少钱, or a part of its name."""

from __future__ import annotations

import re

from dialogs.follow_up import rest_of
from dialogs.reply import Option
from knowledge.numbers import numbers_in
from nlu.normalise import normalise
from nlu.understanding import Understanding

_POINTED = re.compile(
    r"^(?:那么?)?第(\d{1,2}|[一二三四五六七八九十])(?:个|项|种|条|样)(?:的)?(.{2,20})$"
)
# So many characters name a topic: 社保 of 社保补贴.
_NAMING = 2


def pointed_out(text: str, options: tuple[Option, ...]) -> str | None:
    """第一个多少钱 as a question of its own (长治多少钱); None where nothing is pointed at."""
    match = _POINTED.match(text)
    if match is None or not options:
        return None
    number = int(numbers_in(match.group(1))[0])
    if not 1 <= number <= len(options):
        return None
    return options[number - 1].send + match.group(2)


def chosen_topic(one: Understanding, options: tuple[Option, ...]) -> str | None:
    """The label of the one option that was said, whole or in part."""
    for option in options:
        if one.text == normalise(option.label):
            return option.label
    said = rest_of(one)
    found = [option.label for option in options if len(said) >= _NAMING and said in option.label]
    return found[0] if len(found) == 1 else None
