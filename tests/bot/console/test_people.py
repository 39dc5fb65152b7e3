"""The administrator's page: adding, changing, disabling; and names that are meant to do harm."""

from __future__ import annotations

import pytest

from tests.bot.console.desk import PASSWORD, Desk, Person

EVIL = "<script>alert(1)</script>"
EVIL_ATTRIBUTE = '"><img src=x onerror=alert(1)>'


def inside(person: Person) -> bool:
    return person.get("/console/account", follow_redirects=False).status_code == 200


def test_a_person_is_added(desk: Desk) -> None:
    boss = desk.logged_in("administrator")
    added = boss.submit("/console/people", name=" Wang.Li ", label="王丽", role="editor")
    assert added.status_code == 200
    assert "王丽的一次性密码" in added.text
    listed = boss.get("/console/people").text
    assert "wang.li" in listed
    assert "等本人换密码" in listed
    once = added.text.split("<code>")[1].split("<")[0]
    assert once not in listed
    assert once not in boss.get(f"/console/people/{desk.pk('wang.li')}").text
    (line,) = desk.audited(action="account_added")
    assert (line.who, line.about) == ("administrator", "account:wang.li")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "x"}, "账号要2到40个字"),
        ({"name": ""}, "账号要2到40个字"),
        ({"name": "two words"}, "账号要2到40个字"),
        ({"name": EVIL}, "账号要2到40个字"),
        ({"name": "a" * 41}, "账号要2到40个字"),
        ({"name": "OPERATOR"}, "已经有这个账号了"),
        ({"name": "ｏｐｅｒａｔｏｒ"}, "已经有这个账号了"),
        ({"label": " "}, "姓名要1到40个字"),
        ({"label": "名" * 41}, "姓名要1到40个字"),
        ({"label": "a\nb"}, "姓名要1到40个字"),
        ({"role": "king"}, "没有这个角色"),
        ({"role": ""}, "没有这个角色"),
    ],
)
def test_who_will_not_do(shared_desk: Desk, given: dict[str, str], said: str) -> None:
    boss = shared_desk.logged_in("administrator")
    good = {"name": "somebody", "label": "某人", "role": "operator"}
    refused = boss.submit("/console/people", **(good | given))
    assert refused.status_code == 422
    assert said in refused.text
    assert EVIL not in refused.text
    assert "所有账号（4）" in refused.text


def test_a_role_is_changed_at_once(desk: Desk) -> None:
    boss, person = desk.logged_in("administrator"), desk.logged_in("operator")
    assert person.get("/console/audit").status_code == 403
    changed = boss.submit(f"/console/people/{desk.pk('operator')}/role", role="supervisor")
    assert "角色已改" in changed.text
    assert person.get("/console/audit").status_code == 200
    (line,) = desk.audited(action="role_changed")
    assert line.about == "account:operator"


def test_disabled_and_enabled(desk: Desk) -> None:
    boss, person = desk.logged_in("administrator"), desk.logged_in("operator")
    address = f"/console/people/{desk.pk('operator')}"
    assert "账号已停用" in boss.submit(f"{address}/disable").text
    assert not inside(person)
    assert desk.stranger().log_in("operator").status_code == 403
    assert "账号已启用" in boss.submit(f"{address}/enable").text
    assert not inside(person)  # the old session does not come back
    assert desk.stranger().log_in("operator").status_code == 200


def test_a_reset_password_ends_the_sessions(desk: Desk) -> None:
    boss, person = desk.logged_in("administrator"), desk.logged_in("operator")
    shown = boss.submit(f"/console/people/{desk.pk('operator')}/password").text
    assert not inside(person)
    assert desk.stranger().log_in("operator", PASSWORD).status_code == 403
    once = shown.split("<code>")[1].split("<")[0]
    assert desk.stranger().log_in("operator", once).url.path == "/console/account"
    assert desk.audited(action="password_reset")[0].about == "account:operator"


def test_a_colleagues_session_is_ended(desk: Desk) -> None:
    boss, person = desk.logged_in("administrator"), desk.logged_in("operator")
    address = f"/console/people/{desk.pk('operator')}"
    number = boss.get(address).text.split("/sessions/")[1].split("/")[0]
    assert "那台设备已退出" in boss.submit(f"{address}/sessions/{number}/end").text
    assert not inside(person)


def test_the_last_administrator_stays(desk: Desk) -> None:
    boss = desk.logged_in("administrator")
    own = f"/console/people/{desk.pk('administrator')}"
    for path, fields in ((f"{own}/disable", {}), (f"{own}/role", {"role": "operator"})):
        refused = boss.submit(path, **fields)
        assert refused.status_code == 422
        assert "不能停用自己" in refused.text
    second = desk.add("second", "administrator")
    assert boss.submit(f"/console/people/{second}/disable").status_code == 200
    boss.submit(f"/console/people/{second}/enable")
    colleague = desk.logged_in("second")
    assert colleague.submit(f"{own}/role", role="operator").status_code == 200
    assert boss.get("/console/people").status_code == 403
    third = desk.add("third", "administrator")
    boss_again = desk.logged_in("third")
    boss_again.submit(f"/console/people/{second}/disable")
    assert not inside(colleague)
    assert boss_again.submit(f"/console/people/{third}/disable").status_code == 422


def test_a_name_that_would_be_a_script_is_only_text(desk: Desk) -> None:
    """Stored XSS through what one person fills in and another looks at."""
    boss = desk.logged_in("administrator")
    for number, label in enumerate((EVIL, EVIL_ATTRIBUTE, "{{ 7*7 }}", "' onfocus='x")):
        added = boss.submit("/console/people", name=f"evil{number}", label=label, role="operator")
        assert added.status_code == 200
        person = desk.logged_in(f"evil{number}")
        pages = (
            added.text,
            boss.get("/console/people").text,
            boss.get(f"/console/people/{desk.pk(f'evil{number}')}").text,
            boss.get("/console/audit").text,
            person.get("/console/account").text,
        )
        for text in pages:
            assert "<script>alert" not in text
            assert "<img" not in text
            assert "onfocus='" not in text
            assert "49" not in text.split("csrf-token")[0]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in boss.get("/console/people").text
    assert "{{ 7*7 }}" in boss.get("/console/people").text


def test_what_a_browser_says_of_itself_is_only_text(desk: Desk) -> None:
    person = desk.stranger()
    person.headers["user-agent"] = EVIL
    person.log_in("operator")
    page = person.get("/console/account").text
    assert EVIL not in page
    assert "其他浏览器，其他设备" in page
