"""What every answer is made with, and which areas it can speak of."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from dialogs.composer import Composer
from dialogs.reply import Option
from dialogs.wording import listed, say
from knowledge.library import Library
from knowledge.vocabulary import Vocabulary

# So many areas can be told side by side; of more, the person is asked for hers first.
MOST_AREAS = 12
# Taiwan, Hong Kong and Macau have no 12333 and 12345.
_NO_HOTLINES = frozenset(("71", "81", "82"))


@dataclass(frozen=True)
class Desk:
    """What a policy answer is made with; nothing here keeps state between questions."""

    library: Library
    words: Vocabulary
    today: dt.date

    def composer(self, as_of: dt.date) -> Composer:
        """What puts an answer of that day together."""
        return Composer(self.words, self.library, as_of, self.today)


def outside(region: str, words: Vocabulary) -> str:
    """That there is no document of `region`, and whom to ask there. The hotlines are the
    mainland's."""
    kind = "outside_mainland" if region[:2] in _NO_HOTLINES else "outside"
    return say(f"region.{kind}", asked=words.regions[region].label)


def covered(desk: Desk) -> str:
    """The names of the areas the library has documents of."""
    regions = desk.library.regions()
    names = listed([desk.words.regions[code].label for code in regions[:MOST_AREAS]])
    return names if len(regions) <= MOST_AREAS else say("region.many", names=names)


def places(desk: Desk) -> tuple[Option, ...]:
    """Those areas, or the first of many, as options to tap."""
    names = [desk.words.regions[code].short for code in desk.library.regions()[:MOST_AREAS]]
    return tuple(Option(name, name) for name in names)
