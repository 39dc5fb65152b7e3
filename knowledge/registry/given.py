"""What somebody gives to have a permit checked, and which permit that names.

A photograph or the text of a QR goes before a number. Nothing given is believed for its form: a
number is read with its check digit, a QR with its signature.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from uuid import UUID

from knowledge.registry import permit_number, qr
from knowledge.registry.contract import Factor, Purpose
from knowledge.registry.outcome import Outcome, Verdict
from knowledge.registry.permit_number import BadNumber, PermitNumber
from knowledge.registry.signing import BadToken, KeySet
from knowledge.registry.wire import Unavailable

_LAST4 = re.compile(r"[0-9]{3}[0-9X]", re.ASCII)


@dataclass(frozen=True)
class Check:
    """What somebody gave to have a permit checked.

    `request_id` names this attempt, best derived from the message's id: the same again is one
    request to the registry and one entry in the record, also after a crash. `number` is the text as
    written, alone or within a sentence.
    """

    request_id: UUID
    asker: str = field(repr=False)
    conversation: str = field(repr=False)
    number: str | None = field(default=None, repr=False)
    full_name: str | None = field(default=None, repr=False)
    id_last4: str | None = field(default=None, repr=False)
    photo: bytes | None = field(default=None, repr=False)
    qr_text: str | None = field(default=None, repr=False)
    consent_token: str | None = field(default=None, repr=False)
    purpose: Purpose = Purpose.PRE_HIRE
    wants_details: bool = False
    patient: bool = False  # nobody waits for the answer: a slow registry may take its time

    @property
    def by_number(self) -> bool:
        """Whether the permit is named by its number alone."""
        return self.photo is None and self.qr_text is None


@dataclass(frozen=True)
class Target:
    """The permit asked for: its number, and its QR's token where one was given."""

    number: PermitNumber
    token: str | None = None
    card: qr.QrPermit | None = None


class Ended(Exception):
    """The check ends here, with this outcome and what belongs to it (fields of `Verdict`)."""

    def __init__(self, outcome: Outcome, **fields: object) -> None:
        super().__init__(outcome.name)
        self._outcome = outcome
        self._fields = fields

    def verdict(self, now: float) -> Verdict:
        """The verdict it ends with."""
        return replace(Verdict(self._outcome, now), **self._fields)  # type: ignore[arg-type]


def demand(check: Check) -> None:
    """A name alone finds nobody, and a number alone tells nothing: neither is asked for, and
    neither is counted. Raises `Ended`."""
    if not check.by_number:
        return
    if not check.number:
        raise Ended(Outcome.NOT_CONFIRMED, needs=("number",))
    if factor_of(check) is None and check.consent_token is None:
        try:
            permit_number.read(check.number)
        except BadNumber:
            return  # said, and counted, further on
        raise Ended(Outcome.NOT_CONFIRMED, needs=("factor",))


def factor_of(check: Check) -> Factor | None:
    """The second factor, where what was given has the form of one."""
    name = (check.full_name or "").strip()
    last4 = unicodedata.normalize("NFKC", check.id_last4 or "").strip().upper()
    fits = _LAST4.fullmatch(last4)
    name_given = name if 2 <= len(name) <= 40 else None
    if name_given is None and not fits:
        return None
    return Factor(full_name=name_given, id_last4=last4 if fits else None)


def target_of(
    check: Check, qr_hosts: frozenset[str], keys: Callable[[bool], KeySet], now: float
) -> Target:
    """The permit that is named. `keys` gives the registry's, newer ones where it is handed True.
    Raises `Ended`."""
    if check.by_number:
        try:
            return Target(permit_number.read(check.number or ""))
        except BadNumber as bad:
            raise Ended(
                Outcome.BAD_NUMBER, number_fault=bad.fault, number_position=bad.position
            ) from bad
    text = check.qr_text or _in_photo(check)
    try:
        token = qr.token_in(text, qr_hosts)
        card = _genuine(token, keys, now)
    except BadToken as bad:
        raise Ended(Outcome.BAD_QR) from bad
    except Unavailable as error:
        raise Ended(Outcome.UNAVAILABLE) from error
    return Target(card.number, token, card)


def _in_photo(check: Check) -> str:
    try:
        return qr.read_photo(check.photo or b"")
    except qr.UnreadablePhoto as error:
        raise Ended(Outcome.UNREADABLE_PHOTO, photo_fault=error.why) from error


def _genuine(token: str, keys: Callable[[bool], KeySet], now: float) -> qr.QrPermit:
    try:
        return qr.check(token, keys(False), now)
    except BadToken as bad:
        if not bad.unknown_key:
            raise
    return qr.check(token, keys(True), now)
