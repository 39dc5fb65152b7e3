"""Conversations and turns on SQLite and PostgreSQL."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, inspect, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

import bot.console.application  # every module that has a table
import bot.http  # noqa: F401
from bot.conversations.held import Moved, held
from bot.conversations.kept import history
from bot.conversations.rows import ConversationRow, TurnRow
from bot.conversations.stored import memory_from_json, memory_to_json, redacted_reply
from dialogs.memory import Memory, Pending, Subject, Told
from dialogs.reply import Block, Citation, Message, Option, Reply, Statement, Status
from knowledge.rules import Groups
from knowledge.standing import Standing
from knowledge.tables import Base

NOW = dt.datetime(2026, 11, 21, 8, 0, tzinfo=dt.UTC)
MEMORY = Memory(
    subject=Subject(
        "training_subsidy", {"training_subsidy": 0.9}, "培训补贴多少钱", frozenset({"amount"})
    ),
    pending=Pending("region", NOW),
    options=(Option("广州", "我在广州"),),
    misses=1,
).learn(
    {
        "age": 45,
        "groups": Groups(frozenset({"veteran"}), frozenset({"disabled"})),
        "employee_social_insurance": False,
        "hours": 7.5,
        "region": "440100",
    },
    NOW,
    "said",
)
REPLY = Reply(
    Status.ANSWERED,
    (
        Block("conclusion", (Statement("文件写的是“免费”。", ("guangzhou/3/二/10",)),)),
        Block("amount", (Statement("没写。"), Statement("看当地。")), "钱"),
    ),
    citations=(
        Citation(
            "guangzhou/3/二/10",
            "羊城行动方案",
            "guangzhou/3",
            "穗人社函〔2020〕22号",
            "二、任务",
            "免费岗前培训",
            Standing.TARGET_PERIOD_ENDED,
        ),
    ),
    options=(Option("广州", "我在广州"),),
    missing=("region",),
    intent="training_subsidy",
    confidence=0.75,
    release="20261121-abc",
    trace=("rule 1",),
)


def ask(engine: Engine, message: Message, reply: Reply = REPLY, memory: Memory = MEMORY) -> None:
    with held(engine, message.channel, message.conversation, NOW) as conversation:
        conversation.add_turn(message, reply, memory, NOW, NOW + dt.timedelta(seconds=1))


def message(text: str = "培训补贴多少钱", **more: str) -> Message:
    return Message(text, **({"conversation": "c1", "id": "m1", "channel": "web"} | more))  # type: ignore[arg-type]


def test_a_reply_and_a_memory_come_back_as_they_were(engine: Engine) -> None:
    ask(engine, message())
    with held(engine, "web", "c1", NOW) as conversation:
        assert conversation.memory == MEMORY
        assert conversation.reply_to("m1") == REPLY
        assert conversation.reply_to("m2") is None


def test_a_new_conversation_remembers_nothing(engine: Engine) -> None:
    with held(engine, "web", "new", NOW) as conversation:
        assert conversation.memory == Memory()
    assert history(engine, "web", "new") == []
    assert history(engine, "web", "never seen") == []


def test_history_is_in_order_and_of_one_conversation(engine: Engine) -> None:
    for number in range(5):
        ask(engine, message(f"第{number}问", id=f"m{number}"))
    ask(engine, message("别人问的", conversation="c2"))
    ask(engine, message("别的渠道", channel="rest"))
    turns = history(engine, "web", "c1")
    assert [turn.text for turn in turns] == [f"第{number}问" for number in range(5)]
    assert [turn.text for turn in history(engine, "web", "c1", limit=2)] == ["第3问", "第4问"]
    assert turns[0].asked_at == NOW
    assert turns[0].asked_at.utcoffset() == dt.timedelta(0)
    assert turns[0].reply == REPLY


def test_what_is_said_about_a_turn_stands_in_columns(engine: Engine) -> None:
    ask(engine, message())
    with engine.connect() as connection:
        row = connection.execute(select(TurnRow)).one()
    assert (row.status, row.intent, row.confidence) == ("answered", "training_subsidy", 0.75)
    assert row.release == "20261121-abc"
    assert json.loads(row.reply)["status"] == "answered"


def test_a_message_id_counts_once_in_a_conversation_only(engine: Engine) -> None:
    ask(engine, message())
    ask(engine, message(conversation="c2"))  # the same id, made up by somebody else
    with pytest.raises(IntegrityError):
        ask(engine, message("第二次"))
    assert [turn.text for turn in history(engine, "web", "c1")] == ["培训补贴多少钱"]


def test_a_transaction_that_breaks_leaves_nothing(engine: Engine) -> None:
    ask(engine, message())

    def broken() -> None:
        with held(engine, "web", "c1", NOW) as conversation:
            conversation.add_turn(message(id="m2"), REPLY, Memory(), NOW, NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    assert len(history(engine, "web", "c1")) == 1
    with held(engine, "web", "c1", NOW) as conversation:
        assert conversation.memory == MEMORY


def test_nothing_personal_reaches_a_row(engine: Engine) -> None:
    personal = "我身份证440105199001011234，电话138 0013 8000，证号GZ1234567890K"
    reply = Reply(
        Status.ANSWERED,
        (Block("talk", (Statement(f"您说：{personal}"),)),),
        options=(Option(personal, personal),),
        trace=(personal,),
    )
    memory = Memory(options=(Option(personal, personal),)).learn({"name": personal}, NOW, "said")
    ask(engine, message(personal), reply, memory)
    with engine.connect() as connection:
        stored = str(connection.execute(select(TurnRow)).all())
        stored += str(connection.execute(select(ConversationRow)).all())
    for secret in ("440105", "19900101", "13800138000", "138 0013", "1234567890"):
        assert secret not in stored


def test_citations_are_kept_word_for_word() -> None:
    quote = "索引号 11150203011539802/2020"
    citation = Citation("k/页首", "方案", "k", None, "", quote, Standing.REPEALED)
    reply = Reply(Status.ANSWERED, (), citations=(citation,))
    assert redacted_reply(reply).citations[0].quote == quote


names = st.text("abc_", min_size=1, max_size=8)
told = st.builds(
    Told,
    value=st.one_of(
        st.booleans(),
        st.integers(-999, 999),
        st.floats(-99, 99, allow_nan=False),
        st.text("甲乙丙丁abc", max_size=8),
        st.builds(Groups, st.frozensets(names), st.frozensets(names)),
    ),
    at=st.datetimes(timezones=st.just(dt.UTC)),
)
subjects = st.builds(
    Subject,
    intent=names,
    topics=st.dictionaries(names, st.floats(0, 1), max_size=3),
    question=st.text("培训补贴多少钱？ ", max_size=20),
)


@given(
    st.builds(
        Memory,
        people=st.dictionaries(
            st.sampled_from(["我", "我妈"]),
            st.dictionaries(names, told, max_size=3),
        ),
        subject=st.none() | subjects,
        earlier=st.lists(subjects, max_size=2).map(tuple),
        pending=st.none()
        | st.builds(Pending, fact=names, asked_at=st.datetimes(timezones=st.just(dt.UTC))),
    )
)
def test_any_memory_comes_back_as_it_was(memory: Memory) -> None:
    back = memory_from_json(memory_to_json(memory))
    assert back == memory
    for name, fact in memory.facts.items():
        assert type(back.facts[name]) is type(fact)


def test_a_memory_of_another_version_is_given_up_not_the_conversation() -> None:
    assert memory_from_json('{"people": {"我": {"age": [1, 2]}}, "misses": 2}') == Memory()
    assert memory_from_json('{"misses": 2, "gone": 1}') == Memory(misses=2)


def _is_ours(_object: object, name: str | None, *_more: object) -> bool:
    """Full-text search keeps tables of its own, made by statements of its own."""
    return name is None or "_word" not in name


def test_the_migrations_make_the_tables_the_code_reads(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_object": _is_ours, "compare_type": True},
        )
        differences = compare_metadata(context, Base.metadata)
    assert differences == []
    assert {"conversation", "turn"} <= set(inspect(engine).get_table_names())


def test_what_another_process_changed_meanwhile_is_not_overwritten(engine: Engine) -> None:
    ask(engine, message())
    with engine.connect() as other:
        if engine.dialect.name == "postgresql":
            other.execute(text("SET lock_timeout='50ms'"))
            other.commit()
            with held(engine, "web", "c1", NOW), pytest.raises(OperationalError, match="lock"):
                other.execute(text("UPDATE conversation SET version = version + 1"))
            other.rollback()
            other.execute(text("SET lock_timeout=0"))
            other.commit()
            return
        # SQLite is not locked while a reply is made: the change is found out before writing.
        with held(engine, "web", "c1", NOW) as conversation:
            other.execute(text("UPDATE conversation SET version = version + 1"))
            other.commit()
            with pytest.raises(Moved):
                conversation.add_turn(message(id="m2"), REPLY, MEMORY, NOW, NOW)
            conversation.connection.rollback()
    assert [turn.message_id for turn in history(engine, "web", "c1")] == ["m1"]


def test_a_slow_reply_holds_up_no_other_conversation(engine: Engine) -> None:
    with held(engine, "web", "slow", NOW):
        ask(engine, message())
    assert history(engine, "web", "c1")
