"""Logging in: sessions that cannot be planted, guessed or outlived, and doors that close."""

from __future__ import annotations

import concurrent.futures
import os
import re
from collections.abc import Callable

import anyio
import httpx
import pytest
from sqlalchemy import delete, func, select

from bot.console import accounts, sessions
from bot.console.accounts import AccountRow
from bot.console.parts import ConsoleParts
from bot.console.security import COOKIE, Visitor, safe_return
from bot.console.sessions import SessionRow
from bot.console.throttle import Throttle, Tries
from tests.bot.console.desk import PASSWORD, Desk, Person


def open_sessions(desk: Desk) -> int:
    with desk.app.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(SessionRow)).scalar_one()


def inside(person: Person) -> bool:
    return person.get("/console/account", follow_redirects=False).status_code == 200


def test_in_and_out(desk: Desk) -> None:
    person = desk.stranger()
    wanted = person.get("/console/account?a=1")
    assert wanted.url.path == "/console/login"
    back = wanted.url.params["next"]
    assert back == "/console/account?a=1"
    entered = person.log_in("operator", back=back)
    assert str(entered.url) == f"{desk.url}{back}"
    token = person.cookies[COOKIE]
    left = person.submit("/console/logout")
    assert "已退出" in left.text
    assert COOKIE not in person.cookies
    person.cookies.set(COOKIE, token, domain="127.0.0.1", path="/console")
    assert not inside(person)
    assert [line.action for line in desk.audited(who="operator")] == ["logout", "login"]


def test_a_name_is_the_same_however_it_is_typed(desk: Desk) -> None:
    person = desk.stranger()
    assert person.log_in("  OPERATOR ").url.path != "/console/login"


def test_the_cookie_is_for_this_server_and_no_script(desk: Desk) -> None:
    person = desk.stranger()
    person.follow_redirects = False
    entered = person.log_in("operator")
    cookies = entered.headers.get_list("set-cookie")
    cookie = next(text for text in cookies if text.startswith(f"{COOKIE}="))
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/console"} <= parts
    assert "secure" not in parts  # the test's server has no TLS
    assert "no-store" in entered.headers["cache-control"]


def test_over_tls_the_cookie_is_secure(desk: Desk) -> None:
    async def log_in() -> list[str]:
        transport = httpx.ASGITransport(desk.web)
        async with httpx.AsyncClient(transport=transport, base_url="https://bot.example") as client:
            page = await client.get("/console/login")
            token = re.search(r'name="csrf" value="(\w+)"', page.text)
            assert token
            data = {"csrf": token[1], "name": "operator", "password": PASSWORD}
            entered = await client.post("/console/login", data=data)
            return [*page.headers.get_list("set-cookie"), *entered.headers.get_list("set-cookie")]

    made = [cookie for cookie in anyio.run(log_in) if "Max-Age=0" not in cookie]
    assert len(made) == 2
    assert all("; Secure" in cookie for cookie in made)


def test_a_session_that_was_planted_is_not_taken_over(desk: Desk) -> None:
    """Fixation: the token after the log-in is never the one from before."""
    planted = "chosen-by-a-stranger-chosen-by-a-stranger-1"
    person = desk.stranger()
    person.cookies.set(COOKIE, planted, domain="127.0.0.1", path="/console")
    person.log_in("operator")
    assert person.cookies.get(COOKIE, path="/console") != planted
    thief = desk.stranger()
    thief.cookies.set(COOKIE, planted, domain="127.0.0.1", path="/console")
    assert not inside(thief)


def test_logging_in_again_ends_the_session_from_before(desk: Desk) -> None:
    person = desk.logged_in("operator")
    before = person.cookies[COOKIE]
    person.log_in("supervisor")
    assert person.cookies[COOKIE] != before
    old = desk.stranger()
    old.cookies.set(COOKIE, before, domain="127.0.0.1", path="/console")
    assert not inside(old)
    assert open_sessions(desk) == 1


def test_only_a_hash_of_the_token_is_stored(desk: Desk) -> None:
    person = desk.logged_in("operator")
    with desk.app.engine.connect() as connection:
        stored = connection.execute(select(SessionRow.token_hash)).scalar_one()
        hashes = connection.execute(select(AccountRow.password_hash)).scalars().all()
    assert person.cookies[COOKIE] not in stored
    assert all(found.startswith("$argon2id$") for found in hashes)
    assert len(set(hashes)) == len(hashes)


def test_unused_for_too_long(desk: Desk) -> None:
    person = desk.logged_in("operator")
    desk.clock.forward(minutes=50)
    assert inside(person)
    desk.clock.forward(minutes=50)  # since it was last used
    assert inside(person)
    desk.clock.forward(minutes=61)
    assert not inside(person)


