"""The thirteen outcomes a person can see, and how an answer becomes one of them.

Code decides, from validated fields only, and every doubt falls to the side of no verdict.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from enum import IntEnum

from knowledge.registry.contract import (
    Components,
    ComponentState,
    ListEntry,
    ListKind,
    Match,
    PermitBlock,
    Reason,
    Source,
    Star,
    Status,
    Verification,
    day_in_china,
)
from knowledge.registry.permit_number import Fault


class Outcome(IntEnum):
    """Numbered as in the requirements; a person sees exactly one."""

    VALID = 1  # valid, and the person given matches
    COMPONENT_LAPSED = 2  # valid, but a check-up, training or insurance is due, over or missing
    PERSON_NOT_CHECKED = 3  # valid by its QR; whose it is was not checked
    DETAILS_NOT_AUTHORISED = 4  # valid; the details asked for need the worker's consent
    EXPIRED = 5
    SUSPENDED = 6
    REVOKED = 7
    NOT_CONFIRMED = 8  # one and the same for every reason
    BAD_NUMBER = 9
    BAD_QR = 10
    UNAVAILABLE = 11
    TOO_MANY = 12
    UNREADABLE_PHOTO = 13


# The outcomes that say the permit holds.
POSITIVE = frozenset(
    {
        Outcome.VALID,
        Outcome.COMPONENT_LAPSED,
        Outcome.PERSON_NOT_CHECKED,
        Outcome.DETAILS_NOT_AUTHORISED,
    }
)


class Unsound(Exception):
    """An answer that contradicts itself or the question: nothing can be said from it."""


@dataclass(frozen=True)
class Verdict:
    """What is known after a check, and nothing personal beyond what may be shown.

    `code` is a short mark under which staff find the check again; `resets_at` (Unix seconds) is
    given with `TOO_MANY`; `lapsed` names the components behind `COMPONENT_LAPSED`.
    """

    outcome: Outcome
    checked_at: float
    code: str = ""
    source: Source | None = None
    source_as_of: dt.datetime | None = None
    permit: PermitBlock | None = None
    components: Components | None = None
    lapsed: tuple[str, ...] = ()
    star: Star | None = None
    lists: tuple[ListEntry, ...] = ()
    reason: Reason | None = None
    number_fault: Fault | None = None
    number_position: int | None = None
    needs: tuple[str, ...] = ()  # what to give next: number, factor
    photo_fault: str | None = None  # none, several, not_an_image
    resets_at: float | None = None

    @property
    def positive(self) -> bool:
        """Whether the permit holds; a green mark needs this and no black list entry."""
        return self.outcome in POSITIVE

    @property
    def black_listed(self) -> bool:
        """Whether the worker is on a list of broken trust."""
        return any(entry.kind is ListKind.BLACK for entry in self.lists)

    @property
    def retry_later(self) -> bool:
        """Whether the same check may well succeed in a little while."""
        return self.outcome is Outcome.UNAVAILABLE


@dataclass(frozen=True)
class Asked:
    """What of the question matters for judging the answer."""

    by_qr: bool
    with_factor: bool
    with_consent: bool
    wants_details: bool = False
    qr_expires_at: float | None = None


def judge(answer: Verification, asked: Asked, now: float) -> Verdict:
    """The verdict on a validated answer at `now` (Unix seconds). Raises `Unsound`."""
    if answer.status is Status.UNVERIFIED or answer.permit is None:
        return Verdict(Outcome.NOT_CONFIRMED, now)
    _check_disclosure(answer, asked)
    today = day_in_china(now)
    permit = answer.permit
    if permit.issued_on > today or permit.expires_on < permit.issued_on:
        raise Unsound("impossible dates")
    known = Verdict(
        Outcome.REVOKED,
        now,
        source=answer.source,
        source_as_of=answer.source_as_of,
        permit=permit,
        reason=answer.reason_code,
    )
    if answer.status is Status.REVOKED:
        return known
    run_out = asked.qr_expires_at is not None and asked.qr_expires_at <= now
    if answer.status is Status.EXPIRED or permit.expires_on < today or run_out:
        return replace(known, outcome=Outcome.EXPIRED)
    if answer.status is Status.SUSPENDED:
        return replace(known, outcome=Outcome.SUSPENDED)
    lapsed = _lapsed(answer.components, f"{today:%Y-%m}")
    return replace(
        known,
        outcome=_valid_outcome(answer, asked, lapsed),
        components=answer.components,
        lapsed=lapsed,
        star=answer.star,
        lists=tuple(answer.lists or ()),
    )


def _valid_outcome(answer: Verification, asked: Asked, lapsed: tuple[str, ...]) -> Outcome:
    if lapsed:
        return Outcome.COMPONENT_LAPSED
    if answer.match is not Match.FULL:
        return Outcome.PERSON_NOT_CHECKED
    if asked.wants_details and not _any_authorised(answer.components):
        return Outcome.DETAILS_NOT_AUTHORISED
    return Outcome.VALID


def _check_disclosure(answer: Verification, asked: Asked) -> None:
    """An answer that tells more than the question earns is another question's answer."""
    if answer.match is Match.FULL:
        if not (asked.with_factor or asked.with_consent):
            raise Unsound("a match nobody asked for")
    elif not asked.by_qr or asked.with_factor:
        raise Unsound("a status although the person was not matched")
    detail = (answer.components, answer.star, answer.lists)
    if any(part is not None for part in detail) and not asked.with_consent:
        raise Unsound("details without consent")


def _lapsed(components: Components | None, month: str) -> tuple[str, ...]:
    """The components not in order in `month` (YYYY-MM); an OK whose month is over is not."""
    if components is None:
        return ()
    return tuple(
        name
        for name, component in components
        if component.state is not ComponentState.NOT_AUTHORISED
        and (
            component.state is not ComponentState.OK
            or (component.expires_month is not None and component.expires_month < month)
        )
    )


def _any_authorised(components: Components | None) -> bool:
    return components is not None and any(
        component.state is not ComponentState.NOT_AUTHORISED for _name, component in components
    )
