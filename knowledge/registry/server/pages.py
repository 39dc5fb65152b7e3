"""The worker's own pages: answering a request for her consent, and her own permit.

They belong to the registry, as her app would: she proves herself with her permit's number and PIN,
which go from her browser to the registry and nowhere else. No cookie and no script. A link that is
unknown, run out, answered or tried too often looks the same, and so do a wrong PIN and a permit
that does not exist.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qs

from cryptography.fernet import InvalidToken
from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from knowledge.registry import permit_number
from knowledge.registry.contract import SHANGHAI
from knowledge.registry.contract_worker import ConsentDecision, DetailScope
from knowledge.registry.permit_number import BadNumber
from knowledge.registry.quota import Quota
from knowledge.registry.server.consents import Wish, consent_named, link_token
from knowledge.registry.server.registry import Registry
from knowledge.registry.wording import reasons
from knowledge.strict_yaml import read

_TEMPLATES = Path(__file__).with_name("templates")
_PIN = re.compile("[0-9]{6}", re.ASCII)
_PROVED_S = 600  # so long a page she has opened can be acted on
_HEADERS = {
    "content-security-policy": "; ".join(
        (
            "default-src 'none'",
            "style-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    ),
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",  # a link is a secret
    "x-content-type-options": "nosniff",
}

Form = dict[str, list[str]]


class _Refused(Exception):
    """What was filled in does not do; the message is for the worker."""

    def __init__(self, problem: str, status: int = 200) -> None:
        super().__init__(problem)
        self.problem = problem
        self.status = status


async def _form(request: Request) -> Form:
    """The posted fields; whatever is no form has none."""
    body = await request.body()
    try:
        return parse_qs(body.decode("utf-8", "replace"), max_num_fields=20, errors="replace")
    except ValueError:
        return {}


Posted = Annotated[Form, Depends(_form)]


def router(registry: Registry, quota: Quota) -> APIRouter:
    """The pages, under `/permit`. `quota` counts wrong PINs by address."""
    routes = APIRouter(prefix="/permit", include_in_schema=False)
    show = _renderer()

    def proved(form: Form, request: Request) -> tuple[str, str]:
        """Number and PIN as filled in, if they have the form of such and may be tried."""
        address = _address(registry, request)
        refused = quota.admit_pin(address)
        if refused is not None:
            raise _Refused(_say("later").format(time=_clock_of(refused.resets_at)), 429)
        try:
            number = permit_number.read(_one(form, "number")).value
        except BadNumber as error:
            raise _Refused(_say("number")) from error
        pin = unicodedata.normalize("NFKC", _one(form, "pin")).strip()
        if _PIN.fullmatch(pin) is None:
            raise _Refused(_say("pin"))
        return number, pin

    def wrong(request: Request) -> _Refused:
        quota.wrong_pin(_address(registry, request))
        return _Refused(_say("wrong"))

    @routes.get("/page.css")
    def style() -> Response:
        return FileResponse(_TEMPLATES / "page.css", media_type="text/css", headers=_HEADERS)

    @routes.get("/consent/{token}")
    def consent(token: str) -> HTMLResponse:
        """Who asks for what; one page alike for every link that does not work."""
        wish = _wish(registry, token)
        if wish is None:
            return show("unusable.html", 404)
        return show("consent.html", wish=wish, ticked=[], number="", problem="")

    @routes.post("/consent/{token}")
    def answer(token: str, form: Posted, request: Request) -> Response:
        """Her answer, once; pressed twice, it is the same answer."""
        consent_id = consent_named(token)
        said = _one(form, "answer")
        ticked = [scope for scope in DetailScope if scope in form.get("scope", [])]
        try:
            if said not in ("yes", "no"):
                raise _Refused(_say("answer"))
            if said == "yes" and not ticked:
                raise _Refused(_say("scopes"))
            number, pin = proved(form, request)
            scopes = ticked if said == "yes" else None
            decision = ConsentDecision(
                permit_no=number, pin=pin, grant=said == "yes", scopes=scopes
            )
            if consent_id is None or not registry.consents.decide(consent_id, decision):
                raise wrong(request)
        except _Refused as refused:
            wish = _wish(registry, token)
            if wish is None:
                return show("unusable.html", 404)
            fields = {"number": _one(form, "number"), "problem": refused.problem}
            return show("consent.html", refused.status, wish=wish, ticked=ticked, **fields)
        to = "granted" if said == "yes" else "denied"
        return RedirectResponse(f"/permit/answered/{to}", 303, headers=_HEADERS)

    @routes.get("/answered/{answer}")
    def answered(answer: str) -> HTMLResponse:
        said = _words()["answered"].get(answer)
        return show("answered.html", said=said) if said else show("unusable.html", 404)

    @routes.get("/mine")
    def mine() -> HTMLResponse:
        return show("mine.html", number="", problem="")

    @routes.post("/mine")
    def record(form: Posted, request: Request) -> HTMLResponse:
        """Her own record, for her number and PIN."""
        try:
            permit_id = registry.workers.prove(*proved(form, request))
            if permit_id is None:
                raise wrong(request)
        except _Refused as refused:
            fields = {"number": _one(form, "number"), "problem": refused.problem}
            return show("mine.html", refused.status, **fields)
        return _record(permit_id)

    @routes.post("/mine/withdraw")
    def withdraw(form: Posted) -> HTMLResponse:
        """Take back a consent, on a page she has opened with her PIN."""
        permit_id = _proved_before(registry, _one(form, "proof"))
        consent_id = consent_named(_one(form, "consent"))
        if permit_id is None or consent_id is None:
            return show("mine.html", number="", problem=_say("ended"))
        done = registry.consents.withdraw_for(permit_id, consent_id)
        return _record(permit_id, notice=_words()["withdrawn"] if done else "")

    def _record(permit_id: int, notice: str = "") -> HTMLResponse:
        view = registry.workers.record(permit_id)
        until = int(registry.core.now()) + _PROVED_S
        proof = registry.core.secret.seal({"use": "mine", "permit": permit_id, "until": until})
        return show("record.html", view=view, proof=proof, notice=notice)

    return routes


def _wish(registry: Registry, token: str) -> Wish | None:
    consent_id = consent_named(token)
    return registry.consents.wish(consent_id) if consent_id else None


def _proved_before(registry: Registry, proof: str) -> int | None:
    try:
        held = registry.core.secret.unseal(proof)
    except (InvalidToken, ValueError):
        return None
    fits = isinstance(held, dict) and held.get("use") == "mine"
    return int(held["permit"]) if fits and registry.core.now() < held["until"] else None


def _address(registry: Registry, request: Request) -> str:
    """A digest of where the request came from: no address is kept."""
    return registry.core.secret.mac("address", request.client.host if request.client else "")


def _one(form: Form, name: str) -> str:
    return form.get(name, [""])[0]


@cache
def _words() -> Any:
    return read(Path(__file__).with_name("pages.yaml")).data


def _say(problem: str) -> str:
    text: str = _words()["problem"][problem]
    return text


def _renderer() -> Callable[..., HTMLResponse]:
    pages = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    pages.globals |= {
        "words": _words(),
        "reasons": reasons(),
        "link": link_token,
        "clock": lambda at: f"{at.astimezone(SHANGHAI):%H:%M}",
        "moment": lambda at: f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
    }

    def show(name: str, status: int = 200, **values: object) -> HTMLResponse:
        content = pages.get_template(name).render(**values)
        return HTMLResponse(content, status, headers=_HEADERS)

    return show


def _clock_of(at: float) -> str:
    return f"{dt.datetime.fromtimestamp(at, SHANGHAI):%H:%M}"
