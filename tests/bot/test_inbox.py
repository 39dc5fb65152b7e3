"""Once, in order, and never a half-kept turn; on SQLite and PostgreSQL, over threads."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import Engine, func, select, text
from structlog.testing import capture_logs

from bot.conversations.held import held
from bot.conversations.kept import history
from bot.conversations.rows import TurnRow
from bot.database import open_engine
from bot.inbox import Converse, Inbox
from dialogs.memory import Memory
from dialogs.reply import Block, Message, Reply, Statement, Status
from dialogs.wording import say

NOW = dt.datetime(2026, 11, 21, 8, 0, tzinfo=dt.UTC)


def reply(text: str) -> Reply:
    return Reply(Status.ANSWERED, (Block("talk", (Statement(text),)),))


def text_of(given: Reply) -> str:
    return given.blocks[0].statements[0].text


def counting(message: Message, memory: Memory, _as_of: dt.date | None) -> tuple[Reply, Memory]:
    """Says how many messages came before; two at a time would say the same number."""
    before = memory.misses
    time.sleep(0.01)
    return reply(f"{message.text}：第{before + 1}句"), replace(memory, misses=before + 1)


def inbox(engine: Engine, converse: Converse = counting) -> Inbox:
    return Inbox(engine, converse, lambda: NOW)


def message(text: str = "问", **more: str) -> Message:
    return Message(text, **({"conversation": "c1", "id": "m1", "channel": "web"} | more))  # type: ignore[arg-type]


def memory_of(engine: Engine, conversation: str = "c1") -> Memory:
    with held(engine, "web", conversation, NOW) as one:
        return one.memory


def test_a_turn_is_answered_and_remembered(engine: Engine) -> None:
    box = inbox(engine)
    assert text_of(box.handle(message(id="a"))) == "问：第1句"
    assert text_of(box.handle(message(id="b"))) == "问：第2句"
    assert memory_of(engine).misses == 2
    assert [turn.message_id for turn in history(engine, "web", "c1")] == ["a", "b"]


def test_a_repeat_gets_the_same_reply_and_changes_nothing(engine: Engine) -> None:
    box = inbox(engine)
    first = box.handle(message())
    box.handle(message(id="m2"))
    assert box.handle(message("别的字")) == first
    assert memory_of(engine).misses == 2
    assert len(history(engine, "web", "c1")) == 2


def test_an_id_made_up_by_two_people_is_two_messages(engine: Engine) -> None:
    box = inbox(engine)
    box.handle(message("甲"))
    assert text_of(box.handle(message("乙", conversation="c2"))) == "乙：第1句"
    assert text_of(box.handle(message("丙", channel="rest"))) == "丙：第1句"


def test_a_message_without_an_id_is_new_each_time(engine: Engine) -> None:
    box = inbox(engine)
    assert [text_of(box.handle(message(id=""))) for _ in range(2)] == ["问：第1句", "问：第2句"]


def test_duplicates_at_the_same_time_are_answered_once(engine: Engine) -> None:
    box = inbox(engine)
    with ThreadPoolExecutor(12) as pool:
        replies = list(pool.map(lambda _: box.handle(message()), range(12)))
    assert {text_of(one) for one in replies} == {"问：第1句"}
    assert memory_of(engine).misses == 1


def test_messages_at_the_same_time_are_answered_one_after_the_other(engine: Engine) -> None:
    """Over two inboxes with engines of their own, as two processes have."""
    other = open_engine(engine.url.render_as_string(hide_password=False))
    boxes = [inbox(engine), inbox(other)]
    try:
        with ThreadPoolExecutor(12) as pool:
            replies = list(
                pool.map(lambda n: boxes[n % 2].handle(message("问", id=f"m{n}")), range(24))
            )
    finally:
        other.dispose()
    assert sorted(text_of(one) for one in replies) == sorted(f"问：第{n}句" for n in range(1, 25))
    assert memory_of(engine).misses == 24


def test_conversations_do_not_mix(engine: Engine) -> None:
    box = inbox(engine)

    def run(conversation: int) -> list[str]:
        return [
            text_of(box.handle(message(conversation=f"c{conversation}", id=f"m{n}")))
            for n in range(3)
        ]

    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(run, range(6)))
    assert told == [["问：第1句", "问：第2句", "问：第3句"]] * 6


def test_more_messages_than_connections_are_all_answered(engine: Engine) -> None:
    """The dialogue reads the library over the same engine while its turn holds a connection."""

    def reading(message: Message, memory: Memory, as_of: dt.date | None) -> tuple[Reply, Memory]:
        with engine.connect() as outer, engine.connect() as inner:
            outer.execute(select(func.count()).select_from(TurnRow))
            inner.execute(select(func.count()).select_from(TurnRow))
        return counting(message, memory, as_of)

    box = inbox(engine, reading)
    with ThreadPoolExecutor(40) as pool:
        replies = list(pool.map(lambda n: box.handle(message(conversation=f"c{n}")), range(40)))
    assert [one.status for one in replies] == [Status.ANSWERED] * 40


def failing(fails: Callable[[], bool]) -> Converse:
    def converse(message: Message, memory: Memory, as_of: dt.date | None) -> tuple[Reply, Memory]:
        if fails():
            raise ValueError(f"cannot read {message.text}")
        return counting(message, memory, as_of)

    return converse


def test_a_dialogue_that_breaks_says_sorry_and_forgets_nothing(engine: Engine) -> None:
    broken = threading.Event()
    box = inbox(engine, failing(broken.is_set))
    box.handle(message(id="m1"))
    broken.set()
    with capture_logs() as logs:
        sorry = box.handle(message("我身份证440105199001011234，长治", id="m2"))
    assert sorry.status is Status.FAILED
    assert text_of(sorry) == say("input.failed")
    assert memory_of(engine).misses == 1
    assert [turn.reply.status for turn in history(engine, "web", "c1")][-1] is Status.FAILED
    assert box.handle(message(id="m2")) == sorry
    broken.clear()
    assert text_of(box.handle(message(id="m3"))) == "问：第2句"
    (entry,) = [line for line in logs if line["event"] == "turn_failed"]
    assert entry["error"] == "ValueError"
    assert "test_inbox.py" in str(entry["at"])
    for private in ("440105", "长治", "cannot read", "c1"):
        assert private not in str(entry)


def test_a_turn_that_cannot_be_kept_leaves_the_conversation_as_it_was(engine: Engine) -> None:
    def unkeepable(
        message: Message, memory: Memory, _as_of: dt.date | None
    ) -> tuple[Reply, Memory]:
        intent = None if message.text == "坏" else "fine"
        return replace(reply("好"), intent=intent), replace(memory, misses=9)  # type: ignore[arg-type]

    box = inbox(engine, unkeepable)
    box.handle(message(id="m1"))
    with pytest.raises(Exception, match="intent"):
        box.handle(message("坏", id="m2"))
    assert [turn.message_id for turn in history(engine, "web", "c1")] == ["m1"]
    box.handle(message(id="m3"))


@pytest.mark.parametrize("text", ["\0", "补\0贴", "\ud800", "补\udfff贴", "\U0010ffff", ""])
def test_characters_that_no_database_holds_are_survived(engine: Engine, text: str) -> None:
    given = inbox(engine).handle(message(text))
    assert text_of(given).endswith("：第1句")
    assert len(history(engine, "web", "c1")) == 1


def test_a_reply_is_made_anew_when_another_process_was_faster(engine: Engine) -> None:
    if engine.dialect.name == "postgresql":  # the row is locked: the other process waits
        return
    made: list[str] = []

    def converse(asked: Message, memory: Memory, as_of: dt.date | None) -> tuple[Reply, Memory]:
        made.append(asked.text)
        if len(made) == 1:
            with engine.begin() as other:
                other.execute(text("UPDATE conversation SET version = version + 1"))
        return counting(asked, memory, as_of)

    assert text_of(inbox(engine, converse).handle(message())) == "问：第1句"
    assert made == ["问", "问"]
    assert len(history(engine, "web", "c1")) == 1
