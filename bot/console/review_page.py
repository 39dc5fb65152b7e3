"""`/console/review`: what the bot did badly, labelled by staff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import unquote_plus, urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from bot.console.conversations_found import channels
from bot.console.parts import ConsoleParts
from bot.console.period import PRESETS, Period, last_days, parse_period
from bot.console.rendering import page
from bot.console.review_words import (
    Decided,
    doubts_of,
    intents_by_kind,
    meanings_in_words,
    region_name,
    understood,
)
from bot.console.security import Visitor, requires
from bot.console.wording import say, table
from bot.review import deciding, heard, labels
from bot.review.heard import Group
from bot.review.labels import LabelError
from bot.review.places import KINDS, MOST, Kind, Wanted
from knowledge.vocabulary import vocabulary
from nlu.intents import Intent, intents

HERE = "/console/review"
_A_PAGE = 15  # groups
_MOST_AT_ONCE = 200  # messages of a group
_SUGGESTIONS = 3
_SURE_ENOUGH = 0.01  # below this a suggestion is none

Reviewer = Annotated[Visitor, requires("review")]
Text = Annotated[str, Query(max_length=200)]
Field = Annotated[str, Form(max_length=600)]


@dataclass(frozen=True)
class Shown:
    """A group as the page shows it, what was answered, and what the engine takes it for."""

    group: Group
    number: int
    before: str  # what was asked just before the typical one
    answer: str  # what the bot said to the typical one
    suggestions: tuple[Intent, ...]


def router(parts: ConsoleParts) -> APIRouter:
    """The messages, and what is decided about them."""
    routes = APIRouter(prefix="/review")

    @routes.get("")
    def show(
        request: Request,
        visitor: Reviewer,
        kind: Text = "",
        region: Text = "",
        channel: Text = "",
        since: Text = "",
        until: Text = "",
        number: Annotated[int, Query(alias="page", ge=1, le=1000)] = 1,
    ) -> Response:
        asked = {"kind": kind, "region": region, "channel": channel, "since": since, "until": until}
        return _page(request, visitor, asked, number)

    @routes.post("/label")
    def label(
        request: Request,
        visitor: Reviewer,
        decision: Decided,
        ref: Annotated[list[str] | None, Form(max_length=_MOST_AT_ONCE)] = None,
        back: Field = "",
    ) -> Response:
        try:
            with parts.engine.begin() as connection:
                found = heard.texts_of(connection, ref or ())
                kept, secret = deciding.decide(
                    connection,
                    list(found.values()),
                    decision,
                    visitor.account.name,
                    parts.now(),
                    doubts=doubts_of(visitor),
                )
                waiting = labels.any_unconfirmed(connection, kept)
                for pk in kept:
                    visitor.record("label_made", f"label:{pk}", connection)
        except LabelError as error:
            asked = dict.fromkeys(("kind", "region", "channel", "since", "until"), "")
            asked |= {key: value for key, value in _parsed(back).items() if key in asked}
            return _page(request, visitor, asked, 1, say(f"error.{error.code}"))
        done = "label_doubted" if waiting else "label_some" if secret else "label_made"
        query = _parsed(back) | {"done": done}
        return RedirectResponse(f"{HERE}?{urlencode(query)}", 303)

    return routes


def _page(
    request: Request, visitor: Visitor, asked: dict[str, str], number: int, error: str = ""
) -> Response:
    parts = visitor.parts
    period = parse_period(asked["since"], asked["until"], parts.now())
    status = 422 if error or period is None else 200
    error = error or ("" if period else say("error.period"))
    period = period or last_days(parts.now())
    with parts.engine.connect() as connection:
        messages = heard.messages(connection, _wanted(asked, period))
        known = labels.decided(connection)
        by = channels(connection)
        groups = heard.groups([one for one in messages if one.key not in known])
        first = (number - 1) * _A_PAGE
        of_page = groups[first : first + _A_PAGE]
        typical = [group.typical.ref for group in of_page]
        said = heard.answers_to(connection, typical)
        before = heard.said_before(connection, typical)
    shown = [
        Shown(
            group,
            place,
            before.get(group.typical.ref, ""),
            said.get(group.typical.ref, ""),
            _suggested(visitor, group.typical.text),
        )
        for place, group in enumerate(of_page, first + 1)
    ]
    filled = {key: value for key, value in asked.items() if value}
    return page(
        request,
        "review.html",
        status,
        shown=shown,
        total=len(groups),
        messages=sum(group.times for group in groups),
        most=MOST,
        cut=sum(one.times for one in messages) >= MOST,
        asked=asked | {"since": str(period.first), "until": str(period.last)},
        presets=[(days, last_days(parts.now(), days)) for days in PRESETS[1:]],
        back=urlencode(filled | ({"page": number} if number > 1 else {})),
        earlier=urlencode(filled | {"page": number - 1}) if number > 1 else "",
        later=urlencode(filled | {"page": number + 1}) if first + _A_PAGE < len(groups) else "",
        kinds=table("review_kind"),
        channels={name: table("channel").get(name, name) for name in by},
        channel_names=table("channel"),
        regions=_regions(messages),
        region_name=region_name,
        every_intent=intents_by_kind(),
        meanings=meanings_in_words(),
        error=error,
    )


def _wanted(asked: dict[str, str], period: Period) -> Wanted:
    kinds: frozenset[Kind] = frozenset(KINDS)
    if asked["kind"] in KINDS:
        kinds = frozenset((asked["kind"],))
    regions: frozenset[str] = frozenset()
    if asked["region"]:
        regions = frozenset((asked["region"], *vocabulary().descendants(asked["region"])))
    return Wanted(period.since, period.until, kinds, asked["channel"], regions)


def _regions(messages: Sequence[heard.Heard]) -> dict[str, str]:
    """The regions that messages came from, and those above them."""
    found = {code for one in messages for code in one.regions}
    found |= {above for code in found for above in vocabulary().ancestors(code)}
    return {code: region_name(code) for code in sorted(found) if region_name(code)}


def _suggested(visitor: Visitor, text: str) -> tuple[Intent, ...]:
    found = understood(visitor, text)
    ranking = found.ranking if found else ()
    known = intents()
    best = [one.intent for one in ranking[:_SUGGESTIONS] if one.confidence >= _SURE_ENOUGH]
    return tuple(known[name] for name in best if name in known)


def _parsed(back: str) -> dict[str, str]:
    """The query to come back with: only what this page itself asks for."""
    ours = ("kind", "region", "channel", "since", "until", "page")
    pairs = (part.partition("=") for part in back.split("&"))
    return {name: unquote_plus(value) for name, _, value in pairs if name in ours and value}
