"""Page × role, over every route there is: what roles.yaml says is what happens."""

from __future__ import annotations

import re

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute

from bot.console.application import create_console, needs
from bot.console.parts import ConsoleParts
from bot.console.roles import may_open, pages, roles
from tests.bot.console.desk import Desk, Person

# What a page may answer to somebody who may open it, and who asks for a thing that is not there.
_MAY = {200, 303, 400, 404, 405, 409, 415, 422}


def routes(desk: Desk) -> list[tuple[str, str, str | None]]:
    """Method, an address, and the page, of every route."""
    found = []
    for route in desk.routes:
        assert isinstance(route, APIRoute)
        path = re.sub(r"\{[^}]+\}", "1", route.path)
        methods = sorted(route.methods or ())
        found += [(method, f"/console{path}", needs(route)) for method in methods]
    return found


def ask(person: Person, method: str, path: str) -> int:
    headers = {"x-csrf-token": person.csrf, "accept": "text/html"}
    # A stream of events never ends: its head is enough.
    with person.stream(method, path, headers=headers, follow_redirects=False) as response:
        return response.status_code


@pytest.mark.parametrize("role", roles())
def test_every_route_by_every_role(desk: Desk, role: str) -> None:
    wrong = []
    for method, path, page in routes(desk):
        if page is None:
            continue
        person = desk.logged_in(role)  # anew: a route may have ended the session
        status = ask(person, method, path)
        allowed = may_open(role, page)
        if (status not in _MAY) if allowed else (status != 403):
            wrong.append((method, path, status, "may" if allowed else "may not"))
    assert wrong == []


def test_every_route_by_nobody(desk: Desk) -> None:
    wrong = []
    for method, path, page in routes(desk):
        person = desk.stranger()
        if page is None:
            continue
        with person.stream(method, path, follow_redirects=False) as response:
            target = response.headers.get("location", "")
            if response.status_code != 303 or not target.startswith("/console/login"):
                wrong.append((method, path, response.status_code))
        script = {"accept": "application/json", "x-csrf-token": "x"}
        with person.stream(method, path, headers=script) as response:
            if response.status_code != 401:
                wrong.append((method, path, response.status_code))
    assert wrong == []


def test_no_route_changes_anything_without_a_token(desk: Desk) -> None:
    person = desk.logged_in("administrator")
    other = desk.logged_in("administrator").csrf
    refused = []
    for method, path, page in routes(desk):
        if page is None or method == "GET":
            continue
        for token in (None, "", "0" * 64, other):
            data = {} if token is None else {"csrf": token}
            refused.append(person.post(path, data=data).status_code)
    assert len(refused) > 30
    assert set(refused) == {403}


def test_a_refused_page_says_so_in_chinese_and_is_in_the_audit(desk: Desk) -> None:
    person = desk.logged_in("operator")
    refused = person.get("/console/people")
    assert refused.status_code == 403
    assert "您的账号不能打开这个页面" in refused.text
    (line,) = desk.audited(action="page_refused")
    assert (line.who, line.about) == ("operator", "page:people")


@pytest.mark.parametrize("role", roles())
def test_the_navigation_shows_the_pages_that_may_be_opened(desk: Desk, role: str) -> None:
    there = {needs(route) for route in desk.routes}
    person = desk.logged_in(role)
    shown = re.findall(r'<li><a href="(/console/\w+)"', person.get("/console/account").text)
    meant = [page.path for name, page in pages().items() if page.nav and name in there]
    assert shown == [path for path in meant if may_open(role, path.removeprefix("/console/"))]
    home = person.get("/console/", follow_redirects=False)
    assert home.headers["location"] == (shown or ["/console/account"])[0]


# Written apart from roles.yaml, so that a slip there is not its own proof.
_EVERYBODY = "assistant library account"
_TABLE = {
    "operator": f"{_EVERYBODY} conversations permits",
    "supervisor": f"{_EVERYBODY} conversations permits canned delivery review figures audit",
    "editor": f"{_EVERYBODY} canned review retrain figures",
    "administrator": (
        f"{_EVERYBODY} conversations permits canned delivery review retrain figures audit people"
    ),
}


def test_the_table_is_as_it_was_meant(desk: Desk) -> None:
    assert set(_TABLE) == set(roles())
    opened = {role: {page for page in pages() if may_open(role, page)} for role in roles()}
    assert opened == {role: set(words.split()) for role, words in _TABLE.items()}
    # And no page without a route, nor the other way round.
    assert {needs(route) for route in desk.routes} - {None} == set(pages())


def test_a_route_without_a_visitor_is_refused_at_the_start(desk: Desk) -> None:
    def careless(_parts: ConsoleParts) -> APIRouter:
        routes = APIRouter()

        @routes.get("/everything")
        def everything() -> str:
            return "open to all"

        return routes

    with pytest.raises(ValueError, match="/everything"):
        create_console(ConsoleParts(desk.app), (careless,))
