"""Puts the HTTP parts together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from bot.app import App
from bot.http import api, chat, health, problems, rasa
from bot.http.guard import Guard
from bot.inbox import Inbox
from bot.recheck import Rechecker

_STATIC = Path(__file__).parent / "static"


def create_app(app: App) -> FastAPI:
    """Everything `anxin serve` serves, over the parts of `app`."""
    permits = app.conversation.permits

    @asynccontextmanager
    async def lifespan(_web: FastAPI) -> AsyncIterator[None]:
        async with anyio.create_task_group() as tasks:
            if permits is not None:
                rechecker = Rechecker(app.engine, permits, app.conversation.now)
                tasks.start_soon(rechecker.run_for_ever)
            yield
            tasks.cancel_scope.cancel()

    web = FastAPI(
        title="安心问",
        description="Cited answers from the policy documents on domestic service.",
        version="1",
        openapi_url="/api/v1/openapi.json",
        # FastAPI's own documentation pages load scripts from other hosts.
        docs_url=None,
        redoc_url=None,
        responses=problems.RESPONSES,
        lifespan=lifespan,
    )
    inbox = Inbox(app.engine, app.conversation.converse, app.conversation.now)
    web.include_router(health.router(app))
    web.include_router(api.router(app, inbox), prefix="/api/v1")
    web.include_router(rasa.router(inbox))
    web.include_router(chat.router(app))
    web.mount("/static", StaticFiles(directory=_STATIC), name="static")
    problems.install(web)
    web.add_middleware(Guard)
    return web
