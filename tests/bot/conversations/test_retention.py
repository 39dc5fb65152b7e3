"""What is kept about a person goes when they say so, and when its time is over."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, Integer, Table, func, insert, select

import bot.console.application
import bot.http  # noqa: F401
from bot.app import App
from bot.conversations.held import held
from bot.conversations.kept import history
from bot.conversations.retention import _hanging_on, forget, sweep
from bot.conversations.rows import ConversationRow, TurnRow
from bot.database import open_engine
from bot.delivery.outbox import Outbox
from bot.sealing import Seal
from dialogs.memory import Memory
from dialogs.reply import Block, Message, Reply, Statement, Status
from knowledge.tables import Base
from tests.bot.serving import NOW, SEAL_KEY

REPLY = Reply(Status.ANSWERED, (Block("talk", (Statement("答"),)),))


def ask(engine: Engine, person: str, at: dt.datetime = NOW) -> int:
    with held(engine, "web", person, at) as conversation:
        message = Message("问", person, f"{person}-{at:%Y%m%d}", "web")
        conversation.add_turn(message, REPLY, Memory(misses=1), at, at)
        return conversation.pk


def filled(table: Table, column: str, pk: int) -> dict[str, object]:
    """A row of `table` that hangs on `pk`, whatever its other columns are."""
    row: dict[str, object] = {}
    for one in table.c:
        if one.name == column:
            row[one.name] = pk
        elif one.primary_key and isinstance(one.type, Integer) and len(table.primary_key) == 1:
            continue
        elif not one.nullable and one.server_default is None:
            kind = one.type.python_type
            row[one.name] = NOW if kind is dt.datetime else kind(1) if kind is not dict else {}
    return row


def rows(engine: Engine, table: Table) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_everything_that_hangs_on_a_conversation_goes_with_it(engine: Engine) -> None:
    pk, other = ask(engine, "gone"), ask(engine, "stays")
    with engine.connect() as connection:
        found = _hanging_on(connection, "conversation")
    tables = {found.name: (Base.metadata.tables[found.name], key) for found, key in found}
    assert {"turn", "handover", "draft", "change", "recheck"} <= set(tables)
    for name, (table, column) in tables.items():
        if name != "turn":
            with engine.begin() as connection:
                connection.execute(table.delete())
                for one in (pk, other):
                    values = filled(table, column, one)
                    if name == "handover":
                        values["state"] = "closed"
                    connection.execute(insert(table).values(**values))
    with engine.begin() as connection:
        Outbox(engine, Seal(SEAL_KEY), lambda: NOW).put(connection, "web", "gone", REPLY, "k")
        forget(connection, pk)
    for name, (table, _column) in tables.items():
        assert rows(engine, table) == 1, name
    assert history(engine, "web", "gone") == []
    assert len(history(engine, "web", "stays")) == 1
    with held(engine, "web", "gone", NOW) as conversation:
        assert conversation.memory == Memory()


def test_what_is_too_old_goes_and_what_is_not_stays(engine: Engine) -> None:
    old = NOW - dt.timedelta(days=400)
    ask(engine, "long-ago", old)
    ask(engine, "comes-back", old)
    ask(engine, "comes-back", NOW)
    assert sweep(engine, NOW - dt.timedelta(days=365)) == 2
    assert rows(engine, Base.metadata.tables[TurnRow.__tablename__]) == 1
    assert rows(engine, Base.metadata.tables[ConversationRow.__tablename__]) == 1
    assert sweep(engine, NOW - dt.timedelta(days=365)) == 0


def said(app: App, words: str) -> Reply:
    return app.inbox.handle(Message(words, "p", channel="web"))


def test_a_person_sees_and_deletes_their_records(app: App) -> None:
    said(app, "广州的培训免费吗")
    shown = said(app, "导出我的聊天记录")
    assert "广州的培训免费吗" in str(shown.blocks)
    assert said(app, "删除我的聊天记录").options
    assert "没有删除" in str(said(app, "不删").blocks)
    assert len(history(app.engine, "web", "p")) == 4
    said(app, "把我的聊天记录删了")
    said(app, "删除我的聊天记录")
    assert "已经全部删除" in str(said(app, "1").blocks)
    assert [turn.text for turn in history(app.engine, "web", "p")] == ["1"]
    assert "1" in str(said(app, "导出我的聊天记录").blocks)


def test_the_words_to_delete_alone_delete_nothing(app: App) -> None:
    said(app, "广州的培训免费吗")
    said(app, "确定删除")
    assert len(history(app.engine, "web", "p")) == 2


@pytest.mark.parametrize(
    "question", ["怎么删除我的信用记录", "我的信用记录怎么查", "查看培训记录在哪", "证上信息错了"]
)
def test_other_records_are_not_meant(app: App, question: str) -> None:
    assert said(app, question).action == "continue"
    assert "删除" not in str(said(app, question).blocks)


def test_the_app_opens_anew_after_a_sweep(app: App, tmp_path: Path) -> None:
    said(app, "广州的培训免费吗")
    sweep(app.engine, NOW + dt.timedelta(days=1))
    again = replace(app, engine=open_engine(app.settings.database_url))
    assert history(again.engine, "web", "p") == []
    assert said(app, "广州的培训免费吗").blocks
    again.engine.dispose()
