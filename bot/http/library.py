"""`/api/v1/library` and `/api/v1/documents`: the policy library for other programs."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Query
from pydantic import BaseModel, ConfigDict

from bot.app import App
from bot.http.access import Access
from bot.http.told import Area
from bot.http.wire import Day, Named
from dialogs.text import clause_name
from dialogs.wording import say
from knowledge.schema import Clause, Document
from knowledge.standing import china_day, exists, standing

# Clauses of documents that did not exist on the day asked for are taken out after the search.
_SEARCHED = 100

Region = Annotated[Area | None, Query(examples=["440100"])]
AsOf = Annotated[
    Day | None,
    Query(description="the day asked about; today in China if left out", examples=["2021-05-01"]),
]


class Found(BaseModel):
    """A clause found, and what its document is worth on the day asked about. Scores tell which of
    two results of one search is nearer; they mean nothing between searches."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "changzhi/三/15",
                "name": "三·15",
                "heading": "三、健全社会保障",
                "text": "……",
                "document": {"id": "changzhi", "name": "长治家政实施方案"},
                "doc_no": None,
                "region": "140400",
                "standing": "in_force",
                "standing_text": "现行",
                "score": 7.31,
            }
        }
    )

    id: str
    name: str
    heading: str
    text: str
    document: Named
    doc_no: str | None
    region: str
    standing: str
    standing_text: str
    score: float


class Hits(BaseModel):
    """Clauses, nearest first."""

    release: str | None
    as_of: dt.date
    results: list[Found]


class Head(BaseModel):
    """A policy document without its text. A date that the document does not give is null."""

    id: str
    name: str
    title: str
    doc_no: str | None
    form: str
    part_of: str | None
    issuers: list[str]
    region: Named
    issued_on: dt.date | None
    published_on: dt.date | None
    effective_on: dt.date | None
    expires_on: dt.date | None
    plan_ends_on: dt.date | None
    standing: str
    standing_text: str
    source: str
    last_verified_on: dt.date


class Documents(BaseModel):
    """A page of documents. `next` is the `after` of the following page; null on the last."""

    release: str | None
    as_of: dt.date
    documents: list[Head]
    next: str | None


class Heading(BaseModel):
    """A clause by its permanent id, under which `/api/v1/clauses/{id}` gives its text."""

    id: str
    name: str
    heading: str


class WholeDocument(BaseModel):
    """A document and its clauses, in order. `existed` is false on a day before it was issued."""

    release: str | None
    as_of: dt.date
    existed: bool
    document: Head
    clauses: list[Heading]


def router(app: App, access: Access) -> APIRouter:
    """The routes: open, counted by address or key."""
    routes = APIRouter(tags=["library"], dependencies=[Depends(access.reading)])
    words, library = app.conversation.words, app.library

    def day_of(as_of: dt.date | None) -> dt.date:
        return as_of or china_day(app.conversation.now())

    def release() -> str | None:
        found = library.release()
        return found.id if found else None

    def head(document: Document, day: dt.date) -> Head:
        worth = standing(document, day)
        return Head(
            **document.model_dump(include=set(Head.model_fields) - {"region"}),
            region=Named(id=document.region, name=words.regions[document.region].label),
            plan_ends_on=document.plan_period.until if document.plan_period else None,
            standing=worth.value,
            standing_text=say(f"standing.short.{worth.value}"),
        )

    @routes.get("/library/search")
    def search_clauses(
        q: Annotated[
            str, Query(min_length=1, max_length=200, description="words", examples=["培训补贴"])
        ],
        region: Region = None,
        as_of: AsOf = None,
        limit: Annotated[int, Query(ge=1, le=50)] = 10,
    ) -> Hits:
        """The clauses nearest to `q`. With a region: of its documents and those of the areas it
        lies in, which hold there as well."""
        day = day_of(as_of)
        regions = words.ancestors(region) if region else ()
        text = q.encode("utf-8", "replace").decode().replace("\0", "")
        hits = library.search(text, regions=regions, limit=_SEARCHED)
        live = [hit for hit in hits if exists(hit.document, day)][:limit]
        return Hits(
            release=release(),
            as_of=day,
            results=[_found(hit.clause, hit.document, hit.score, day) for hit in live],
        )

    @routes.get("/documents")
    def list_documents(
        region: Region = None,
        as_of: AsOf = None,
        after: Annotated[
            str, Query(max_length=200, description="id of the last document of the page before")
        ] = "",
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> Documents:
        """The documents that existed on the day asked about, of all areas or of one, by their
        ids."""
        day = day_of(as_of)
        found = sorted(
            (
                document
                for document in library.documents([region] if region else None)
                if document.id > after and exists(document, day)
            ),
            key=lambda document: document.id,
        )
        page = found[:limit]
        return Documents(
            release=release(),
            as_of=day,
            documents=[head(document, day) for document in page],
            next=page[-1].id if len(found) > limit else None,
        )

    @routes.get("/documents/{document:path}")
    def read_document(
        document: Annotated[str, Path(max_length=200, examples=["guangzhou/3"])],
        as_of: AsOf = None,
    ) -> WholeDocument:
        """A document by its permanent id, its standing on the day asked about, and its clauses."""
        found = library.document(document) if document.isprintable() else None
        if found is None:
            raise HTTPException(404, "no such document in the current library")
        whole, _provisions, clauses = found
        day = day_of(as_of)
        return WholeDocument(
            release=release(),
            as_of=day,
            existed=exists(whole, day),
            document=head(whole, day),
            clauses=[
                Heading(id=clause.id, name=clause_name(clause.id), heading=clause.heading)
                for clause in clauses
            ],
        )

    return routes


def _found(clause: Clause, document: Document, score: float, day: dt.date) -> Found:
    worth = standing(document, day)
    return Found(
        id=clause.id,
        name=clause_name(clause.id),
        heading=clause.heading,
        text=clause.text,
        document=Named(id=document.id, name=document.name),
        doc_no=document.doc_no,
        region=document.region,
        standing=worth.value,
        standing_text=say(f"standing.short.{worth.value}"),
        score=round(score, 4),
    )
