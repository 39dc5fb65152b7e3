"""`anxin serve`: everything on one port."""

from __future__ import annotations

import structlog
import typer
import uvicorn

from bot.app import assemble
from bot.http import create_app
from bot.logging import configure_logging
from bot.settings import settings


def run_server(host: str | None, port: int | None) -> None:
    """Assemble the parts, say where the page is, and serve until stopped."""
    current = settings()
    configure_logging(current.log_level)
    app = assemble(current, typer.echo)
    address, number = host or current.host, port or current.port
    shown = "127.0.0.1" if address in ("0.0.0.0", "::") else address  # noqa: S104 - only compared
    typer.echo(f"安心问 is open at http://{shown}:{number}/  (Ctrl+C stops it)")
    structlog.get_logger().info("serving", host=address, port=number)
    uvicorn.run(
        create_app(app),
        host=address,
        port=number,
        log_level=current.log_level,
        access_log=False,  # an address and a path are personal data enough
        server_header=False,
    )
