"""What is known of the permit being checked, between turns, and how it is sealed into memory."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass, field
from typing import Protocol

from dialogs.memory import PermitTalk, Recheck

# What is personal is held no longer than this; a check to be tried again is held until it is made.
HELD = dt.timedelta(minutes=10)
RECHECK_FOR = dt.timedelta(hours=1)
CONSENT_FOR = dt.timedelta(minutes=6)  # a request stands for five
_CONSENT_LOOK = dt.timedelta(seconds=10)
_RECHECK_FIRST = dt.timedelta(minutes=1)
_RECHECK_MOST = dt.timedelta(minutes=10)


class Sealing(Protocol):
    """Authenticated encryption, handed in from outside."""

    def seal(self, plain: str, bound_to: str) -> str:
        """`plain`, unreadable but for who knows the key and `bound_to`."""
        ...

    def unseal(self, sealed: str, bound_to: str) -> str | None:
        """What was sealed; None where it cannot be opened."""
        ...


@dataclass(frozen=True)
class Card:
    """What was given of one permit. `own`: by the worker herself, who wants to see her record."""

    number: str | None = field(default=None, repr=False)  # as written; may be a beginning only
    name: str | None = field(default=None, repr=False)
    last4: str | None = field(default=None, repr=False)
    qr: str | None = field(default=None, repr=False)
    consent: str | None = field(default=None, repr=False)  # id of the request for her consent
    own: bool = False

    @property
    def known(self) -> bool:
        """Whether the card names a permit."""
        return self.number is not None or self.qr is not None


@dataclass(frozen=True)
class CardBox:
    """Puts cards into memory and takes them out again, for one conversation."""

    sealing: Sealing
    place: str

    def talk(self, card: Card, waits_for: str, now: dt.datetime) -> PermitTalk:
        """The card as memory may hold it: sealed, and for some minutes."""
        until = now + HELD
        return PermitTalk(self._seal(card, until), waits_for, until)  # type: ignore[arg-type]

    def card(self, talk: PermitTalk | None) -> Card:
        """The card in memory; an empty one where there is none, or none that opens."""
        return (talk and self._open(talk.sealed, talk.until)) or Card()

    def recheck(self, card: Card, now: dt.datetime) -> Recheck:
        """A check to be tried again, first at once: with more patience than the person had."""
        until = now + RECHECK_FOR
        return Recheck(self._seal(card, until), now, until)

    def again(self, recheck: Recheck, now: dt.datetime) -> Recheck:
        """The same after another try in vain: each wait is twice the one before."""
        wait = min(_RECHECK_MOST, _RECHECK_FIRST * 2**recheck.tries)
        return Recheck(recheck.sealed, now + wait, recheck.until, recheck.tries + 1)

    def consent(self, card: Card, now: dt.datetime) -> Recheck:
        """A request for her consent, to be looked at until it has run out."""
        until = now + CONSENT_FOR
        return Recheck(self._seal(card, until), now + _CONSENT_LOOK, until)

    def still_waiting(self, consent: Recheck, now: dt.datetime) -> Recheck:
        """The same after a look in vain."""
        return Recheck(consent.sealed, now + _CONSENT_LOOK, consent.until, consent.tries + 1)

    def to_recheck(self, recheck: Recheck) -> Card | None:
        """The card that is to be checked again."""
        return self._open(recheck.sealed, recheck.until)

    def _seal(self, card: Card, until: dt.datetime) -> str:
        return self.sealing.seal(json.dumps(asdict(card)), self._bound(until))

    def _open(self, sealed: str, until: dt.datetime) -> Card | None:
        plain = self.sealing.unseal(sealed, self._bound(until))
        return None if plain is None else Card(**json.loads(plain))

    def _bound(self, until: dt.datetime) -> str:
        # The end is bound too: nobody who can write memory can make it last longer.
        return f"{self.place}\0{int(until.timestamp())}"
