"""The page of figures: what it shows, to whom, and its tables as CSV."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re

import pytest
from sqlalchemy import insert

from bot.console.charts import by_day, lying
from bot.console.period import last_days, parse_period
from bot.conversations.rows import ConversationRow
from bot.handover.rows import HandoverRow
from dialogs.reply import Message
from tests.bot.console.desk import Desk
from tests.bot.serving import NOW

FIGURES = "/console/figures"
SHEETS = (
    "days", "statuses", "topics", "regions", "channels", "response", "waiting", "ratings",
    "permits", "unanswered",
)  # fmt: skip


def asked(desk: Desk) -> None:
    for person, text in enumerate(("星级怎么评", "今天天气", "=1+1是什么", "<b>星级</b>几年")):
        desk.app.inbox.handle(Message(text, f"c{person}", "m", "web" if person else "wechat"))


def table_of(desk: Desk, name: str, role: str = "supervisor", query: str = "") -> list[list[str]]:
    answer = desk.logged_in(role).get(f"{FIGURES}/{name}.csv?{query}")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith("\ufeff".encode())
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def test_the_page_shows_every_sheet(desk: Desk) -> None:
    person = desk.logged_in("supervisor")
    empty = person.get(FIGURES)
    assert empty.status_code == 200
    assert empty.text.count("这段时间没有。") == len(SHEETS) - 1  # days are days
    asked(desk)
    page = person.get(FIGURES).text
    assert "<b>4</b> 个会话" in page
    assert re.findall(r'id="sheet-(\w+)"', page) == list(SHEETS)
    assert page.count('role="img"') == 6
    assert "style=" not in page
    only = person.get(f"{FIGURES}?channel=wechat").text
    assert "<b>1</b> 个会话" in only


def test_every_sheet_is_a_table_to_download(desk: Desk) -> None:
    asked(desk)
    for name in SHEETS:
        rows = table_of(desk, name)
        assert len({len(row) for row in rows}) == 1
    assert table_of(desk, "channels") == [
        ["渠道", "问话", "占比"], ["网页", "3", "75.0%"], ["微信", "1", "25.0%"]
    ]  # fmt: skip
    days = table_of(desk, "days", query="since=2026-11-20&until=2026-11-21")
    assert days == [["日期", "问话", "会话"], ["2026-11-20", "0", "0"], ["2026-11-21", "4", "4"]]
    line = desk.audited(action="figures_exported")[0]
    assert line.about == "period:2026-11-20/2026-11-21 days"


def test_what_does_not_exist(shared_desk: Desk) -> None:
    person = shared_desk.logged_in("supervisor")
    assert person.get(f"{FIGURES}/passwords.csv").status_code == 404
    assert person.get(f"{FIGURES}/days.csv?since=x").status_code == 422
    assert person.get(f"{FIGURES}?since=2026-12-01&until=2026-11-01").status_code == 422
    assert person.get(f"{FIGURES}?channel=%00'--").status_code == 200


def test_permit_checks_are_counted_by_outcome_only(desk: Desk) -> None:
    """Without a registry there is nothing to count, and the page says so."""
    assert table_of(desk, "permits") == [["结果", "次数", "占比"]]


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        ("", "", 30),
        ("2026-11-21", "2026-11-21", 1),
        ("2026-11-22", "2026-11-21", None),
        ("1999-12-31", "2026-11-21", None),
        ("2010-01-01", "2026-11-21", None),
        ("9999-12-31", "9999-12-31", None),
        ("", "0001-01-01", None),
        ("gestern", "", None),
    ],
)
def test_periods(first: str, last: str, days: int | None) -> None:
    period = parse_period(first, last, NOW)
    assert (len(period.days) if period else None) == days


def test_a_day_begins_at_midnight_in_china() -> None:
    period = last_days(dt.datetime(2026, 11, 20, 17, 0, tzinfo=dt.UTC), 1)
    assert period.first == dt.date(2026, 11, 21)
    assert period.since == dt.datetime(2026, 11, 20, 16, 0, tzinfo=dt.UTC)
    assert period.until - period.since == dt.timedelta(days=1)


def test_charts_stay_in_their_frame() -> None:
    chart = lying([("一", 0), ("二", 7), ("三", 1_000_000)])
    assert chart.bars[0].width == 0
    assert all(bar.x + bar.width + 60 <= chart.width for bar in chart.bars)
    days = [(dt.date(2026, 1, 1) + dt.timedelta(days=n), n) for n in range(365)]
    for rows in (days, days[:1], [], [(days[0][0], 0)]):
        drawn = by_day(rows)
        assert len(drawn.bars) == len(rows)
        assert all(bar.y >= 0 and bar.height >= 0 for bar in drawn.bars)
        assert all(bar.x + bar.width <= drawn.width for bar in drawn.bars)
        assert len(drawn.under) <= 8


def test_times_are_told_to_a_tenth_of_a_second(desk: Desk) -> None:
    with desk.app.engine.begin() as connection:
        pk = connection.execute(
            insert(ConversationRow)
            .values(channel="web", id="waits", memory="{}", updated_at=NOW)
            .returning(ConversationRow.pk)
        ).scalar_one()
        taken = NOW + dt.timedelta(seconds=5.40521)
        connection.execute(
            insert(HandoverRow).values(
                conversation_pk=pk, state="closed", reason="asked", asked_at=NOW, taken_at=taken
            )
        )
    asked(desk)
    page = desk.logged_in("supervisor").get(FIGURES).text
    assert "<b>5.4秒</b> 等人工（一半的人更短）" in page
    assert re.search(r"<b>[\d.]+秒</b> 答一句（一半的话更快）", page)