def test_no_use_keeps_a_session_for_ever(desk: Desk) -> None:
    person = desk.logged_in("operator")
    for _ in range(14):
        desk.clock.forward(minutes=50)
        assert inside(person)
    desk.clock.forward(minutes=50)  # twelve and a half hours in all
    assert not inside(person)
    desk.logged_in("supervisor").submit("/console/logout")
    desk.stranger().log_in("operator")
    assert open_sessions(desk) == 1  # what is past its time is gone at the next log-in


def test_a_disabled_account_is_out_at_once(desk: Desk) -> None:
    person = desk.logged_in("operator")
    with desk.app.engine.begin() as connection:  # without ending its sessions
        account = accounts.named(connection, "operator")
        assert account is not None
        accounts.disable(connection, account, desk.clock())
    assert not inside(person)
    refused = desk.stranger().log_in("operator")
    assert refused.status_code == 403
    assert "账号或密码不对" in refused.text


def test_what_stays_open_for_long_learns_that_it_is_over(desk: Desk) -> None:
    """As a stream of events asks now and then."""

    def visitor() -> Visitor:
        token = desk.logged_in("operator").cookies[COOKIE]
        with desk.app.engine.connect() as connection:
            found = sessions.find(connection, token, desk.clock(), parts.lifetime)
        assert found is not None
        return Visitor(found[1], found[0].pk, token, parts)

    parts = ConsoleParts(desk.app)
    boss, address = desk.logged_in("administrator"), f"/console/people/{desk.pk('operator')}"
    endings: tuple[Callable[[Visitor], object], ...] = (
        lambda _v: boss.submit(f"{address}/role", role="supervisor"),
        lambda v: boss.submit(f"{address}/sessions/{v.session}/end"),
        lambda _v: boss.submit(f"{address}/disable"),
    )
    for end in endings:
        boss.submit(f"{address}/role", role="operator")
        watching = visitor()
        assert anyio.run(watching.still_open)
        end(watching)
        assert not anyio.run(watching.still_open)


def test_unknown_account_wrong_password_and_disabled_look_the_same(desk: Desk) -> None:
    desk.add("gone")
    desk.logged_in("administrator").submit(f"/console/people/{desk.pk('gone')}/disable")

    def shown(name: str, password: str) -> tuple[int, str]:
        answer = desk.stranger().log_in(name, password)
        text = re.sub(r' value="[^"]*"| autofocus', "", answer.text)
        return answer.status_code, text

    pages = {
        shown("operator", "wrong password"),
        shown("nobody-at-all", "wrong password"),
        shown("gone", PASSWORD),
        shown("", ""),
        shown("operator", ""),
    }
    assert len(pages) == 1
    assert pages.pop()[0] == 403


def test_what_was_typed_as_an_unknown_name_is_not_written_down(desk: Desk) -> None:
    desk.stranger().log_in("my-secret-password-1", "x")
    (line,) = desk.audited(action="login_failed")
    assert line.who == ""
    assert line.about == "address:127.0.0.1"
    assert "my-secret" not in str(desk.audited())


def test_five_failures_close_the_account_to_this_address(desk: Desk) -> None:
    person = desk.stranger()
    for _ in range(5):
        assert person.log_in("operator", "wrong").status_code == 403
    closed = person.log_in("operator")  # the right password is not even looked at
    assert closed.status_code == 429
    assert 1 <= int(closed.headers["retry-after"]) <= 15 * 60
    assert "试的次数太多了" in closed.text
    assert COOKIE not in person.cookies
    assert desk.stranger().log_in("Operator").status_code == 429  # nor by another spelling
    assert desk.stranger().log_in("supervisor").status_code == 200  # colleagues come in
    (line,) = desk.audited(action="login_throttled")
    assert line.who == "operator"


def test_a_crowd_gets_no_more_tries_than_one(desk: Desk) -> None:
    def attempt(_number: int) -> int:
        return desk.stranger().log_in("operator", "wrong").status_code

    with concurrent.futures.ThreadPoolExecutor(12) as crowd:
        statuses = list(crowd.map(attempt, range(24)))
    assert statuses.count(403) <= 6  # two doors: one may slip in beside the fifth
    assert set(statuses) == {403, 429}


def test_success_forgives_what_was_mistyped(desk: Desk) -> None:
    person = desk.stranger()
    for _ in range(2):
        for _ in range(4):
            person.log_in("operator", "wrong")
        assert person.log_in("operator").status_code == 200
        person.submit("/console/logout")


