"""Who is asking, and whether they may: sessions, roles, and forms that are really ours.

A page asks for its visitor with `visitor: Annotated[Visitor, requires("permits")]`, and that is all
it has to do: whoever is not logged in goes to the log-in, whoever may not gets a page that says so,
and what changes anything (POST and the like) passes only with this session's CSRF token.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import anyio.to_thread
from fastapi import Depends, HTTPException, Request
from sqlalchemy import Connection

from bot.console import sessions
from bot.console.accounts import Account
from bot.console.parts import ConsoleParts
from bot.console.roles import may_open, pages

COOKIE = "anxin_console"
CSRF_HEADER = "x-csrf-token"
CSRF_FIELD = "csrf"
BACKGROUND_HEADER = "x-anxin-background"
ACCOUNT_PAGE = "account"
_LOGIN = "/console/login"
_SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))
_OWN_SITE = frozenset(("same-origin", "none"))


@dataclass(frozen=True)
class Visitor:
    """A member of staff who is logged in, in one request."""

    account: Account
    session: int
    token: str
    parts: ConsoleParts

    @property
    def csrf(self) -> str:
        """The token that forms and requests of this session carry."""
        return sessions.csrf_of(self.token)

    def may_open(self, page: str) -> bool:
        """Whether this person may open the page called `page` in roles.yaml."""
        return may_open(self.account.role, page)

    def record(
        self, action: str, about: str | None = None, connection: Connection | None = None
    ) -> None:
        """Add a line to the audit: in the transaction of `connection`, or in one of its own."""
        line = (self.parts.now(), self.account.name, action, about)
        audit = self.parts.app.audit
        if connection is not None:
            audit.record(connection, *line)
            return
        with self.parts.engine.begin() as own:
            audit.record(own, *line)

    async def still_open(self) -> bool:
        """Whether the session still stands. To be asked now and then by what stays open for long
        (server-sent events): a disabled account must not go on reading."""
        found = await anyio.to_thread.run_sync(_session_of, self.parts, self.token, False)
        return found is not None and found[1].role == self.account.role


class LoginNeeded(Exception):
    """Nobody is logged in. Turned into a redirect, or into 401 for a script."""


class PasswordChangeNeeded(Exception):
    """The password was given by somebody else, and must be changed before anything else."""


class Refused(HTTPException):
    """A refusal with 403; `reason` is a key of wording.yaml's `status_text`."""

    def __init__(self, reason: str) -> None:
        super().__init__(403, reason)
        self.reason = reason


class Requires:
    """The dependency behind `requires`; its page can be read from a route."""

    def __init__(self, page: str) -> None:
        if page not in pages():
            raise ValueError(f"roles.yaml has no page {page!r}")
        self.page = page

    async def __call__(self, request: Request) -> Visitor:
        parts: ConsoleParts = request.app.state.parts
        token = request.cookies.get(COOKIE, "")
        # What a page asks by itself does not keep its log-in open: nobody need be there.
        used = BACKGROUND_HEADER not in request.headers
        found = await anyio.to_thread.run_sync(_session_of, parts, token, used) if token else None
        if found is None:
            raise LoginNeeded
        session, account = found
        visitor = Visitor(account, session.pk, token, parts)
        request.state.visitor = visitor
        if request.method not in _SAFE_METHODS:
            await check_form(request, visitor.csrf)
        if not visitor.may_open(self.page):
            await anyio.to_thread.run_sync(visitor.record, "page_refused", f"page:{self.page}")
            raise Refused("403")
        if account.must_change and self.page != ACCOUNT_PAGE:
            raise PasswordChangeNeeded
        return visitor


def requires(page: str) -> Any:
    """For `Annotated[Visitor, requires("…")]`: the visitor, who may open `page` of roles.yaml."""
    return Depends(Requires(page))


async def check_form(request: Request, csrf: str) -> None:
    """Raises Refused for a request that changes something and was not sent by a page of ours: the
    token is missing or another session's, or the browser says that it comes from elsewhere."""
    own = request.headers.get("host", "").lower()
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site")
    if (origin is not None and urlsplit(origin).netloc.lower() != own) or (
        site is not None and site not in _OWN_SITE
    ):
        raise Refused("csrf")
    sent = request.headers.get(CSRF_HEADER)
    if sent is None and _is_form(request):
        # A page that takes files has had its form read already; elsewhere a file is refused.
        field = (await request.form(max_files=0)).get(CSRF_FIELD)
        sent = field if isinstance(field, str) else None
    if sent is None or not hmac.compare_digest(sent.encode(), csrf.encode()):
        raise Refused("csrf")


def address_of(request: Request) -> str:
    """The network address of who asks."""
    return request.client.host if request.client else ""


def safe_return(path: str) -> str:
    """`path` if it is a page of the console, else the console's first page. Anything that a browser
    could take for another place is refused: //host, /\\host, a scheme, control characters."""
    plain = path.isprintable() and not any(sign in path for sign in ("\\", " ", "/.."))
    if plain and path.startswith("/console/") and not path.startswith(("/console//", _LOGIN)):
        return path
    return "/console/"


def login_path(request: Request) -> str:
    """Where to log in, to come back to what was asked for, or to the page whose form was sent."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method != "GET":
        sent_from = urlsplit(request.headers.get("referer", ""))
        own = sent_from.netloc.lower() == request.headers.get("host", "").lower()
        wanted = sent_from.path if own else ""
    back = safe_return(wanted)
    return _LOGIN if back == "/console/" else f"{_LOGIN}?next={quote(back, safe='/')}"


def _session_of(
    parts: ConsoleParts, token: str, in_use: bool
) -> tuple[sessions.Session, Account] | None:
    now = parts.now()
    with parts.engine.connect() as connection:
        found = sessions.find(connection, token, now, parts.lifetime)
        if found is not None and in_use and sessions.note_use(connection, found[0], now):
            connection.commit()
    return found


def _is_form(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in ("application/x-www-form-urlencoded", "multipart/form-data")
