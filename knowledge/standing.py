"""Whether a document still counts, on a given day.

The closed list of DESIGN section 3. A standing is computed from dated facts, never stored, so that
the same question asked of another day gets that day's answer.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from knowledge.schema import Document, Provision


class Standing(StrEnum):
    """What a document is worth on a day. The value is the stable name used in APIs."""

    IN_FORCE = "in_force"
    TARGET_PERIOD_ENDED = "target_period_ended"
    EXPIRED = "expired"
    REPEALED = "repealed"
    NEWS_REPORT = "news_report"
    SECONDARY = "secondary"
    DRAFT = "draft"


def exists(document: Document, as_of: dt.date) -> bool:
    """Whether the document had been issued, and had come into effect, by `as_of`.

    Without a date it cannot be excluded.
    """
    return all(day is None or day <= as_of for day in (document.issued_on, document.effective_on))


def standing(document: Document, as_of: dt.date) -> Standing:
    """The standing of `document` on `as_of`.

    A repeal without a date counts on every day: nobody can say when it stopped, so no day may be
    promised (`knowledge/documents/kundulun`). A plan's years count to their last day.
    """
    if document.form == "news_report":
        return Standing.NEWS_REPORT
    if document.repeal is not None and (document.repeal.on is None or document.repeal.on <= as_of):
        return Standing.REPEALED
    if document.expires_on is not None and document.expires_on < as_of:
        return Standing.EXPIRED
    if document.plan_period is not None and document.plan_period.until < as_of:
        return Standing.TARGET_PERIOD_ENDED
    return Standing.IN_FORCE


def applies(provision: Provision, as_of: dt.date) -> bool:
    """Whether the provision's own dates, where the clause gives any, include `as_of`."""
    since, until = provision.valid_from, provision.valid_until
    return (since is None or since <= as_of) and (until is None or as_of <= until)


CHINA = dt.timezone(dt.timedelta(hours=8))


def china_day(now: dt.datetime) -> dt.date:
    """The Beijing calendar day of an aware `now`; policy dates are Beijing days."""
    return now.astimezone(CHINA).date()
