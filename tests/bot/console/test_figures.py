"""What is counted, by whom it may be read, and that nobody is found in it."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, event, insert, text

from bot.console import figures
from bot.console.durations import RESPONSE_S, WAIT_S, times_of
from bot.console.figures import count, top_unanswered
from bot.conversations.ratings import RatingRow
from bot.conversations.rows import ConversationRow, TurnRow
from bot.handover.rows import HandoverRow
from tests.bot.serving import NOW

# 00:30 by China's clock, the day before by the world's.
AT_NIGHT = dt.datetime(2026, 11, 19, 16, 30, tzinfo=dt.UTC)
SINCE, UNTIL = NOW - dt.timedelta(days=7), NOW + dt.timedelta(hours=1)


def fill(engine: Engine) -> None:
    """Two conversations on the web, one in WeChat, and what must not be counted."""
    hour, day = dt.timedelta(hours=1), dt.timedelta(days=1)
    rows = [
        # conversation, text, status, intent, region, asked, seconds
        (1, "星级怎么评", "answered", "star_rating", "140400", NOW - day, 0.04),
        (1, "工龄补贴？", "not_covered", "living_subsidy", "140400", NOW - day, 0.2),
        (2, "工龄补贴", "not_covered", "living_subsidy", None, NOW, 0.2),
        (2, "只有我这么问", "not_covered", "living_subsidy", None, NOW, 7.0),
        (2, "只有我这么问", "not_covered", "living_subsidy", None, NOW, 0.2),
        (3, "工龄补贴", "clarify", "living_subsidy", "150203", NOW - hour, 0.2),
        (3, "在不在", "handed_off", "staff", "150203", NOW, 0.0),  # staff have it
        (3, "1", "handed_off", "rating_request", "150203", NOW, 0.0),
        (3, "去年问的", "answered", "star_rating", None, NOW - 30 * day, 0.2),
        (3, "夜里问", "answered", "greet", None, AT_NIGHT, 0.2),
    ]  # fmt: skip
    with engine.begin() as connection:
        for pk, channel in ((1, "web"), (2, "web"), (3, "wechat")):
            connection.execute(
                insert(ConversationRow).values(
                    pk=pk, channel=channel, id=f"c{pk}", memory="{}", updated_at=NOW
                )
            )
        for number, (talk, text, status, intent, region, at, seconds) in enumerate(rows, 1):
            connection.execute(
                insert(TurnRow).values(
                    pk=number,
                    conversation_pk=talk,
                    message_id=f"m{number}",
                    text=text,
                    status=status,
                    intent=intent,
                    confidence=1.0,
                    reply="{}",
                    region=region,
                    asked_at=at,
                    answered_at=at + dt.timedelta(seconds=seconds),
                )
            )
        connection.execute(
            insert(TurnRow).values(
                pk=99, conversation_pk=3, message_id="s", speaker="staff", staff="me", text="",
                status="answered", intent="staff", confidence=1.0, reply="{}", asked_at=NOW,
                answered_at=NOW,
            )
        )  # fmt: skip
        for turn, useful in ((1, True), (2, False), (6, True)):
            connection.execute(
                insert(RatingRow).values(turn_pk=turn, useful=useful, reason="", at=NOW)
            )


def handover(engine: Engine, talk: int, waited: float | None, **more: object) -> None:
    taken = None if waited is None else NOW + dt.timedelta(seconds=waited)
    values = {"reason": "asked", "asked_at": NOW, "taken_at": taken, "state": "closed"}
    with engine.begin() as connection:
        connection.execute(insert(HandoverRow).values(conversation_pk=talk, **(values | more)))


def test_everything_is_counted_once_and_by_the_clock_of_china(engine: Engine) -> None:
    fill(engine)
    with engine.connect() as connection:
        found = count(connection, SINCE, UNTIL)
    assert (found.conversations, found.questions) == (3, 7)
    assert found.by_day == {
        dt.date(2026, 11, 20): (3, 2),
        dt.date(2026, 11, 21): (4, 2),
    }
    assert found.by_status == {"not_covered": 4, "answered": 2, "clarify": 1}
    assert found.by_intent == {"living_subsidy": 5, "star_rating": 1, "greet": 1}
    assert found.by_region == {"": 4, "140400": 2, "150203": 1}
    assert found.by_channel == {"web": 5, "wechat": 2}
    assert found.response.classes == (1, 0, 5, 0, 0, 0, 0, 1)
    assert (found.response.half, found.response.most) == (0.25, None)
    assert (found.useful, found.useless) == (2, 1)


def test_one_channel_alone(engine: Engine) -> None:
    fill(engine)
    handover(engine, 1, 10)
    handover(engine, 3, 100)
    with engine.connect() as connection:
        found = count(connection, SINCE, UNTIL, "wechat")
        assert (found.conversations, found.questions) == (1, 2)
        assert found.by_status == {"clarify": 1, "answered": 1}
        assert found.by_channel == {"wechat": 2}
        assert (found.useful, found.useless) == (1, 0)
        assert (found.waiting.asked, found.waiting.times.half) == (1, 100)
        assert top_unanswered(connection, SINCE, UNTIL, "wechat") == []


def test_old_statistics_of_the_database_cannot_make_it_slow(engine: Engine) -> None:
    """PostgreSQL that took its tables for small read one of them anew for every turn."""
    if engine.dialect.name != "postgresql":
        pytest.skip("only PostgreSQL goes by statistics like that")
    shown = text("SHOW enable_nestloop")
    for counting in (count, top_unanswered):
        with engine.connect() as connection:
            counting(connection, SINCE, UNTIL, "web")
            assert connection.execute(shown).scalar() == "off"
            connection.rollback()
            assert connection.execute(shown).scalar() == "on"


def test_nothing_at_all(engine: Engine) -> None:
    with engine.connect() as connection:
        found = count(connection, SINCE, UNTIL)
        assert (found.conversations, found.questions, found.by_day) == (0, 0, {})
        assert (found.response.half, found.waiting.times.most) == (None, None)
        assert top_unanswered(connection, SINCE, UNTIL) == []


def test_how_long_people_waited_for_staff(engine: Engine) -> None:
    fill(engine)
    for waited in (10, 20, 400):
        handover(engine, 1, waited)
    handover(engine, 1, None, code="gave_up")
    handover(engine, 2, None, reason="contact", contact="sealed")
    handover(engine, 2, 4000, reason="contact", contact="sealed")  # called back, not waited for
    handover(engine, 2, 5, reason="staff")  # staff came by themselves
    handover(engine, 3, -50)  # passed on: asked for anew since it was taken
    with engine.connect() as connection:
        found = count(connection, SINCE, UNTIL).waiting
    assert (found.asked, found.taken, found.gave_up, found.contacts) == (7, 5, 1, 2)
    assert found.times.classes == (2, 0, 0, 0, 1, 0, 0)
    assert (found.times.half, found.times.most) == (20, 400)


def test_only_what_several_people_asked_is_shown_in_words(engine: Engine) -> None:
    fill(engine)
    with engine.connect() as connection:
        (one,) = top_unanswered(connection, SINCE, UNTIL)
    assert (one.text, one.conversations, one.times) == ("工龄补贴", 3, 3)


@pytest.mark.parametrize("ends", [RESPONSE_S, WAIT_S])
@given(data=st.data())
def test_half_are_under_what_is_said(ends: tuple[float, ...], data: st.DataObject) -> None:
    size = len(ends) + 1
    classes = data.draw(st.lists(st.integers(0, 50), min_size=size, max_size=size))
    found = times_of(classes, ends)
    assert found.count == sum(classes)
    for bound, share in ((found.half, 0.5), (found.most, 0.95)):
        if bound is None:
            assert not classes or sum(classes[:-1]) < share * sum(classes) or not sum(classes)
        else:
            under = sum(n for n, end in zip(classes, ends, strict=False) if end <= bound)
            assert under >= share * sum(classes) > 0


def test_the_index_holds_all_that_is_counted(sqlite_engine: Engine) -> None:
    """Without it every count would read the long replies."""
    plan: list[str] = []

    def explain(
        connection: object, cursor: object, statement: str, parameters: object, *_: object
    ) -> None:
        if "FROM turn" in statement and not statement.startswith("EXPLAIN"):
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[attr-defined]
            plan.extend(row[3] for row in cursor.fetchall() if " turn " in f"{row[3]} ")  # type: ignore[attr-defined]

    event.listen(sqlite_engine, "before_cursor_execute", explain)
    with sqlite_engine.connect() as connection:
        figures.count(connection, SINCE, UNTIL)
    assert len(plan) >= 4
    assert all("COVERING INDEX ix_turn_figures" in step for step in plan), plan
