"""Tells those who watch conversations that something happened, within a fraction of a second.

The database is the medium, so that it works the same with any number of processes: every change
leaves a row (`ChangeRow`), and each process reads the new ones while anybody watches.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncGenerator, Callable

import anyio
import anyio.to_thread
import structlog
from sqlalchemy import Engine, delete, func, select
from sqlalchemy.exc import SQLAlchemyError

from bot.conversations.rows import ChangeRow
from bot.logging import described

INTERVAL_S = 0.25
HEARTBEAT_S = 15.0
# A transaction that began earlier may end later: so many rows back are looked at again.
_LOOK_BACK = 100
_KEPT = dt.timedelta(hours=1)
_SWEEP_S = 600.0

_log = structlog.get_logger()


class Live:
    """What changed, for this process. `run_for_ever` must run beside those who watch."""

    def __init__(self, engine: Engine, now: Callable[[], dt.datetime]) -> None:
        self._engine = engine
        self._now = now
        self._watchers: dict[object, tuple[int | None, set[int], list[anyio.Event]]] = {}
        self._seen: set[tuple[int, int, dt.datetime]] = set()
        self._highest = 0
        self._someone = anyio.Event()
        self._ended = False

    def end(self) -> None:
        """Nobody is told anything any more: the process is being stopped. Whoever watches sees the
        changes come to an end. Called in the event loop."""
        self._ended = True
        for _wanted, _changed, bell in self._watchers.values():
            bell[0].set()

    async def changes(
        self, conversation_pk: int | None = None
    ) -> AsyncGenerator[frozenset[int], None]:
        """The conversations that changed (of all, or of the one), whenever some have; an empty set
        now and then, so that a watcher can see that it is still being listened to.

        The first set comes at once and is empty: what happened before is for the watcher to read
        then, and nothing falls between that and the next set. They end with `end`.
        """
        me = object()
        changed: set[int] = set()
        bell = [anyio.Event()]
        if not self._watchers:
            self._highest = await anyio.to_thread.run_sync(self._top)
            self._seen = set()
        self._watchers[me] = (conversation_pk, changed, bell)
        self._someone.set()
        try:
            yield frozenset()
            while not self._ended:
                with anyio.move_on_after(HEARTBEAT_S):
                    await bell[0].wait()
                bell[0] = anyio.Event()
                found = frozenset(changed)
                changed.clear()
                yield found
        finally:
            del self._watchers[me]

    async def run_for_ever(self) -> None:
        """Look for changes while anybody watches; sweep out the old ones."""
        sweep_at = anyio.current_time()
        while True:
            try:
                if anyio.current_time() >= sweep_at:
                    await anyio.to_thread.run_sync(self._sweep)
                    sweep_at = anyio.current_time() + _SWEEP_S
                if self._watchers:
                    self._tell(await anyio.to_thread.run_sync(self._new))
            except SQLAlchemyError as error:
                _log.warning("live_stalled", **described(error))
            if self._watchers:
                await anyio.sleep(INTERVAL_S)
            else:
                self._someone = anyio.Event()
                with anyio.move_on_after(_SWEEP_S):
                    await self._someone.wait()

    def _tell(self, conversations: set[int]) -> None:
        for wanted, changed, bell in self._watchers.values():
            mine = conversations if wanted is None else conversations & {wanted}
            if mine:
                changed.update(mine)
                bell[0].set()

    def _top(self) -> int:
        with self._engine.connect() as connection:
            return connection.execute(select(func.max(ChangeRow.pk))).scalar() or 0

    def _new(self) -> set[int]:
        newest = (
            select(ChangeRow.pk, ChangeRow.conversation_pk, ChangeRow.at)
            .where(ChangeRow.pk > self._highest - _LOOK_BACK)
            .order_by(ChangeRow.pk)
        )
        with self._engine.connect() as connection:
            rows = [(pk, one, at) for pk, one, at in connection.execute(newest)]
        new = [row for row in rows if row not in self._seen]
        # Rows are swept out and forgotten, and SQLite gives the highest number again: what was seen
        # is known by the whole row, and where no row is left the numbers may begin anew.
        self._highest = max((pk for pk, _conversation, _at in rows), default=0)
        self._seen = set(rows[-_LOOK_BACK:])
        return {conversation for _pk, conversation, _at in new}

    def _sweep(self) -> None:
        with self._engine.begin() as connection:
            connection.execute(delete(ChangeRow).where(ChangeRow.at < self._now() - _KEPT))
