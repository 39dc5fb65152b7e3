"""How a message bears on what was said before: a follow-up, something told, or neither."""

from __future__ import annotations

from dialogs.reading import says, without_mending
from nlu.aspects import without_cues
from nlu.split import is_question
from nlu.understanding import Understanding

# Words that may stand in a follow-up beside what is new in it.
_FILLER = frozenset(
    "那呢吧吗啊呀的了嘛咧喔哦呐在我们这边个请问想一下现在就是如果换成改比说又还不对错要也什么啥"
    "？。，！ "
)
# What is told of a person.
_OF_HER = frozenset(("fact", "region", "third_person", "age", "group", "not_group"))


def rest_of(one: Understanding) -> str:
    """What is left of the message without cues, names and filler."""
    rest = without_cues(without_mending(one.text))
    for entity in one.entities:
        rest = rest.replace(entity.text, "")
    return "".join(char for char in rest if char not in _FILLER)


def without_regions(one: Understanding) -> str:
    """The text without the places it names."""
    text = one.text
    for entity in one.entities:
        text = text.replace(entity.text, "") if entity.kind == "region" else text
    return text


def asks(one: Understanding) -> bool:
    """Whether anything is asked at all."""
    return says("asks", one.text) or is_question(one.text)


def is_follow_up(one: Understanding) -> bool:
    """Whether the message only changes one thing about the last question."""
    if says("myself", one.text):
        return True
    new = bool(one.entities or one.aspects) or says("correction", one.text)
    return new and len(rest_of(one)) <= 1


def only_tells(one: Understanding) -> bool:
    """Whether the message tells something about the person and asks nothing."""
    tells = bool(one.facts or one.values("region") or one.values("third_person"))
    return tells and not one.aspects and len(rest_of(one)) <= 1


def only_facts(one: Understanding) -> bool:
    """Whether the message tells facts of the person and nothing that may be asked about: 没签合同,
    not 高级的呢."""
    kinds = {entity.kind for entity in one.entities}
    told = bool(kinds) and kinds <= _OF_HER
    return told and not one.aspects and not asks(one)


def adds_nothing(one: Understanding) -> bool:
    """Whether little is said beside what points back (刚才那个)."""
    return len(rest_of(one)) <= 6 and not one.values("region")


def is_short(one: Understanding) -> bool:
    """Whether the message is short enough to be nothing but an answer."""
    return len(one.text) <= 12
