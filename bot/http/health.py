"""Whether the process lives, and whether it can answer."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy import text

from bot.app import App
from bot.database import revision


def router(app: App) -> APIRouter:
    """`/healthz` for a supervisor, `/readyz` for a load balancer."""
    routes = APIRouter(tags=["health"])

    @routes.get("/healthz")
    async def healthz() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @routes.get("/readyz", responses={503: {"description": "Something is missing"}})
    def readyz() -> JSONResponse:
        """Database, schema, library and model, each by asking it; 503 when one is not ready."""
        checks = {
            "database": _works(lambda: _database(app)),
            "migrations": _works(lambda: _migrations(app)),
            "library": _works(lambda: app.library.release() is not None),
            "model": _works(lambda: bool(app.conversation.understand("补贴"))),
        }
        ready = all(checks.values())
        return JSONResponse(
            {
                "status": "ready" if ready else "not ready",
                "checks": {name: "ok" if ok else "failed" for name, ok in checks.items()},
            },
            status_code=200 if ready else 503,
        )

    return routes


def _works(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception:
        # Whatever broke, the answer is the same; `anxin doctor` tells what and how to mend it.
        return False


def _database(app: App) -> bool:
    with app.engine.connect() as connection:
        return connection.execute(text("SELECT 1")).scalar() == 1


def _migrations(app: App) -> bool:
    current, newest = revision(app.engine)
    return current == newest
