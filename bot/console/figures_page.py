"""`/console/figures`: what happened in a period, as charts, tables and CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import Response

from bot.console import charts, figures
from bot.console.charts import Chart
from bot.console.conversations_found import channels
from bot.console.csv_text import BOM, csv_row
from bot.console.durations import RESPONSE_S, WAIT_S
from bot.console.figures import Figures
from bot.console.parts import ConsoleParts
from bot.console.period import PRESETS, Period, last_days, parse_period
from bot.console.rendering import page
from bot.console.security import Visitor, requires
from bot.console.wording import say, table
from dialogs.wording import say as spoken
from knowledge.registry.outcome import Outcome
from knowledge.vocabulary import vocabulary
from nlu.intents import intents

_HERE = "/console/figures"
_BARS = 12  # of a chart; its table has all

Reader = Annotated[Visitor, requires("figures")]
Text = Annotated[str, Query(max_length=60)]


@dataclass(frozen=True)
class Sheet:
    """One table, with its chart; `name` is the CSV's. The first column names the rows."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    chart: Chart | None = None
    note: str = ""


def router(parts: ConsoleParts) -> APIRouter:
    """The page and its tables for download."""
    routes = APIRouter(prefix="/figures")

    @routes.get("")
    def show(
        request: Request, visitor: Reader, since: Text = "", until: Text = "", channel: Text = ""
    ) -> Response:
        period = parse_period(since, until, parts.now())
        wanted = period or last_days(parts.now())
        counted, sheets = _sheets(visitor, wanted, channel)
        with parts.engine.connect() as connection:
            by = channels(connection)
        query = {"since": str(wanted.first), "until": str(wanted.last)}
        query |= {"channel": channel} if channel else {}
        return page(
            request,
            "figures.html",
            200 if period else 422,
            counted=counted,
            sheets=sheets,
            asked={"since": since or query["since"], "until": until or query["until"]},
            channel=channel,
            channels={name: table("channel").get(name, name) for name in by},
            presets=[_preset(parts, days, wanted, channel) for days in PRESETS],
            query=urlencode(query),
            share=_share,
            seconds=_seconds,
            error="" if period else say("error.period"),
        )

    @routes.get("/{name}.csv")
    def export(
        visitor: Reader, name: str, since: Text = "", until: Text = "", channel: Text = ""
    ) -> Response:
        period = parse_period(since, until, parts.now())
        if period is None:
            raise HTTPException(422)
        _, sheets = _sheets(visitor, period, channel)
        sheet = next((one for one in sheets if one.name == name), None)
        if sheet is None:
            raise HTTPException(404)
        visitor.record("figures_exported", f"period:{period.first}/{period.last} {name}")
        return Response(
            BOM + "".join(csv_row(row) for row in (sheet.columns, *sheet.rows)),
            media_type="text/csv; charset=utf-8",
            headers={"content-disposition": f'attachment; filename="{name}.csv"'},
        )

    return routes


def _sheets(visitor: Visitor, period: Period, channel: str) -> tuple[Figures, list[Sheet]]:
    parts = visitor.parts
    with parts.engine.connect() as connection:
        counted = figures.count(connection, period.since, period.until, channel)
        unanswered = (
            figures.top_unanswered(connection, period.since, period.until, channel)
            if visitor.may_open("review")
            else None
        )
    sheets = [
        _days(counted, period),
        _counts("statuses", counted.by_status, table("reply_status").get),
        _counts("topics", counted.by_intent, _intent_name),
        _counts("regions", counted.by_region, _region_name),
        _counts("channels", counted.by_channel, table("channel").get),
        _times("response", counted.response.classes, RESPONSE_S),
        _times("waiting", counted.waiting.times.classes, WAIT_S),
        _counts(
            "ratings",
            {"useful": counted.useful, "useless": counted.useless},
            table("figures_rating").get,
        ),
        _permits(parts, period),
    ]
    if unanswered is not None:
        rows = tuple((one.text, str(one.conversations), str(one.times)) for one in unanswered)
        sheets.append(_sheet("unanswered", rows))
    return counted, sheets


def _sheet(name: str, rows: Iterable[tuple[str, ...]], chart: Chart | None = None) -> Sheet:
    words = table(f"figures_{name}")
    columns = tuple(words["columns"].split("|"))
    return Sheet(name, words["title"], columns, tuple(rows), chart, words.get("note", ""))


def _days(counted: Figures, period: Period) -> Sheet:
    found = [(day, *counted.by_day.get(day, (0, 0))) for day in period.days]
    chart = charts.by_day([(day, questions) for day, questions, _ in found])
    rows = ((f"{day}", str(questions), str(talks)) for day, questions, talks in found)
    return _sheet("days", rows, chart if counted.questions else None)


def _counts(name: str, counts: Mapping[str, int], called: Callable[[str], str | None]) -> Sheet:
    """A table of counts with each one's share of all."""
    whole = sum(counts.values())
    named = [(called(code) or code, number) for code, number in counts.items()]
    rows = ((words, str(number), _share(number, whole)) for words, number in named if whole)
    chart = charts.lying([row for row in named if row[1]][:_BARS]) if whole else None
    return _sheet(name, rows, chart)


def _times(name: str, classes: tuple[int, ...], ends: tuple[float, ...]) -> Sheet:
    bounds = [say("figures_bound.under", time=_seconds(end)) for end in ends]
    bounds.append(say("figures_bound.over", time=_seconds(ends[-1])))
    whole = sum(classes)
    named = list(zip(bounds, classes, strict=True))
    rows = ((words, str(number), _share(number, whole)) for words, number in named if whole)
    return _sheet(name, rows, charts.lying(named) if whole else None)


def _permits(parts: ConsoleParts, period: Period) -> Sheet:
    permits = parts.app.conversation.permits
    counts: dict[int, int] = {}
    if permits is not None:
        counts = permits.verifier.audit.counted(
            int(period.since.timestamp()), int(period.until.timestamp())
        )
    named = {str(outcome): number for outcome, number in counts.items()}
    return _counts(
        "permits", named, lambda code: spoken(f"permit_heading.{Outcome(int(code)).name}")
    )


def _preset(parts: ConsoleParts, days: int, shown: Period, channel: str) -> tuple[str, str, bool]:
    """A link to the last so many days: its words, its query, and whether that is what is shown."""
    period = last_days(parts.now(), days)
    query = {"since": str(period.first), "until": str(period.last)}
    query |= {"channel": channel} if channel else {}
    return table("figures_preset")[str(days)], urlencode(query), period == shown


def _intent_name(name: str) -> str:
    known = intents().get(name)
    return known.label if known else say("figures_unknown.intent")


def _region_name(code: str) -> str:
    known = vocabulary().regions.get(code)
    return known.label if known else say("figures_unknown.region")


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else ""


def _seconds(time: float | None) -> str:
    """So many seconds as a person says them; empty for none."""
    if time is None:
        return ""
    if time >= 60:
        return say("figures_bound.minutes", number=f"{time / 60:.1f}".removesuffix(".0"))
    # Bounds of classes are round; a time that was measured is told to a tenth.
    number = f"{time:g}" if time in RESPONSE_S else f"{time:.1f}" if time < 10 else f"{time:.0f}"
    return say("figures_bound.seconds", number=number.removesuffix(".0"))
