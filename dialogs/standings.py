"""What a document is worth, in plain words. No answer leaves it out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from dialogs.wording import say, spoken_date
from knowledge.schema import Document
from knowledge.standing import Standing, standing


def standing_sentence(
    documents: Sequence[Document], as_of: dt.date, names: str | None = None
) -> str:
    """The standing that `documents` share, in plain words; `names` stands in for their names."""
    document = documents[0]
    worth = standing(document, as_of)
    key = worth.value
    if (
        worth is Standing.REPEALED
        and document.repeal is not None
        and document.repeal.on is not None
    ):
        key = "repealed_dated"
    issued = (
        say("standing.issued", date=spoken_date(document.issued_on))
        if document.issued_on
        else say("standing.issued_unknown")
    )
    return say(
        f"standing.{key}",
        names="".join(f"《{one.name}》" for one in documents) if names is None else names,
        issued=issued,
        verified=spoken_date(document.last_verified_on),
        until=f"{document.plan_period.until.year}年" if document.plan_period else "",
        expires=spoken_date(document.expires_on) if document.expires_on else "",
        on=spoken_date(document.repeal.on) if document.repeal and document.repeal.on else "",
    )
