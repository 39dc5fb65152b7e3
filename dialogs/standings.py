"""What a document is worth, in plain words. No answer leaves it out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from dialogs.wording import say, spoken_date
from knowledge.schema import Document
from knowledge.standing import Standing, standing


def standing_sentence(documents: Sequence[Document], as_of: dt.date, names: str = "") -> str:
    """The standing that `documents` share, in plain words; `names` leads it where there are more
    documents than these to tell apart."""
    document = documents[0]
    period, repeal = document.plan_period, document.repeal
    issued = (
        say("standing.issued", date=spoken_date(document.issued_on))
        if document.issued_on
        else say("standing.issued_unknown")
    )
    return say(
        f"standing.{_sentence(document, as_of)}",
        names=names,
        issued=issued,
        verified=spoken_date(document.last_verified_on),
        until=f"{period.until.year}年" if period else "",
        of=f"《{period.of}》" if period else "",
        expires=spoken_date(document.expires_on) if document.expires_on else "",
        on=spoken_date(repeal.on) if repeal and repeal.on else "",
    )


def _sentence(document: Document, as_of: dt.date) -> str:
    """Which sentence of the wording says what the document is worth."""
    worth, repeal = standing(document, as_of), document.repeal
    if repeal is not None and repeal.on is not None:
        if worth is Standing.REPEALED:
            return "repealed_dated"
        if worth is Standing.IN_FORCE:
            return "repealed_later"
    if worth is Standing.TARGET_PERIOD_ENDED and document.plan_period and document.plan_period.of:
        return "years_of_another"
    return worth.value


def repealed_by_now(document: Document, as_of: dt.date, today: dt.date) -> bool:
    """Whether nobody can say if the document still held on `as_of`: it has been repealed since, or
    before, on a day that is not given."""
    return document.repeal is not None and document.repeal.on is None and as_of < today
