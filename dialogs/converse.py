"""One message in, one reply and the new memory out. No I/O but through what it is handed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from dialogs.asked_back import late
from dialogs.desk import Desk
from dialogs.gloss import glossed
from dialogs.handoff import Staffing
from dialogs.memory import Memory
from dialogs.permits.checks import Permits
from dialogs.reading import only_answers, says
from dialogs.reply import Message, Reply, Status
from dialogs.talking import talk
from dialogs.turn import Turn
from dialogs.wording import say, spoken_date
from knowledge.library import Library
from knowledge.standing import china_day
from knowledge.vocabulary import Vocabulary
from nlu.normalise import has_chinese, has_words, normalise
from nlu.understanding import Understanding


@dataclass(frozen=True)
class Conversation:
    """Everything a conversation is handed: the library, understanding, the clock, the limits."""

    library: Library
    words: Vocabulary
    understand: Callable[[str], list[Understanding]]
    now: Callable[[], dt.datetime]
    max_chars: int = 2000
    permits: Permits | None = None  # None: checking permits is not connected, and said so
    # Whether a person could take over a conversation of a channel now.
    staffing: Callable[[str], Staffing] = lambda _channel: Staffing()

    def converse(
        self, message: Message, memory: Memory, as_of: dt.date | None = None
    ) -> tuple[Reply, Memory]:
        """Answer `message`. `as_of` asks for another day's answer; default is today in China."""
        now = self.now()
        today = china_day(now)
        day = as_of or today
        library = self.library.pinned()
        photo_alone = message.images and not message.text.strip()
        refusal = None if photo_alone else self._unusable(message.text, day, library)
        if refusal is not None:
            return replace(refusal, options=memory.options), memory
        desk = Desk(library, self.words, today)
        staffing = partial(self.staffing, message.channel)
        turn = Turn(self.understand, desk, day, now, self.permits, staffing)
        fresh = memory.fresh(now)
        if memory.pending and fresh.pending is None and only_answers(normalise(message.text)):
            return late(memory, fresh, now, self.words)
        reply, memory = turn.answer(message, fresh)
        release = library.release()
        return replace(glossed(reply), release=release.id if release else None), memory

    def _unusable(self, text: str, day: dt.date, library: Library) -> Reply | None:
        """The reply to a message that holds no question we could read; None if it may."""
        if not text.strip():
            return talk(Status.REFUSED, say("input.empty"))
        if len(text) > self.max_chars:
            return talk(
                Status.REFUSED, say("input.too_long", length=len(text), limit=self.max_chars)
            )
        if not has_words(text):
            return talk(Status.REFUSED, say("input.unreadable"))
        if not has_chinese(text) and not any(c.isdigit() for c in text) and not _answers(text):
            return talk(Status.REFUSED, say("input.foreign"))
        first = library.first_day()
        if first is not None and day < first:
            return talk(
                Status.NOT_COVERED,
                say("input.before_all", date=spoken_date(day), first=spoken_date(first)),
            )
        return None


def _answers(text: str) -> bool:
    """Whether the text is one of the foreign words that everybody answers with (OK)."""
    plain = normalise(text).lower()
    return says("agrees", plain) or says("denies", plain)
