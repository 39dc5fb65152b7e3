"""The audit: what is in it, what never is, and how it is searched and taken out."""

from __future__ import annotations

import csv
import datetime as dt
import io
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, delete, insert, select, update

from bot.console import audit
from bot.console.audit import Audit, AuditHeadRow, AuditRow, Search
from bot.console.wording import table
from bot.sealing import Seal
from tests.bot.console.desk import PASSWORD, Desk
from tests.bot.serving import NOW, SEAL_KEY


@pytest.fixture
def book(tmp_path: Path) -> Audit:
    return Audit(Seal(SEAL_KEY), tmp_path / "anchor")


def test_what_one_does_is_written_down(desk: Desk) -> None:
    boss = desk.stranger()
    boss.log_in("administrator", "wrong")
    boss.log_in("administrator")
    boss.submit("/console/people", name="new", label="新人", role="operator")
    boss.submit(f"/console/people/{desk.pk('new')}/disable")
    boss.submit(f"/console/people/{desk.pk('new')}/enable")
    boss.get("/console/audit/export")
    boss.submit("/console/logout")
    lines = [(line.who, line.action, line.about) for line in reversed(desk.audited())]
    assert lines == [
        ("administrator", "login_failed", "address:127.0.0.1"),
        ("administrator", "login", "address:127.0.0.1"),
        ("administrator", "account_added", "account:new"),
        ("administrator", "account_disabled", "account:new"),
        ("administrator", "account_enabled", "account:new"),
        ("administrator", "audit_exported", "period:…/…"),
        ("administrator", "logout", None),
    ]
    assert PASSWORD not in str(lines)


def test_an_act_and_its_line_are_written_together(desk: Desk) -> None:
    boss = desk.logged_in("administrator")
    with desk.app.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE audit RENAME TO away")
    pk = desk.pk("operator")
    assert boss.submit(f"/console/people/{pk}/disable").status_code == 503
    with desk.app.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO audit")
    assert "正常" in boss.get(f"/console/people/{pk}").text


def test_a_code_that_nobody_can_read_is_refused(engine: Engine, book: Audit) -> None:
    with engine.begin() as connection:
        with pytest.raises(ValueError, match="no such action"):
            book.record(connection, NOW, "x", "did_something")
        for about in ("conversation", "citizen:17", ""):
            with pytest.raises(ValueError, match="no such kind"):
                book.record(connection, NOW, "x", "login", about)


def test_a_number_that_slips_in_is_taken_out(engine: Engine, book: Audit) -> None:
    with engine.begin() as connection:
        book.record(connection, NOW, "x", "login", "permit:440105199001011234")
        book.record(connection, NOW, "x", "login", "permit:…8801")
        lines = audit.search(connection, Search(), 10)
    assert [line.about for line in lines] == ["permit:…8801", "permit:〔身份证号〕"]


def test_search(engine: Engine, book: Audit) -> None:
    days = [NOW + dt.timedelta(days=day) for day in range(4)]
    with engine.begin() as connection:
        for day in days:
            for who in ("a", "b"):
                book.record(connection, day, who, "login")
                book.record(connection, day, who, "role_changed", "account:x_1")
                book.record(connection, day, who, "role_changed", "account:xy1")

        def found(limit: int = 100, before: int | None = None, **wanted: object) -> list[int]:
            lines = audit.search(connection, Search(**wanted), limit, before)  # type: ignore[arg-type]
            assert [line.pk for line in lines] == sorted((li.pk for li in lines), reverse=True)
            return [line.pk for line in lines]

        assert len(found()) == 24
        assert len(found(who="a")) == 12
        assert len(found(who="A")) == 0
        assert len(found(action="login", who="b")) == 4
        assert len(found(about="account:x")) == 16
        assert len(found(about="account:x_1")) == 8  # _ is no joker
        assert len(found(about="%")) == 0
        assert len(found(since=days[1], until=days[3])) == 12
        first = found(limit=10)
        assert found(limit=10, before=first[-1])[0] < first[-1]
        everything = [line.pk for line in audit.everything(connection, Search())]
        assert everything == sorted(found())


def _edit(connection: Connection) -> None:
    connection.execute(update(AuditRow).where(AuditRow.seq == 4).values(who="somebody"))


def _when(connection: Connection) -> None:
    at = NOW + dt.timedelta(seconds=1)
    connection.execute(update(AuditRow).where(AuditRow.seq == 4).values(at=at))


def _delete(connection: Connection) -> None:
    connection.execute(delete(AuditRow).where(AuditRow.seq == 4))


def _unchain(connection: Connection) -> None:
    connection.execute(update(AuditRow).where(AuditRow.seq == 10).values(seq=None))


def _add(connection: Connection) -> None:
    connection.execute(insert(AuditRow).values(at=NOW, who="b", action="login"))


def _cut_tail_and_head(connection: Connection) -> None:
    connection.execute(delete(AuditRow).where(AuditRow.seq > 8))
    link = connection.execute(select(AuditRow.link).where(AuditRow.seq == 8)).scalar_one()
    connection.execute(update(AuditHeadRow).values(seq=8, link=link))


