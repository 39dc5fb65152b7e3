"""`/console/review/retrain`: labels leave for the training data, or train the engine here."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from bot.console.parts import ConsoleParts
from bot.console.rendering import page
from bot.console.review_words import intent_name
from bot.console.security import Visitor, requires
from bot.console.wording import say, table
from bot.review import labels, retrainings, taught

_HERE = "/console/review/retrain"

Keeper = Annotated[Visitor, requires("retrain")]


def router(parts: ConsoleParts) -> APIRouter:
    """Training with its gate, and the export."""
    routes = APIRouter(prefix="/review")
    trainer = parts.app.trainer

    @routes.get("/retrain")
    def show(request: Request, visitor: Keeper) -> Response:
        return _page(request, visitor)

    @routes.get("/retrain/state")
    def state(_visitor: Keeper) -> dict[str, str]:
        """How far the newest retraining is, for the page that waits for it."""
        with parts.engine.connect() as connection:
            newest = next(iter(retrainings.newest(connection, 1)), None)
        if newest is None:
            return {"state": "", "progress": ""}
        words = table("retrain_progress").get(newest.progress, "")
        return {"state": newest.state, "progress": words}

    @routes.post("/retrain")
    def retrain(request: Request, visitor: Keeper) -> Response:
        if not trainer.start(visitor.account.name):
            return _page(request, visitor, say("error.retrain_running"))
        visitor.record("retrained")
        return RedirectResponse(f"{_HERE}?done=retrain_begun", 303)

    @routes.post("/export")
    def export(
        request: Request, visitor: Keeper, everything: Annotated[str, Form(max_length=1)] = ""
    ) -> Response:
        with parts.engine.begin() as connection:
            patch = taught.export(connection, parts.now(), everything=bool(everything))
            if patch:
                visitor.record("labels_exported", None, connection)
        if not patch:
            return _page(request, visitor, say("error.export_empty"))
        return Response(
            patch,
            media_type="application/yaml; charset=utf-8",
            headers={"content-disposition": 'attachment; filename="labels.yml"'},
        )

    return routes


def _page(request: Request, visitor: Visitor, error: str = "") -> Response:
    parts = visitor.parts
    trainer = parts.app.trainer
    with parts.engine.connect() as connection:
        newest = retrainings.newest(connection)
        labelled = labels.listed(connection, ("intent",))
    accepted = [one for one in labelled if not one.unconfirmed]
    return page(
        request,
        "review_retrain.html",
        409 if error else 200,
        runs=newest,
        running=bool(newest) and newest[0].state == "running",
        untaught=trainer.untaught(),
        accepted=len(accepted),
        unconfirmed=len(labelled) - len(accepted),
        unexported=sum(one.exported_at is None for one in accepted),
        rasa=parts.settings.nlu_engine == "rasa",
        states=table("retrain_state"),
        progress=table("retrain_progress"),
        reasons=table("retrain_reason"),
        intent_name=intent_name,
        error=error,
    )
