"""A served console with accounts of every role, and people who log in to it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import httpx
from fastapi import FastAPI
from starlette.routing import BaseRoute

from bot.app import App
from bot.console import accounts, audit, sessions
from bot.console.audit import Line, Search
from bot.console.roles import roles
from bot.console.security import COOKIE
from bot.database import open_engine
from bot.http import create_app
from tests.bot.serving import NOW, app_on, copy_of, serving, set_otherwise

PASSWORD = "correct horse 1"


@dataclass
class Clock:
    """A clock that the test moves."""

    at: dt.datetime = NOW

    def __call__(self) -> dt.datetime:
        return self.at

    def forward(self, **time: float) -> None:
        self.at += dt.timedelta(**time)


class Person(httpx.Client):
    """A browser, as far as forms go: keeps cookies, follows redirects, sends the page's token."""

    def token(self, path: str) -> str:
        """The CSRF token on the page at `path`."""
        found = re.search(r'name="csrf" value="(\w+)"', self.get(path).text)
        assert found, f"no token on {path}"
        return found[1]

    @property
    def csrf(self) -> str:
        """The CSRF token of this person's session."""
        return sessions.csrf_of(self.cookies[COOKIE])

    def log_in(
        self, name: str, password: str = PASSWORD, back: str = "/console/account"
    ) -> httpx.Response:
        """Fill in the log-in form and send it; leads to the account page, which everybody has."""
        data = {"csrf": self.token("/console/login"), "name": name, "password": password}
        return self.post("/console/login", data=data | {"next": back})

    def submit(self, path: str, **fields: str) -> httpx.Response:
        """Post a form with this session's token."""
        return self.post(path, data={"csrf": self.csrf} | fields)


@dataclass
class Desk:
    """A served application; an account for each role is named after it."""

    app: App
    web: FastAPI
    url: str
    clock: Clock
    people: list[Person] = field(default_factory=list)

    @property
    def routes(self) -> tuple[BaseRoute, ...]:
        """The console's routes, all pages'."""
        mounted = next(r for r in self.web.routes if getattr(r, "name", "") == "console")
        found: tuple[BaseRoute, ...] = mounted.app.state.routes  # type: ignore[attr-defined]
        return found

    def stranger(self) -> Person:
        """Somebody who is not logged in."""
        # Nothing here is https: the certificates of the world, read for each client, take longer
        # than many a test.
        person = Person(
            base_url=self.url, follow_redirects=True, timeout=30, verify=False, trust_env=False
        )
        self.people.append(person)
        return person

    def logged_in(self, name: str) -> Person:
        """A person of the account (or role) called `name`, without the long way over the form."""
        with self.app.engine.begin() as connection:
            token = sessions.begin(connection, self.pk(name), "192.0.2.7", "测试", self.clock())
        person = self.stranger()
        person.cookies.set(COOKIE, token, domain="127.0.0.1", path="/console")
        return person

    def add(self, name: str, role: str = "operator", label: str | None = None) -> int:
        """Add an account with the usual password; its key."""
        with self.app.engine.begin() as connection:
            now = self.clock()
            return accounts.add(connection, name, label or name, role, PASSWORD, now)[0]

    def pk(self, name: str) -> int:
        """The key of an account."""
        with self.app.engine.connect() as connection:
            account = accounts.named(connection, name)
        assert account is not None
        return account.pk

    def audited(self, **wanted: Any) -> list[Line]:
        """The audit's lines that are meant, newest first."""
        with self.app.engine.connect() as connection:
            return audit.search(connection, Search(**wanted), 1000)


def staff(database: Path) -> None:
    """Add an account for each role to a database."""
    engine = open_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        for role in roles():
            accounts.add(connection, role, role, role, PASSWORD, NOW)
    engine.dispose()


@contextmanager
def open_desk(
    staffed_file: Path, folder: Path, lifespan: Literal["on", "off"] = "off", **settings: object
) -> Iterator[Desk]:
    """Serve a console over a copy in `folder` of a database that has the accounts; `settings` are
    those that differ. With its lifespan on, pages are told what happens."""
    plain = app_on(copy_of(staffed_file, folder))
    clock = Clock()
    app = set_otherwise(plain, clock, settings)
    web = create_app(app)
    with serving(web, lifespan) as url:
        desk = Desk(app, web, url, clock)
        try:
            yield desk
        finally:
            for person in desk.people:
                person.close()
    app.engine.dispose()
