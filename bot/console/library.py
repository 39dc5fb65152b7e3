"""`/console/library`: the policy library as staff read it — browse, search, a document with its
provisions beside the clauses, what changed between releases, reports of mistakes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, HTTPException, Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from bot.console import clause_reports
from bot.console.clause_reports import STATES, ReportError
from bot.console.library_changes import told
from bot.console.library_words import ProvisionInWords, in_words, marked
from bot.console.parts import ConsoleParts
from bot.console.rendering import page
from bot.console.security import Visitor, requires
from bot.console.wording import say, table
from dialogs.text import clause_name
from dialogs.wording import say as in_plain_words
from knowledge.difference import difference
from knowledge.library import Library
from knowledge.releases import releases
from knowledge.schema import Clause, Document
from knowledge.standing import Standing, china_day, standing
from knowledge.words import search_words

_HITS = 30

Reader = Annotated[Visitor, requires("library")]
Editor = Annotated[Visitor, requires("review")]
Words = Annotated[str, Query(max_length=200)]
Key = Annotated[int, Path(ge=1, le=2**31 - 1)]


@dataclass(frozen=True)
class Listed:
    """A document in the list: its worth on the day, and whether somebody should check it again."""

    document: Document
    region: str
    standing: Standing
    overdue: bool


@dataclass(frozen=True)
class Shown:
    """A clause with what the library took from it. `parts` are its text, the words meant marked."""

    clause: Clause
    name: str
    parts: tuple[tuple[str, bool], ...]
    provisions: tuple[ProvisionInWords, ...]
    prose: str | None


def router(parts: ConsoleParts) -> APIRouter:
    """The pages. Everybody with an account reads; editors decide on reports."""
    routes = APIRouter(prefix="/library")
    library, words = parts.app.library, parts.app.conversation.words

    def day_of(asked: str) -> dt.date:
        try:
            return dt.date.fromisoformat(asked)
        except ValueError:
            return china_day(parts.now())

    def where(clause: str) -> str:
        """A clause's address in words; one that is no longer in the library stays as it is."""
        found = library.clause(clause)
        return f"《{found[1].name}》{clause_name(clause)}" if found else clause

    @routes.get("")
    def browse(
        request: Request,
        _visitor: Reader,
        q: Words = "",
        region: Words = "",
        topic: Words = "",
        worth: Words = "",
        as_of: Words = "",
    ) -> Response:
        day, text = day_of(as_of), " ".join(q.split())
        documents = [_listed(parts, document, day) for document in library.documents()]
        regions = {one.document.region: one.region for one in documents}
        if region in regions:
            documents = [one for one in documents if one.document.region == region]
        if topic in words.topics:
            on_topic = _speaking_of(library, topic, list(regions))
            documents = [one for one in documents if one.document.id in on_topic]
        if worth in list(Standing):
            documents = [one for one in documents if one.standing == worth]
        kept = {one.document.id for one in documents}
        hits = library.search(text, limit=_HITS) if text else []
        seen = set(search_words(text))
        return page(
            request,
            "library.html",
            documents=documents,
            hits=[
                (hit, clause_name(hit.clause.id), marked(hit.clause.text, seen))
                for hit in hits
                if hit.document.id in kept
            ],
            standing_of=lambda document: standing(document, day),
            asked={"q": text, "region": region, "topic": topic, "worth": worth, "as_of": f"{day}"},
            regions=regions,
            topics=words.topics.values(),
            standings=list(Standing),
            standing_words=_standings(),
            waiting=clause_reports.count_open(parts.engine),
            filtered=bool(region or topic or worth),
        )

    @routes.get("/documents/{document:path}")
    def read(
        request: Request,
        _visitor: Reader,
        document: Annotated[str, Path(max_length=200)],
        quoted: Annotated[str, Query(alias="quote", max_length=2000)] = "",
        as_of: Words = "",
    ) -> Response:
        return _document(request, parts, document, day_of(as_of), quoted=quoted)

    @routes.get("/releases")
    def changes(request: Request, _visitor: Reader, old: Words = "", new: Words = "") -> Response:
        known = [name for name, _current in releases(parts.engine)]
        new = new if new in known else known[-1] if known else ""
        old = old if old in known else known[max(known.index(new) - 1, 0)] if new else ""
        found = difference(parts.engine, old, new) if old and old != new else []
        names = {one.id: one.name for one in library.documents()}
        return page(
            request,
            "library_releases.html",
            known=known,
            old=old,
            new=new,
            changes=told(found, names, parts.app.conversation.words),
            change_words=table("change"),
        )

    @routes.get("/clause")
    def of_clause(_visitor: Reader, id: Words = "") -> Response:
        found = library.clause(id) if id.isprintable() else None
        if found is None:
            raise HTTPException(404)
        clause, document = found
        return RedirectResponse(
            f"/console/library/documents/{quote(document.id)}#{quote(clause.id)}", 303
        )

    @routes.get("/reports")
    def reports(request: Request, visitor: Reader, state: Words = "open") -> Response:
        state = state if state in STATES else "open"
        return page(
            request,
            "library_reports.html",
            reports=clause_reports.listed(parts.engine, state),
            state=state,
            states=STATES,
            state_words=table("report_state"),
            decides=visitor.may_open("review"),
            where=where,
        )

    @routes.post("/reports")
    def report(
        request: Request,
        visitor: Reader,
        clause: Annotated[str, Form(max_length=200)] = "",
        what: Annotated[str, Form(max_length=2000)] = "",
    ) -> Response:
        found = library.clause(clause) if clause.isprintable() else None
        if found is None:
            raise HTTPException(404)
        release = library.release()
        try:
            with parts.engine.begin() as connection:
                clause_reports.add(
                    connection,
                    clause,
                    release.id if release else "",
                    what,
                    visitor.account.name,
                    parts.now(),
                )
                visitor.record("clause_reported", f"clause:{clause}", connection)
        except ReportError as error:
            wrong = say(f"error.{error.code}")
            return _document(request, parts, found[1].id, day_of(""), error=wrong)
        return RedirectResponse("/console/library/reports?done=clause_reported", 303)

    @routes.post("/reports/{pk}")
    def decide(
        request: Request,
        visitor: Editor,
        pk: Key,
        state: Annotated[str, Form(max_length=20)] = "",
        why: Annotated[str, Form(max_length=500)] = "",
    ) -> Response:
        try:
            with parts.engine.begin() as connection:
                clause = clause_reports.decide(
                    connection, pk, state, why, visitor.account.name, parts.now()
                )
                visitor.record("clause_report_decided", f"clause:{clause}", connection)
        except ReportError as error:
            if error.code == "report_gone":
                raise HTTPException(404) from error
            return page(
                request,
                "library_reports.html",
                422,
                reports=clause_reports.listed(parts.engine, "open"),
                state="open",
                states=STATES,
                state_words=table("report_state"),
                decides=True,
                where=where,
                error=say(f"error.{error.code}"),
            )
        return RedirectResponse("/console/library/reports?done=report_decided", 303)

    return routes


