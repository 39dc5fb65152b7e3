"""One's own account: the password, and where one is logged in."""

from __future__ import annotations

import pytest

from bot.console.security import COOKIE
from tests.bot.console.desk import PASSWORD, Desk, Person

NEW = "another kettle 2"


def inside(person: Person) -> bool:
    return person.get("/console/account", follow_redirects=False).status_code == 200


def change(
    person: Person, current: str = PASSWORD, new: str = NEW, again: str | None = None
) -> tuple[int, str]:
    answer = person.submit(
        "/console/account/password", current=current, new=new, again=new if again is None else again
    )
    return answer.status_code, answer.text


def test_a_changed_password(desk: Desk) -> None:
    person, elsewhere = desk.logged_in("operator"), desk.logged_in("operator")
    before = person.cookies[COOKIE]
    status, text = change(person)
    assert status == 200
    assert "密码已换好" in text
    assert person.cookies[COOKIE] != before
    assert inside(person)
    assert not inside(elsewhere)  # whoever knew the old one is out
    thief = desk.stranger()
    thief.cookies.set(COOKIE, before, domain="127.0.0.1", path="/console")
    assert not inside(thief)
    assert desk.stranger().log_in("operator").status_code == 403
    assert desk.stranger().log_in("operator", NEW).status_code == 200
    (line,) = desk.audited(action="password_changed")
    assert line.who == "operator"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"current": "wrong"}, "现在的密码不对"),
        ({"again": "another kettle 3"}, "两次输入的新密码不一样"),
        ({"new": PASSWORD}, "新密码不能和现在的一样"),
        ({"new": "short"}, "至少要10个字"),
        ({"new": "operator2026"}, "密码里不能有账号名"),
        ({"new": "1234567890"}, "太容易猜到"),
        ({"new": "x7" * 70}, "最多128个字"),
    ],
)
def test_what_will_not_do(shared_desk: Desk, given: dict[str, str], said: str) -> None:
    person = shared_desk.logged_in("operator")
    status, text = change(person, **given)
    assert status == 422
    assert said in text
    assert "kettle" not in text  # no password comes back
    assert inside(person)


def test_a_browser_left_open_is_no_place_to_guess(desk: Desk) -> None:
    person = desk.logged_in("operator")
    for _ in range(5):
        assert change(person, current="wrong")[0] == 422
    assert change(person)[0] == 422
    assert desk.stranger().log_in("operator").status_code == 200  # and locks nobody out


def test_sessions_are_listed_and_ended(desk: Desk) -> None:
    person = desk.stranger()
    chrome = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"
    person.headers["user-agent"] = chrome
    person.log_in("operator")
    others = [desk.logged_in("operator") for _ in range(3)]
    page = person.get("/console/account").text
    assert page.count("让它退出<") == 3
    assert "Chrome浏览器，Windows" in page
    assert "127.0.0.1" in page
    number = page.split("/console/account/sessions/")[1].split("/")[0]
    ended = person.submit(f"/console/account/sessions/{number}/end")
    assert "那台设备已退出" in ended.text
    assert [inside(other) for other in others].count(False) == 1
    person.submit("/console/account/sessions/end-others")
    assert not any(inside(other) for other in others)
    assert inside(person)
    assert len(desk.audited(action="session_ended", about="account:operator")) == 2


def test_nobody_ends_a_colleagues_session(desk: Desk) -> None:
    colleague = desk.logged_in("supervisor")
    person = desk.logged_in("operator")
    for number in range(1, 5):
        if number != 2:  # the own one
            person.submit(f"/console/account/sessions/{number}/end")
    assert inside(colleague)
    assert not desk.audited(action="session_ended")


def test_a_one_time_password_opens_nothing_but_the_change(desk: Desk) -> None:
    boss = desk.logged_in("administrator")
    shown = boss.submit("/console/people", name="new.one", label="新来的", role="supervisor").text
    once = shown.split("<code>")[1].split("<")[0]
    person = desk.stranger()
    entered = person.log_in("new.one", once, back="/console/audit")
    assert entered.url.path == "/console/account"
    assert "一次性密码" in entered.text
    for path in ("/console", "/console/audit"):
        assert person.get(path).url.path == "/console/account"
    script = person.get("/console/audit", headers={"accept": "application/json"})
    assert script.status_code == 403
    assert "<nav" not in entered.text
    assert change(person, current=once)[0] == 200
    assert person.get("/console/audit").url.path == "/console/audit"


def test_a_one_time_password_is_good_for_three_days(desk: Desk) -> None:
    boss = desk.logged_in("administrator")
    shown = boss.submit("/console/people", name="late", label="迟到的", role="operator").text
    once = shown.split("<code>")[1].split("<")[0]
    desk.clock.forward(days=3)
    assert desk.stranger().log_in("late", once).status_code == 403
