"""`/console/review/labels` and `/tasks`: what was decided, looked at again, confirmed, and done."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection

from bot.console.parts import ConsoleParts
from bot.console.rendering import page
from bot.console.review_words import (
    Decided,
    decided,
    doubts_of,
    intent_name,
    intents_by_kind,
    meanings_in_words,
    region_name,
)
from bot.console.security import Visitor, requires
from bot.console.wording import say, table
from bot.review import deciding, labels
from bot.review.labels import Label, LabelError

HERE = "/console/review"
_LABELS_A_PAGE = 50

Reviewer = Annotated[Visitor, requires("review")]
Key = Annotated[int, Path(ge=1, le=2**31 - 1)]
Text = Annotated[str, Query(max_length=200)]


def router(parts: ConsoleParts) -> APIRouter:
    """The decisions, and the tasks for the library."""
    routes = APIRouter(prefix="/review")

    @routes.get("/labels")
    def decisions(
        request: Request,
        visitor: Reviewer,
        kind: Text = "",
        before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    ) -> Response:
        kinds = (kind,) if kind in labels.LABEL_KINDS else labels.LABEL_KINDS
        with parts.engine.connect() as connection:
            found = labels.listed(connection, kinds, before=before, limit=_LABELS_A_PAGE + 1)
        more, found = len(found) > _LABELS_A_PAGE, found[:_LABELS_A_PAGE]
        query = {"kind": kind, "before": found[-1].pk} if more else {}
        return page(
            request,
            "review_labels.html",
            labels=found,
            kind=kind,
            kinds=table("label_kind"),
            decided=decided,
            intent_name=intent_name,
            may_confirm=lambda one: one.may_be_confirmed_by(visitor.account.name, parts.now()),
            older=f"?{urlencode(query)}" if more else "",
        )

    @routes.get("/labels/{pk}")
    def decision(request: Request, _visitor: Reviewer, pk: Key) -> Response:
        with parts.engine.connect() as connection:
            found = _found(connection, pk)
        return _label_page(request, found)

    @routes.post("/labels/{pk}")
    def decide_again(
        request: Request,
        visitor: Reviewer,
        pk: Key,
        anew: Decided,
    ) -> Response:
        with parts.engine.connect() as connection:
            found = _found(connection, pk)
        try:
            with parts.engine.begin() as connection:
                name = visitor.account.name
                deciding.change(
                    connection, found, anew, name, parts.now(), doubts=doubts_of(visitor)
                )
                visitor.record("label_changed", f"label:{pk}", connection)
        except LabelError as error:
            return _label_page(request, found, say(f"error.{error.code}"))
        return RedirectResponse(f"{HERE}/labels?done=label_changed", 303)

    @routes.post("/labels/{pk}/confirm")
    def confirm(request: Request, visitor: Reviewer, pk: Key) -> Response:
        try:
            with parts.engine.begin() as connection:
                found = _found(connection, pk)
                deciding.confirm(connection, found, visitor.account.name, parts.now())
                visitor.record("label_confirmed", f"label:{pk}", connection)
        except LabelError as error:
            return _label_page(request, found, say(f"error.{error.code}"))
        return RedirectResponse(f"{HERE}/labels?done=label_confirmed", 303)

    @routes.get("/tasks")
    def tasks(request: Request, _visitor: Reviewer) -> Response:
        with parts.engine.connect() as connection:
            found = labels.listed(connection, ("library",), limit=500)
        return page(
            request,
            "review_tasks.html",
            open_tasks=[one for one in found if one.done_at is None],
            done_tasks=[one for one in found if one.done_at is not None],
            region_name=region_name,
        )

    @routes.post("/tasks/{pk}/done")
    def task_done(visitor: Reviewer, pk: Key) -> Response:
        with parts.engine.begin() as connection:
            found = _found(connection, pk)
            now = parts.now() if found.done_at is None else None
            if not labels.set_done(connection, pk, visitor.account.name, now):
                raise HTTPException(404)
            visitor.record("task_done" if now else "task_reopened", f"label:{pk}", connection)
        return RedirectResponse(f"{HERE}/tasks?done={'task_done' if now else 'task_reopened'}", 303)

    return routes


def _label_page(request: Request, label: Label, error: str = "") -> Response:
    return page(
        request,
        "review_label.html",
        422 if error else 200,
        label=label,
        decided=decided(label),
        every_intent=intents_by_kind(),
        meanings=meanings_in_words(),
        error=error,
    )


def _found(connection: Connection, pk: int) -> Label:
    found = labels.find(connection, pk)
    if found is None:
        raise HTTPException(404)
    return found