def _standings() -> dict[str, str]:
    return {one.value: in_plain_words(f"standing.short.{one.value}") for one in Standing}


def _speaking_of(library: Library, topic: str, regions: list[str]) -> set[str]:
    return {entry.document.id for entry in library.provisions(topic, regions)}


def _listed(parts: ConsoleParts, document: Document, day: dt.date) -> Listed:
    due = document.last_verified_on + dt.timedelta(days=parts.settings.library_verify_days)
    region = parts.app.conversation.words.regions[document.region].label
    overdue = due < china_day(parts.now())
    return Listed(document, region, standing(document, day), overdue)


def _document(
    request: Request,
    parts: ConsoleParts,
    name: str,
    day: dt.date,
    quoted: str = "",
    error: str = "",
) -> Response:
    found = parts.app.library.document(name) if name.isprintable() else None
    if found is None:
        raise HTTPException(404)
    document, entries, clauses = found
    words = parts.app.conversation.words
    shown = [
        Shown(
            clause,
            clause_name(clause.id),
            marked(clause.text, {quoted} if quoted else set()),
            tuple(
                in_words(entry.provision, words)
                for entry in entries
                if entry.provision.clause == clause.id
            ),
            document.prose.get(clause.id),
        )
        for clause in clauses
    ]
    return page(
        request,
        "library_document.html",
        422 if error else 200,
        head=_listed(parts, document, day),
        document=document,
        standing_words=_standings(),
        clauses=shown,
        silences=[(one, clause_name(one.clause)) for one in document.silent_on],
        day=f"{day}",
        error=error,
    )
