"""The agencies that a question names, and those that a provision does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from dialogs.reading import says
from knowledge.library import Entry
from knowledge.vocabulary import Vocabulary
from knowledge.words import one_of

# Names that are also ordinary words (教育, 财政) name an agency only with what it is behind them.
_BODY = re.compile("(?:局|委|会|联|厅|部门)$")


def agencies_asked(text: str, words: Vocabulary) -> tuple[str, ...]:
    """The agencies that `text` asks about, by their ids in the vocabulary."""
    if not says("agency", text):
        return ()
    found = (_names(words)[name] for name in _pattern(words).findall(text))
    return tuple(dict.fromkeys(found))


def names_of(entry: Entry, agencies: Sequence[str], words: Vocabulary) -> list[str]:
    """What the provision calls those of `agencies` that it names."""
    of = entry.provision.agencies
    named = [*of.accepts, *of.lead, *of.support] if of is not None else []
    return [name for name in named if (a := words.agency_named(name)) and a.id in agencies]


@cache
def _names(words: Vocabulary) -> dict[str, str]:
    return {
        name: agency.id
        for agency in words.agencies.values()
        for name in (agency.label, *agency.called)
        if _BODY.search(name)
    }


@cache
def _pattern(words: Vocabulary) -> re.Pattern[str]:
    return re.compile(one_of(_names(words)))
