"""What is asked about a subject (多少钱, 条件, 去哪办 …), by cue words."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import cast

from knowledge.strict_yaml import read
from nlu.understanding import Aspect


@cache
def _cues() -> dict[Aspect, re.Pattern[str]]:
    data = read(Path(__file__).with_name("aspects.yaml")).data
    return {cast(Aspect, name): re.compile("|".join(cues)) for name, cues in data.items()}


def aspects_of(text: str) -> frozenset[Aspect]:
    """The aspects whose cues stand in the normalised `text`."""
    return frozenset(aspect for aspect, cue in _cues().items() if cue.search(text))


def without_cues(text: str) -> str:
    """`text` with every cue taken out: what is left says what the question is about."""
    for cue in _cues().values():
        text = cue.sub(" ", text)
    return text
