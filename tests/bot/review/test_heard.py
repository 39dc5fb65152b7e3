"""What needs a look is found, and put together by likeness."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Engine, insert, select

from bot.app import App
from bot.conversations.ratings import rate_turn
from bot.conversations.rows import ConversationRow, TurnRow
from bot.conversations.stored import left_out
from bot.handover.drafts import DraftRow
from bot.review import heard
from bot.review.likeness import grouped
from bot.review.places import KINDS
from dialogs.reply import Message
from tests.bot.review.reviewing import look
from tests.bot.serving import NOW

SAID = (
    '{"status": "answered", "blocks": [{"kind": "talk", "statements":'
    ' [{"text": "没有规定保额", "clauses": []}]}]}'
)


def turn(engine: Engine, text: str, status: str = "not_covered", **more: object) -> int:
    """A turn in a conversation of its own (or in `conversation`); its number."""
    with engine.begin() as connection:
        conversation = more.pop("conversation", None)
        if conversation is None:
            count = len(connection.execute(select(ConversationRow.pk)).all())
            conversation = connection.execute(
                insert(ConversationRow)
                .values(
                    channel=more.pop("channel", "web"), id=f"c{count}", memory="{}", updated_at=NOW
                )
                .returning(ConversationRow.pk)
            ).scalar_one()
        number = len(connection.execute(select(TurnRow.pk)).all())
        values = {
            "conversation_pk": conversation,
            "message_id": f"m{number}",
            "speaker": "user",
            "text": text,
            "status": status,
            "intent": "refresher",
            "confidence": 0.9,
            "reply": '{"status": "answered", "blocks": []}',
            "asked_at": NOW,
            "answered_at": NOW,
        } | more
        made: int = connection.execute(
            insert(TurnRow).values(**values).returning(TurnRow.pk)
        ).scalar_one()
        return made


def conversation_of(engine: Engine, pk: int) -> int:
    with engine.connect() as connection:
        return connection.execute(
            select(TurnRow.conversation_pk).where(TurnRow.pk == pk)
        ).scalar_one()


def test_each_kind_is_found_where_it_is(engine: Engine) -> None:
    turn(engine, "钟点工过年给红包吗")
    turn(engine, "月嫂证咋换", "answered", confidence=0.2)
    turn(engine, "那个东西怎么弄", "clarify")
    turn(engine, "月嫂用的吸奶器哪款好", "out_of_scope")
    turn(engine, "明天下雨吗", "out_of_scope")  # none of our words
    turn(engine, "回炉要多少钱", "answered")  # nothing wrong with it
    rated = turn(engine, "星级几年评一次", "answered")
    wrong = turn(engine, "昆区的券怎么领", "answered")
    turn(engine, "不对，不是这个券", "answered", conversation=conversation_of(engine, wrong))
    edited = turn(engine, "保险买多少的合适", "handed_off")
    said = turn(engine, "", speaker="staff", reply=SAID)
    with engine.begin() as connection:
        rate_turn(connection, rated, useful=False, reason="没说几年", now=NOW)
        connection.execute(
            insert(DraftRow).values(
                conversation_pk=conversation_of(engine, edited),
                question="保险买多少的合适",
                reply=SAID,
                state="edited",
                staff="me",
                made_at=NOW,
                due_at=NOW,
                turn_pk=said,
            )
        )
        connection.execute(
            insert(DraftRow).values(
                conversation_pk=conversation_of(engine, edited),
                question="保姆受伤谁管",
                reply=SAID,
                state="expired",
                made_at=NOW,
                due_at=NOW,
            )
        )
    heard.note_missing(engine, "来电人13812345678问工龄补贴", "140400", "me", NOW)
    assert {one.text: (one.kinds, one.remarks) for one in look(engine)} == {
        "钟点工过年给红包吗": (("unanswered",), ()),
        "月嫂证咋换": (("unsure",), ()),
        "那个东西怎么弄": (("clarified",), ()),
        "月嫂用的吸奶器哪款好": (("strayed",), ()),
        "星级几年评一次": (("low_rated",), ("没说几年",)),
        "昆区的券怎么领": (("corrected",), ("不对，不是这个券",)),
        "保姆受伤谁管": (("unanswered",), ()),
        "保险买多少的合适": (("edited",), ("没有规定保额",)),
        "来电人〔电话〕问工龄补贴": (("noted",), ()),
    }
    for kind in KINDS:
        assert {one.kinds for one in look(engine, kind)} == {(kind,)}


def test_a_message_counts_once_however_it_is_written_and_found(engine: Engine) -> None:
    first = turn(engine, "工龄补贴有没有", channel="wechat", region="140400")
    turn(engine, "工龄补贴有没有？", conversation=conversation_of(engine, first))
    turn(engine, " 工龄补贴，有没有", region="150203")
    with engine.begin() as connection:
        rate_turn(connection, first, useful=False, reason="", now=NOW)
    (one,) = look(engine)
    assert (one.times, one.conversations) == (3, 2)
    assert one.kinds == ("unanswered", "low_rated")
    assert one.regions == ("140400", "150203")
    assert one.channels == ("web", "wechat")


def test_what_is_looked_for(engine: Engine) -> None:
    turn(engine, "工龄补贴有没有", channel="wechat", region="140400")
    turn(engine, "钟点工过年给红包吗", region="150203")
    turn(engine, "去年的事了", asked_at=NOW - dt.timedelta(days=40))
    heard.note_missing(engine, "坐席记的", "150203", "me", NOW)

    def texts(**more: Any) -> set[str]:
        return {one.text for one in look(engine, **more)}

    assert texts() == {"工龄补贴有没有", "钟点工过年给红包吗", "坐席记的"}
    assert texts(channel="wechat") == {"工龄补贴有没有"}
    assert texts(regions=frozenset(("150203",))) == {"钟点工过年给红包吗", "坐席记的"}
    assert texts(since=NOW - dt.timedelta(days=50), until=NOW - dt.timedelta(days=35)) == {
        "去年的事了"
    }


def test_words_kept_out_of_the_record_are_not_shown(app: App) -> None:
    for words in left_out():
        turn(app.engine, words)
    assert look(app.engine) == []


def test_a_note_without_a_word_is_none(sqlite_engine: Engine) -> None:
    heard.note_missing(sqlite_engine, " ？！ ", None, "me")
    assert look(sqlite_engine) == []


def test_a_turn_remembers_where_it_was_asked_from(app: App) -> None:
    app.inbox.handle(Message("我在长治，星级怎么评", "c1", "m1", "web"))
    with app.engine.connect() as connection:
        assert connection.execute(select(TurnRow.region)).scalar_one() == "140400"


# --- put together ---------------------------------------------------------------------------------


def test_messages_that_are_alike_stand_together_whatever_they_name() -> None:
    texts = [
        "长治哪里能补证",
        "肇庆哪里能补证呀",
        "工资拖着不发找谁",
        "在广州哪里能补证",
        "拖着工资不发找谁管",
    ]
    together = grouped(texts, [1, 1, 1, 5, 1])
    assert sorted(sorted(group) for group in together) == [[0, 1, 3], [2, 4]]
    assert grouped([], []) == []


def test_the_most_asked_group_comes_first(engine: Engine) -> None:
    for text in ("补证去哪", "补证去哪里", "补证去哪儿", "红包给不给"):
        turn(engine, text)
    found = heard.groups(look(engine))
    assert [group.times for group in found] == [3, 1]
    assert found[0].typical.text == "补证去哪"
