"""Canned answers: what staff say often, kept ready, with variables. Retired, never deleted."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, DateTime, String, Text, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from bot.conversations.rows import utc
from bot.redact import redact
from knowledge.strict_yaml import read
from knowledge.tables import Base

MOST_TITLE, MOST_TEXT = 40, 1000  # characters
VARIABLES = ("name", "region", "topic", "date")
BLANK = "＿＿"  # where a variable has no value: whoever answers fills it in
_VARIABLE = re.compile(r"\{([^{}]*)\}")


class CannedRow(Base):
    """A canned answer; the lowest position comes first."""

    __tablename__ = "canned_answer"

    pk: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(MOST_TITLE), unique=True)
    text: Mapped[str] = mapped_column(Text)
    position: Mapped[int]
    retired_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))


@dataclass(frozen=True)
class Canned:
    """A canned answer with its variables unfilled."""

    pk: int
    title: str
    text: str
    retired_at: dt.datetime | None


class CannedError(Exception):
    """The answer cannot be kept like this; `code` is a key of wording.yaml's `error`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def seed(connection: Connection) -> None:
    """Put the answers of canned.yaml where there have never been any."""
    if connection.execute(select(func.count()).select_from(CannedRow)).scalar_one():
        return
    upsert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    rows = [entry | {"position": place} for place, entry in enumerate(_seeds(), 1)]
    connection.execute(upsert(CannedRow).on_conflict_do_nothing(), rows)


def listed(connection: Connection, *, retired: bool = False) -> list[Canned]:
    """The answers in use (or the retired ones), in their order."""
    is_retired = CannedRow.retired_at.is_not(None)
    rows = connection.execute(
        select(CannedRow.pk, CannedRow.title, CannedRow.text, CannedRow.retired_at)
        .where(is_retired if retired else ~is_retired)
        .order_by(CannedRow.position, CannedRow.pk)
    )
    return [
        Canned(row.pk, row.title, row.text, row.retired_at and utc(row.retired_at)) for row in rows
    ]


def find(connection: Connection, pk: int) -> Canned | None:
    """A canned answer by its number."""
    every = [*listed(connection), *listed(connection, retired=True)]
    return next((canned for canned in every if canned.pk == pk), None)


def add(connection: Connection, title: str, text: str) -> int:
    """Add an answer at the end; its number. Raises CannedError."""
    title, text = _checked(connection, title, text, None)
    last = connection.execute(select(func.max(CannedRow.position))).scalar() or 0
    return connection.execute(
        insert(CannedRow).values(title=title, text=text, position=last + 1).returning(CannedRow.pk)
    ).scalar_one()


def change(connection: Connection, pk: int, title: str, text: str) -> None:
    """Give an answer another title and text. Raises CannedError."""
    title, text = _checked(connection, title, text, pk)
    connection.execute(update(CannedRow).where(CannedRow.pk == pk).values(title=title, text=text))


def move(connection: Connection, pk: int, *, up: bool) -> None:
    """Put an answer one place up or down among those in use."""
    order = [canned.pk for canned in listed(connection)]
    if pk not in order:
        return
    place = order.index(pk)
    other = place - 1 if up else place + 1
    if 0 <= other < len(order):
        order[place], order[other] = order[other], order[place]
    for position, key in enumerate(order, 1):
        connection.execute(update(CannedRow).where(CannedRow.pk == key).values(position=position))


def retire(connection: Connection, pk: int, at: dt.datetime | None) -> None:
    """Take an answer out of use; back into it with None."""
    connection.execute(update(CannedRow).where(CannedRow.pk == pk).values(retired_at=at))


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables filled in; what has no value is a blank to be filled by hand."""
    return _VARIABLE.sub(lambda found: values.get(found[1]) or BLANK, text)


def _checked(connection: Connection, title: str, text: str, own: int | None) -> tuple[str, str]:
    title, text = title.strip(), text.strip().replace("\r\n", "\n")
    if not 1 <= len(title) <= MOST_TITLE or not title.isprintable():
        raise CannedError("canned_title")
    if not 1 <= len(text) <= MOST_TEXT:
        raise CannedError("canned_text")
    if set(_VARIABLE.findall(text)) - set(VARIABLES):
        raise CannedError("canned_variable")
    if redact(text, offices=True) != text:
        raise CannedError("personal")
    taken = select(CannedRow.pk).where(CannedRow.title == title, CannedRow.pk != (own or 0))
    if connection.execute(taken).first():
        raise CannedError("canned_taken")
    return title, text


@cache
def _seeds() -> list[dict[str, str]]:
    data: Any = read(Path(__file__).with_name("canned.yaml")).data
    return [{"title": entry["title"], "text": entry["text"]} for entry in data]