@pytest.mark.parametrize(
    "redis_url", ["", pytest.param("redis", marks=pytest.mark.redis)], ids=["alone", "redis"]
)
def test_the_three_windows(redis_url: str) -> None:
    if redis_url:
        redis_url = os.environ.get("ANXIN_TEST_REDIS_URL", "")
        if not redis_url:
            pytest.skip("ANXIN_TEST_REDIS_URL is not set")
    tries = Tries("2/minute", "4/minute", "6/minute")
    throttle = Throttle(tries, redis_url)
    salt = os.urandom(8).hex()

    def name(text: str) -> str:
        return f"{text}-{salt}"

    for _ in range(2):
        assert throttle.wait_s(name("a"), name("here")) == 0
        throttle.failed(name("a"), name("here"))
    assert 0 < throttle.wait_s(name("a"), name("here")) <= 60
    assert throttle.wait_s(name("a"), name("there")) == 0
    assert throttle.wait_s(name("b"), name("here")) == 0
    throttle.failed(name("b"), name("here"))
    throttle.failed(name("c"), name("here"))
    assert throttle.wait_s(name("d"), name("here")) > 0  # four from one address
    for place in "1234":
        throttle.failed(name("a"), name(place))
    assert throttle.wait_s(name("a"), name("elsewhere")) > 0  # six on one account
    throttle.succeeded(name("b"), name("here"))
    assert throttle.wait_s(name("b"), name("there")) == 0


def test_a_redis_that_is_gone_leaves_the_door_with_its_own_count() -> None:
    throttle = Throttle(Tries("1/minute"), "redis://127.0.0.1:1/0")
    assert throttle.wait_s("a", "here") == 0
    throttle.failed("a", "here")
    assert throttle.wait_s("a", "here") > 0


def test_the_form_needs_its_own_token(desk: Desk) -> None:
    person = desk.stranger()
    good = {"name": "operator", "password": PASSWORD}
    without = person.post("/console/login", data=good)
    assert without.status_code == 403
    assert "请再试一次" in without.text
    token = person.token("/console/login")
    elsewhere = desk.stranger()
    elsewhere.get("/console/login")
    assert elsewhere.post("/console/login", data=good | {"csrf": token}).status_code == 403
    empty = desk.stranger()  # without the cookie, the token of an empty one must not do
    forged = good | {"csrf": sessions.csrf_of("")}
    assert empty.post("/console/login", data=forged).status_code == 403
    other_site = person.post(
        "/console/login", data=good | {"csrf": token}, headers={"origin": "https://evil.example"}
    )
    assert other_site.status_code == 403
    assert open_sessions(desk) == 0


def test_without_any_account_the_page_says_how_to_make_one(desk: Desk) -> None:
    assert "anxin user add" not in desk.stranger().get("/console/login").text
    with desk.app.engine.begin() as connection:
        connection.execute(delete(AccountRow))
    page = desk.stranger().get("/console").text
    assert "anxin user add 账号名 --role administrator" in page
    assert "还没有任何账号" in page


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/console/people?x=1&y=2", "/console/people?x=1&y=2"),
        ("/console/library/changzhi/三/15", "/console/library/changzhi/三/15"),
        ("", "/console/"),
        ("https://evil.example/console/", "/console/"),
        ("//evil.example/console/", "/console/"),
        ("/\\evil.example", "/console/"),
        ("/console//evil.example", "/console/"),
        ("/console/../../evil", "/console/"),
        ("/console/\\evil", "/console/"),
        ("/console/%0d%0aSet-Cookie", "/console/%0d%0aSet-Cookie"),
        ("/console/\r\nSet-Cookie: x=1", "/console/"),
        ("javascript:alert(1)", "/console/"),
        ("/", "/console/"),
        ("/consoles", "/console/"),
        ("/console/login?next=/console/login", "/console/"),
    ],
)
def test_after_the_log_in_one_stays_here(path: str, target: str) -> None:
    assert safe_return(path) == target


def test_the_log_in_page_keeps_no_strangers_address(shared_desk: Desk) -> None:
    page = shared_desk.stranger().get("/console/login", params={"next": "//evil.example/x"})
    assert "evil.example" not in page.text


def test_a_log_in_goes_on_while_the_database_is_asked_by_another(desk: Desk) -> None:
    """Checking a password holds no transaction: others write meanwhile."""
    person = desk.stranger()
    with desk.app.engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA query_only=0")
        assert person.get("/console/login").status_code == 200


def test_a_form_sent_too_late_leads_back_to_its_page(desk: Desk) -> None:
    person = desk.logged_in("operator")
    data = {"csrf": person.csrf, "text": "x"}
    desk.clock.forward(hours=13)

    def leads_to(referer: str) -> str:
        headers = {"referer": referer}
        sent = person.post(
            "/console/conversations/1/note", data=data, headers=headers, follow_redirects=False
        )
        assert sent.status_code == 303
        return sent.headers["location"]

    back = leads_to(f"{desk.url}/console/conversations/1?done=x")
    assert back == "/console/login?next=/console/conversations/1"
    for elsewhere in ("", "https://elsewhere.example/console/people", "//x", f"{desk.url}/"):
        assert leads_to(elsewhere) == "/console/login"