def _empty(connection: Connection) -> None:
    connection.execute(delete(AuditRow))
    connection.execute(update(AuditHeadRow).values(seq=0, link="0" * 64))


@pytest.mark.parametrize(
    "harm", [_edit, _when, _delete, _unchain, _add, _cut_tail_and_head, _empty]
)
def test_harm_is_found(engine: Engine, book: Audit, harm: Callable[[Connection], None]) -> None:
    with engine.begin() as connection:
        for _ in range(10):
            book.record(connection, NOW, "a", "login", "address:192.0.2.7")
    book.anchor(engine)
    assert book.problems(engine) == []
    with engine.begin() as connection:
        harm(connection)
    assert book.problems(engine)


def test_lines_of_before_there_was_a_chain_are_let_be(engine: Engine, book: Audit) -> None:
    with engine.begin() as connection:
        _add(connection)
        book.record(connection, NOW, "a", "login")
    book.anchor(engine)
    assert book.problems(engine) == []


def test_many_write_one_chain(engine: Engine, book: Audit) -> None:
    def write() -> None:
        for _ in range(5):
            with engine.begin() as connection:
                book.record(connection, NOW, "a", "login")

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    book.anchor(engine)
    assert book.problems(engine) == []
    with engine.connect() as connection:
        assert len(audit.search(connection, Search(), 100)) == 30


def test_the_page_says_whether_the_record_is_whole(desk: Desk) -> None:
    person = desk.logged_in("supervisor")
    with desk.app.engine.begin() as connection:
        for _ in range(5):
            desk.app.audit.record(connection, NOW, "a", "login")
    desk.app.audit.anchor(desk.app.engine)
    assert "也没有少" not in person.get("/console/audit").text
    assert "也没有少" in person.get("/console/audit?check=1").text
    with desk.app.engine.begin() as connection:
        _edit(connection)
    assert "被改过或者删过" in person.get("/console/audit?check=1").text


def test_the_page_finds_by_person_act_and_day(desk: Desk) -> None:
    with desk.app.engine.begin() as connection:
        for hour in (15, 17):  # 23:00 on the 21st, 01:00 on the 22nd in China
            at = dt.datetime(2026, 11, 21, hour, tzinfo=dt.UTC)
            desk.app.audit.record(connection, at, f"at{hour}", "login")
    person = desk.logged_in("supervisor")

    def shown(**asked: str) -> list[str]:
        text = person.get("/console/audit", params=asked).text
        body = text.split("<tbody>")[1] if "<tbody>" in text else ""
        return [name for name in ("at15", "at17") if f"<td>{name}</td>" in body]

    assert shown() == ["at15", "at17"]
    assert shown(until="2026-11-21") == ["at15"]
    assert shown(since="2026-11-22") == ["at17"]
    assert shown(who="at17") == ["at17"]
    assert shown(action="logout") == []
    assert "2026-11-22 01:00" in person.get("/console/audit").text
    wrong = person.get("/console/audit", params={"since": "2026-11-22", "until": "2026-11-21"})
    assert wrong.status_code == 422


def test_older_lines_are_a_page_away(desk: Desk) -> None:
    with desk.app.engine.begin() as connection:
        for number in range(120):
            desk.app.audit.record(connection, NOW, "many", "role_changed", f"account:n{number}.")
    person = desk.logged_in("supervisor")
    path, seen = "/console/audit?who=many", []
    while path:
        text = person.get(path).text
        seen += [part.split("<")[0] for part in text.split(">账号 n")[1:]]
        link = text.split('href="/console/audit?who=many&amp;before=')
        path = f"/console/audit?who=many&before={link[1].split(chr(34))[0]}" if link[1:] else ""
    assert seen == [f"{number}." for number in reversed(range(120))]


def test_the_export_is_the_search_as_a_table(desk: Desk) -> None:
    with desk.app.engine.begin() as connection:
        desk.app.audit.record(connection, NOW, "=cmd|x", "login", "account:a,b")
        desk.app.audit.record(connection, NOW, "other", "logout")
    person = desk.logged_in("supervisor")
    page = person.get("/console/audit", params={"action": "login"}).text
    link = page.split('href="/console/audit/export')[1].split('"')[0].replace("&amp;", "&")
    sent = person.get(f"/console/audit/export{link}")
    assert sent.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in sent.headers["content-disposition"]
    assert sent.content.startswith(b"\xef\xbb\xbf")  # or Excel shows garbage
    rows = list(csv.reader(io.StringIO(sent.content.decode("utf-8-sig"))))
    assert rows == [
        ["时间", "谁", "做了什么", "对象"],
        ["2026-11-21 16:00", "'=cmd|x", "登录", "账号 a,b"],  # no formula for a table program
    ]


def test_every_action_and_kind_has_words() -> None:
    for kind in ("action", "about"):
        assert all(word and not word.isascii() for word in table(kind).values())
