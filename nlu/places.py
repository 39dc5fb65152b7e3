"""A text without the places that it is asked of: what is asked does not depend on where.

In front of a short question a place's name weighs as much as the question (广州学几天), and its
last character makes words with what follows (长|治学). A place that somebody only comes from stays:
who is asked about may depend on it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

from knowledge.vocabulary import vocabulary
from knowledge.words import one_of
from nlu.entities import entities_of
from nlu.training_data import Example, TrainingData

# What goes with the place: 请问在…, 我是…人，, …这边，.
_BEFORE = re.compile(
    r"(?:^|(?<=[，。？！、]))(?:请问)?(?:我们?|俺|咱们?)?(?:(?:现在)?人?住?在|是)?$"
)
_BEHIND = re.compile(r"^(?:市|这边|那边|这里|这儿|人(?=[，、]))?(?:的?[。！？]?$|的?[，、]|)")
# 长治呢, 那广州的: nothing is left but what joins.
_JOINING = re.compile(r"[，。？！、 那的呢吗]")
_LEAST = 2


def placeless(data: TrainingData) -> TrainingData:
    """The examples without their places, each text once."""
    examples: dict[str, Example] = {}
    for example in data.examples:
        text = without_places(example.text)
        examples.setdefault(text, replace(example, text=text))
    return TrainingData(tuple(examples.values()), data.patterns)


def without_places(text: str) -> str:
    """`text` (normalised) without the places asked about, unless they are all there is."""
    if not _names().search(text):
        return text
    rest = text
    for entity in reversed(entities_of(text)):
        asked = entity.kind == "region" and not entity.origin
        if asked and not _longer().match(rest, entity.start):
            before = _BEFORE.sub("", rest[: entity.start])
            rest = before + _BEHIND.sub("", rest[entity.end :], count=1)
    rest = rest.strip("，、 ")
    return rest if len(_JOINING.sub("", rest)) >= _LEAST else text


@cache
def _longer() -> re.Pattern[str]:
    """What is called by a place's name and more: 长治好工作."""
    topics = vocabulary().topics.values()
    return re.compile(one_of(n for topic in topics for n in topic.called if _names().match(n)))


@cache
def _names() -> re.Pattern[str]:
    regions = vocabulary().regions.values()
    return re.compile(one_of(name for region in regions for name in region.called))
