"""`anxin serve`: everything on one port."""

from __future__ import annotations

from contextlib import suppress

import structlog
import typer
import uvicorn

from bot.app import assemble, settle
from bot.http import create_app
from bot.http.server import Server
from bot.logging import configure_logging
from bot.settings import settings


def run_server(host: str | None, port: int | None) -> None:
    """Assemble the parts, say where the page is, and serve until stopped."""
    given = {"host": host, "port": port}
    current = settings().model_copy(update={k: v for k, v in given.items() if v is not None})
    configure_logging(current.log_level)
    app = assemble(current, typer.echo)
    typer.echo(f"安心问 is open at {current.address}/  (Ctrl+C stops it)")
    structlog.get_logger().info("serving", host=current.host, port=current.port)
    web = create_app(app)
    settle(app)
    config = uvicorn.Config(
        web,
        host=current.host,
        port=current.port,
        log_level=current.log_level,
        access_log=False,  # an address and a path are personal data enough
        server_header=False,
        timeout_graceful_shutdown=5,
        proxy_headers=False,  # bot/http/proxies.py knows which proxies to believe
    )
    server = Server(config, app.live)
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        raise typer.Exit(3)  # as uvicorn's own command ends; it has said why
