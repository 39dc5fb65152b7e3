"""Keys to `/api/v1` for other programs. Only a key's digest is kept: it is shown once, at the
beginning. A key holds 256 random bits, so a plain digest gives nobody a start."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
from dataclasses import dataclass

from sqlalchemy import DateTime, Engine, Integer, String, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.tables import Base

_PREFIX = "anxin_"
_SHOWN = len(_PREFIX) + 6  # symbols of a key that are kept, to tell keys apart in a list
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_SEEN_EVERY = dt.timedelta(hours=1)  # so that not every request writes


class ApiKeyRow(Base):
    """A key, by the name of the program or office that has it. Rows are never deleted: a name
    stands for one key for good."""

    __tablename__ = "api_key"

    pk: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    shown: Mapped[str] = mapped_column(String(20))
    per_minute: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    last_used_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))


@dataclass(frozen=True)
class ApiKey:
    """A key as it may be shown: `shown` is its beginning. Times are in UTC."""

    name: str
    shown: str
    per_minute: int
    created_at: dt.datetime
    last_used_at: dt.datetime | None
    revoked_at: dt.datetime | None


class NameRefused(ValueError):
    """A key cannot have this name; the text says why."""


def add_key(engine: Engine, name: str, per_minute: int, now: dt.datetime) -> str:
    """A new key that may be used `per_minute` times a minute. Raises `NameRefused`."""
    if not _NAME.fullmatch(name):
        raise NameRefused("a name has 1 to 40 letters, digits, dots, dashes and underscores")
    key = _PREFIX + secrets.token_urlsafe(32)
    row = {
        "name": name,
        "digest": _digest(key),
        "shown": key[:_SHOWN],
        "per_minute": per_minute,
        "created_at": now,
    }
    try:
        with engine.begin() as connection:
            connection.execute(insert(ApiKeyRow).values(row))
    except IntegrityError as error:
        raise NameRefused(f"there is, or was, a key named {name}; choose another name") from error
    return key


def list_keys(engine: Engine) -> list[ApiKey]:
    """All keys, the revoked ones too, oldest first."""
    query = select(ApiKeyRow.__table__).order_by(ApiKeyRow.pk)
    with engine.connect() as connection:
        return [_key(row) for row in connection.execute(query)]


def revoke_key(engine: Engine, name: str, now: dt.datetime) -> bool:
    """End a key, for all processes at once. False where no key in use has this name."""
    ended = (
        update(ApiKeyRow)
        .where(ApiKeyRow.name == name, ApiKeyRow.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    with engine.begin() as connection:
        return connection.execute(ended).rowcount == 1


def find_key(engine: Engine, key: str, now: dt.datetime) -> ApiKey | None:
    """The key in use that `key` is; its use is noted, to the hour."""
    query = select(ApiKeyRow.__table__).where(
        ApiKeyRow.digest == _digest(key), ApiKeyRow.revoked_at.is_(None)
    )
    with engine.connect() as connection:
        row = connection.execute(query).first()
    if row is None:
        return None
    found = _key(row)
    if found.last_used_at is None or now - found.last_used_at > _SEEN_EVERY:
        seen = update(ApiKeyRow).where(ApiKeyRow.name == found.name).values(last_used_at=now)
        with engine.begin() as connection:
            connection.execute(seen)
    return found


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _key(row: object) -> ApiKey:
    fields = {name: getattr(row, name) for name in ApiKey.__annotations__}
    for name, value in fields.items():
        if isinstance(value, dt.datetime) and value.tzinfo is None:
            fields[name] = value.replace(tzinfo=dt.UTC)  # SQLite gives it back without its zone
    return ApiKey(**fields)
