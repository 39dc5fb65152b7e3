"""Who may send a form: the session's own pages, and nobody else's."""

from __future__ import annotations

import pytest

from tests.bot.console.desk import Desk

POST = "/console/account/sessions/end-others"


def test_a_token_in_the_form_or_in_the_header(shared_desk: Desk) -> None:
    person = shared_desk.logged_in("operator")
    assert person.submit(POST).status_code == 200
    headed = person.post(POST, headers={"x-csrf-token": person.csrf}, json={})
    assert headed.status_code == 200
    multipart = person.post(POST, files={"csrf": (None, person.csrf)})
    assert multipart.status_code == 200


@pytest.mark.parametrize("kind", ["missing", "empty", "wrong", "of another session"])
def test_other_tokens_are_refused(shared_desk: Desk, kind: str) -> None:
    person, colleague = shared_desk.logged_in("operator"), shared_desk.logged_in("operator")
    token = {"empty": "", "wrong": "é" * 64, "of another session": colleague.csrf}.get(kind)
    refused = person.post(POST, data={} if token is None else {"csrf": token})
    assert refused.status_code == 403
    assert "页面放得太久" in refused.text
    assert colleague.get("/console/account", follow_redirects=False).status_code == 200


def test_a_file_is_no_token(shared_desk: Desk) -> None:
    person = shared_desk.logged_in("operator")
    assert person.post(POST, files={"csrf": ("csrf.txt", person.csrf)}).status_code == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ""}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({}, 200),
    ],
)
def test_where_the_form_comes_from(shared_desk: Desk, headers: dict[str, str], status: int) -> None:
    person = shared_desk.logged_in("operator")
    assert person.post(POST, data={"csrf": person.csrf}, headers=headers).status_code == status


def test_the_own_origin_is_let_in(shared_desk: Desk) -> None:
    person = shared_desk.logged_in("operator")
    sent = person.post(POST, data={"csrf": person.csrf}, headers={"origin": shared_desk.url})
    assert sent.status_code == 200


def test_headers_as_strict_as_elsewhere_but_for_forms(shared_desk: Desk) -> None:
    page = shared_desk.stranger().get("/console/login")
    chat = shared_desk.stranger().get("/")
    console = set(page.headers["content-security-policy"].split("; "))
    assert "form-action 'self'" in console
    assert "form-action 'none'" in chat.headers["content-security-policy"]
    for rule in ("default-src 'none'", "script-src 'self'", "style-src 'self'"):
        assert rule in console
    assert {"base-uri 'none'", "frame-ancestors 'none'"} <= console
    assert "unsafe" not in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/console/nothing-here", 404, "没有这个页面"),
        ("/console/people/99999", 404, "没有这个页面"),
        ("/console/people/abc", 422, "填的内容不对"),
        ("/console/people/99999999999999999999", 422, "填的内容不对"),
        ("/console/audit?before=-1", 422, "填的内容不对"),
        ("/console/audit?since=2026-99-99", 422, "日期不对"),
        ("/console/audit/export?since=yesterday", 422, "日期不对"),
        ("/console/logout", 405, "这样打不开"),
        ("/console/static/../accounts.py", 404, "没有这个页面"),
    ],
)
def test_what_cannot_be_shown_is_a_page_in_chinese(
    shared_desk: Desk, path: str, status: int, said: str
) -> None:
    person = shared_desk.logged_in("administrator")
    answer = person.get(path)
    assert answer.status_code == status
    assert said in answer.text
    assert "Traceback" not in answer.text


def test_a_fault_of_ours_is_a_page_too(desk: Desk) -> None:
    person = desk.logged_in("administrator")
    with desk.app.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE audit RENAME TO away")
    answer = person.get("/console/audit")
    assert answer.status_code == 503
    assert "现在连不上数据库" in answer.text
    assert "no such table" not in answer.text
    told = person.get("/console/audit", headers={"accept": "application/json"})
    assert told.headers["content-type"] == "application/problem+json"
