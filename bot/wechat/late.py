"""Messages whose answer took longer than a request may: kept until somebody has finished them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pydantic import TypeAdapter
from sqlalchemy import Connection, Engine, and_, bindparam, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.conversations.rows import ConversationRow, TurnRow, utc
from bot.sealing import Seal
from bot.wechat.inbound import Received
from bot.wechat.tables import CHANNEL, AnswerRow, LateRow, LateState, RequestRow, writing

# A row that is done still tells a repeat that its answer went another way; WeChat repeats for 15 s.
KEPT = dt.timedelta(hours=1)
_OPEN = LateRow.state.in_(("slow", "late"))
_RECEIVED = TypeAdapter(Received)
# Run for every message, and so built once.
_STATE = select(LateRow.state).where(LateRow.key == bindparam("this"))
_EARLIER = (
    select(LateRow.key)
    .where(
        LateRow.openid == bindparam("person"),
        LateRow.key != bindparam("this"),
        or_(
            LateRow.state == "late",
            and_(LateRow.state == "slow", LateRow.due_at <= bindparam("now")),
        ),
    )
    .order_by(LateRow.came_at)
)


@dataclass(frozen=True)
class Late:
    """A late message as it stands."""

    key: str
    state: LateState
    tries: int
    came_at: dt.datetime
    is_over: bool  # the turn is over: there is an answer


@dataclass(frozen=True)
class LateTurns:
    """The late messages of all processes. `lease` is how long a process is given to finish one
    before another takes it up."""

    engine: Engine
    seal: Seal
    now: Callable[[], dt.datetime]
    lease: dt.timedelta

    def ran_out(self, message: Received, *, unless_over: bool) -> Late | None:
        """A request for `message` ran out of time: count it, and say how it stands. None, with
        `unless_over`: its turn is over, and nobody has chosen another way for the answer."""
        now = self.now()
        with writing(self.engine) as connection:
            over = self._is_over(connection, message)
            if unless_over and over and self._state(connection, message.key) is None:
                return None
            self._insert(connection, message, "slow")
            connection.execute(
                update(LateRow)
                .where(LateRow.key == message.key)
                .values(tries=LateRow.tries + 1, due_at=now + self.lease)
            )
            row = connection.execute(
                select(LateRow.state, LateRow.tries, LateRow.came_at).where(
                    LateRow.key == message.key
                )
            ).one()
        return Late(message.key, row.state, row.tries, utc(row.came_at), over)

    def claim(self, message: Received) -> LateState:
        """The answer is about to go back in a request, unless another way was chosen before: say
        how the message stands then."""
        with writing(self.engine) as connection:
            self._insert(connection, message, "told")
            state = self._state(connection, message.key)
        return state or "told"

    def _insert(self, connection: Connection, message: Received, state: LateState) -> None:
        upsert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        plain = _RECEIVED.dump_json(message).decode()
        connection.execute(
            upsert(LateRow)
            .values(
                key=message.key,
                openid=message.sender,
                sealed=self.seal.seal(plain, _place(message.key)) if state == "slow" else "",
                state=state,
                tries=0,
                came_at=self.now(),
                due_at=self.now() + self.lease,
            )
            .on_conflict_do_nothing()
        )

    def _is_over(self, connection: Connection, message: Received) -> bool:
        turn = (
            select(TurnRow.pk)
            .join(ConversationRow, ConversationRow.pk == TurnRow.conversation_pk)
            .where(
                ConversationRow.channel == CHANNEL,
                ConversationRow.id == message.sender,
                TurnRow.message_id == message.key,
            )
        )
        return connection.execute(turn).scalar() is not None

    def move(self, key: str, to: Literal["late", "told"]) -> LateState | None:
        """Move a slow message on, and say how it stands then; None if it is not late at all. Only
        the first move counts, whoever makes it."""
        with writing(self.engine) as connection:
            done = {"sealed": ""} if to == "told" else {}
            connection.execute(
                update(LateRow)
                .where(LateRow.key == key, LateRow.state == "slow")
                .values(state=to, **done)
            )
            return self._state(connection, key)

    def state(self, key: str) -> LateState | None:
        """How a message stands; None if it is not late."""
        with self.engine.connect() as connection:
            return self._state(connection, key)

    def _state(self, connection: Connection, key: str) -> LateState | None:
        return connection.execute(_STATE, {"this": key}).scalar()

    def earlier(self, message: Received) -> list[str]:
        """Other messages of this person that no request will answer, oldest first."""
        asked = {"person": message.sender, "this": message.key, "now": self.now()}
        with self.engine.connect() as connection:
            return list(connection.scalars(_EARLIER, asked))

    def due(self, limit: int = 20) -> list[str]:
        """Unfinished messages that nobody seems to be working at."""
        with self.engine.connect() as connection:
            return list(
                connection.scalars(
                    select(LateRow.key)
                    .where(_OPEN, LateRow.due_at <= self.now())
                    .order_by(LateRow.came_at)
                    .limit(limit)
                )
            )

    def take(self, key: str) -> Received | None:
        """The message, leased to the caller; None if it is finished, or sealed with a lost key."""
        with writing(self.engine) as connection:
            sealed = connection.execute(
                select(LateRow.sealed).where(LateRow.key == key, _OPEN)
            ).scalar()
            if sealed is None:
                return None
            plain = self.seal.unseal(sealed, _place(key))
            values: dict[str, object] = {"due_at": self.now() + self.lease}
            if plain is None:
                values |= {"state": "sent", "sealed": ""}
            connection.execute(update(LateRow).where(LateRow.key == key).values(**values))
        return None if plain is None else _RECEIVED.validate_json(plain)

    def finish(self, connection: Connection, key: str) -> bool:
        """Its answer is put elsewhere, in the transaction of `connection`; False if it was."""
        done = connection.execute(
            update(LateRow).where(LateRow.key == key, _OPEN).values(state="sent", sealed="")
        )
        return done.rowcount == 1

    def sweep(self) -> None:
        """Forget what no repeat can ask for any more."""
        before = self.now() - KEPT
        with self.engine.begin() as connection:
            connection.execute(delete(LateRow).where(~_OPEN, LateRow.came_at < before))
            connection.execute(delete(AnswerRow).where(AnswerRow.at < before))
            connection.execute(delete(RequestRow).where(RequestRow.at < before))


def _place(key: str) -> str:
    return f"wechat-late:{key}"
