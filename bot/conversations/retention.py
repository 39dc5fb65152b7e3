"""Taking away what is kept of a conversation: when its time is over, or when its person says so.

Everything that hangs on a conversation or a turn goes with it: the tables are found by their
foreign keys, so that a new one cannot be forgotten.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    Connection,
    Engine,
    Select,
    TableClause,
    column,
    delete,
    inspect,
    select,
    table,
    update,
)

from bot.conversations.rows import ConversationRow, TurnRow
from bot.conversations.stored import memory_to_json
from bot.delivery.parcels import OutboxRow
from dialogs.memory import Memory

_AT_ONCE = 500
_DONE = OutboxRow.state.in_(("sent", "dead"))


def forget(connection: Connection, conversation_pk: int) -> None:
    """Take away everything of a conversation but its name, in the transaction of `connection`.
    What is on its way to the person still arrives."""
    turns = select(TurnRow.pk).where(TurnRow.conversation_pk == conversation_pk)
    _delete_turns(connection, turns)
    for hanging, key in _hanging_on(connection, "conversation"):
        if hanging.name != TurnRow.__tablename__:
            connection.execute(delete(hanging).where(hanging.c[key] == conversation_pk))
    whose = connection.execute(
        select(ConversationRow.channel, ConversationRow.id).where(
            ConversationRow.pk == conversation_pk
        )
    ).one()
    connection.execute(
        delete(OutboxRow).where(
            OutboxRow.channel == whose.channel, OutboxRow.recipient == whose.id, _DONE
        )
    )
    connection.execute(
        update(ConversationRow)
        .where(ConversationRow.pk == conversation_pk)
        .values(memory=memory_to_json(Memory()))
    )


def sweep(engine: Engine, before: dt.datetime) -> int:
    """Take away turns older than `before`, and conversations that nobody has touched since; how
    many turns. In small transactions, so that nobody waits for it."""
    swept = 0
    while True:
        with engine.begin() as connection:
            old = list(
                connection.scalars(
                    select(TurnRow.pk).where(TurnRow.asked_at < before).limit(_AT_ONCE)
                )
            )
            _delete_turns(connection, select(TurnRow.pk).where(TurnRow.pk.in_(old)))
        swept += len(old)
        if len(old) < _AT_ONCE:
            break
    with engine.begin() as connection:
        connection.execute(delete(OutboxRow).where(OutboxRow.finished_at < before, _DONE))
        left = select(TurnRow.conversation_pk)
        gone = list(
            connection.scalars(
                select(ConversationRow.pk)
                .where(ConversationRow.updated_at < before, ConversationRow.pk.not_in(left))
                .limit(_AT_ONCE)
            )
        )
        for pk in gone:
            forget(connection, pk)
        connection.execute(delete(ConversationRow).where(ConversationRow.pk.in_(gone)))
    return swept


def _delete_turns(connection: Connection, turns: Select[int]) -> None:
    pks = list(connection.scalars(turns))
    if not pks:
        return
    for hanging, key in _hanging_on(connection, "turn"):
        connection.execute(delete(hanging).where(hanging.c[key].in_(pks)))
    connection.execute(delete(TurnRow).where(TurnRow.pk.in_(pks)))


def _hanging_on(connection: Connection, name: str) -> list[tuple[TableClause, str]]:
    """The tables whose rows belong to a row of `name`, and the column that says to which. Asked of
    the database itself: a process need not have loaded every module that has a table."""
    inspector = inspect(connection)
    order = [one for one, _keys in inspector.get_sorted_table_and_fkc_names() if one is not None]
    return [
        (table(one, column(key["constrained_columns"][0])), key["constrained_columns"][0])
        for one in reversed(order)
        for key in inspector.get_foreign_keys(one)
        if key["referred_table"] == name
    ]
