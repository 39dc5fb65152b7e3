"""The access token, one for all processes: fetched by one of them, read by the others.

`stable_token` gives the same token to whoever asks while it holds, so that processes cannot make
each other's tokens invalid, as they do with the older call.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import anyio
import anyio.to_thread
from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.conversations.rows import utc
from bot.sealing import Seal
from bot.wechat.tables import TokenRow, writing

# The platform renews five minutes early; until then the old token and the new one both work.
EARLY = dt.timedelta(minutes=5)
LEASE = dt.timedelta(seconds=15)
# A forced refresh: 20 a day and 30 s apart at most.
FORCED_APART = dt.timedelta(minutes=2)
_POLL_S = 0.05
_LONG_AGO = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)

# Asks the platform: whether to force it → the token and how many seconds it holds.
Fetch = Callable[[bool], Awaitable[tuple[str, int]]]


@dataclass(frozen=True)
class Tokens:
    """The token of one account, in the database."""

    engine: Engine
    seal: Seal
    app_id: str
    now: Callable[[], dt.datetime]
    fetch: Fetch

    async def get(self, stale: str | None = None) -> str:
        """A token that holds. `stale` is one that the platform has just refused. Raises what
        `fetch` raises."""
        while True:
            known, lease = await anyio.to_thread.run_sync(self._look, stale)
            if known is not None:
                return known
            if lease:
                return await self._renew(stale)
            await anyio.sleep(_POLL_S)  # another process is fetching it

    async def _renew(self, stale: str | None) -> str:
        try:
            token, holds_s = await self.fetch(False)
            if token == stale and await anyio.to_thread.run_sync(self._may_force):
                token, holds_s = await self.fetch(True)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._end_lease)
            raise
        await anyio.to_thread.run_sync(partial(self._keep, token, holds_s))
        return token

    def _look(self, stale: str | None) -> tuple[str | None, bool]:
        """The token that is kept, if it holds; else whether the lease is ours."""
        now = self.now()
        with self.engine.connect() as connection:
            known = self._kept(connection, now, stale)
        if known is not None:
            return known, False
        with writing(self.engine) as connection:
            upsert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            connection.execute(
                upsert(TokenRow)
                .values(
                    app_id=self.app_id,
                    sealed="",
                    expires_at=_LONG_AGO,
                    leased_until=_LONG_AGO,
                    forced_at=_LONG_AGO,
                )
                .on_conflict_do_nothing()
            )
            leased = connection.execute(
                update(TokenRow)
                .where(TokenRow.app_id == self.app_id, TokenRow.leased_until <= now)
                .values(leased_until=now + LEASE)
            )
            if leased.rowcount != 1:
                return None, False
            # Between the two looks another process may have brought it.
            known = self._kept(connection, now, stale)
            if known is not None:
                self._set(connection, leased_until=_LONG_AGO)
            return known, known is None

    def _kept(self, connection: Connection, now: dt.datetime, stale: str | None) -> str | None:
        row = connection.execute(
            select(TokenRow.sealed, TokenRow.expires_at).where(TokenRow.app_id == self.app_id)
        ).one_or_none()
        if row is None or utc(row.expires_at) - EARLY <= now:
            return None
        token = self.seal.unseal(row.sealed, self._place)
        return None if token == stale else token

    def _may_force(self) -> bool:
        now = self.now()
        with self.engine.begin() as connection:
            forced = connection.execute(
                update(TokenRow)
                .where(TokenRow.app_id == self.app_id, TokenRow.forced_at <= now - FORCED_APART)
                .values(forced_at=now)
            )
            return forced.rowcount == 1

    def _keep(self, token: str, holds_s: int) -> None:
        with writing(self.engine) as connection:
            self._set(
                connection,
                sealed=self.seal.seal(token, self._place),
                expires_at=self.now() + dt.timedelta(seconds=holds_s),
                leased_until=_LONG_AGO,
            )

    def _end_lease(self) -> None:
        with writing(self.engine) as connection:
            self._set(connection, leased_until=_LONG_AGO)

    def _set(self, connection: Connection, **values: object) -> None:
        connection.execute(update(TokenRow).where(TokenRow.app_id == self.app_id).values(**values))

    @property
    def _place(self) -> str:
        return f"wechat-token:{self.app_id}"
