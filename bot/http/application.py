"""Puts the HTTP parts together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from bot import problems, upkeep
from bot.app import App
from bot.delivery.courier import Courier
from bot.http import api, chat, health, metering, rasa, registry_webhook
from bot.http.access import Access
from bot.http.guard import Guard
from bot.http.proxies import Proxies
from bot.http.widgets import Widgets
from bot.recheck import Rechecker
from bot.review.retrain import follow_for_ever
from bot.settings import networks
from bot.telegram.channel import open_channel as open_telegram
from bot.wechat.service import open_wechat
from knowledge.registry.server import pages

_STATIC = Path(__file__).parent / "static"


def create_app(app: App) -> FastAPI:
    """Everything `anxin serve` serves, over the parts of `app`."""
    # Here, because the console's pages use parts of this package.
    from bot.console.application import create_console
    from bot.console.parts import ConsoleParts

    permits = app.conversation.permits
    wechat, telegram = open_wechat(app), open_telegram(app)
    channels = [channel for channel in (wechat, telegram) if channel is not None]
    courier = Courier(app.outbox, [channel.sender for channel in channels])

    @asynccontextmanager
    async def lifespan(_web: FastAPI) -> AsyncIterator[None]:
        async with anyio.create_task_group() as connections:
            for channel in channels:
                connections.start_soon(channel.run_for_ever)
            async with anyio.create_task_group() as tasks:
                if permits is not None:
                    rechecker = Rechecker(app.engine, permits, app.conversation.now, app.outbox)
                    tasks.start_soon(rechecker.run_for_ever)
                tasks.start_soon(courier.run_for_ever)
                tasks.start_soon(app.live.run_for_ever)
                tasks.start_soon(upkeep.run_for_ever, app)
                tasks.start_soon(follow_for_ever, app.trainer)
                yield
                tasks.cancel_scope.cancel()
            # Only now: the courier has ended what it had begun to send.
            connections.cancel_scope.cancel()

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
    inbox, access = app.inbox, Access(app)
    inbox.on_turn = app.metrics.turn
    web.include_router(health.router(app))
    web.include_router(metering.router(app))
    web.include_router(api.router(app, inbox, access), prefix="/api/v1")
    web.include_router(rasa.router(app, access))
    web.include_router(chat.router(app))
    for channel in channels:
        web.include_router(channel.router())
    if permits is not None:
        web.include_router(registry_webhook.router(permits.verifier))
        if app.registry is not None:
            web.include_router(pages.router(app.registry, permits.verifier.quota))
    web.mount("/console", create_console(ConsoleParts(app)), name="console")
    web.mount("/static", StaticFiles(directory=_STATIC), name="static")
    problems.install(web)
    web.add_middleware(Widgets, origins=app.settings.embed_origins)
    web.add_middleware(Guard)
    web.add_middleware(metering.Refusals, metrics=app.metrics)
    web.add_middleware(Proxies, trusted=networks(app.settings.trusted_proxies))
    return web
