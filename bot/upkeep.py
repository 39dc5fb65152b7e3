"""What has to be done when a time is over: nobody waits for ever, for staff who are gone or for an
answer held back; nothing is kept for longer than was promised; the audit is anchored."""

from __future__ import annotations

import datetime as dt

import anyio
import anyio.to_thread
import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.app import App
from bot.conversations.retention import sweep
from bot.handover.due import release_vanished, tell_closed
from bot.logging import described

INTERVAL_S = 5.0

_log = structlog.get_logger()


def run_due(app: App) -> int:
    """Give back what vanished staff held, tell those who wait that working hours are over, answer
    those whose draft nobody looked at, and take away what is too old; how many. Any number of
    processes may do so side by side."""
    away = dt.timedelta(minutes=app.settings.staff_away_minutes)
    too_old = app.conversation.now() - dt.timedelta(days=app.settings.retention_days)
    return (
        release_vanished(app.handovers, away)
        + tell_closed(app.handovers)
        + app.drafts.expire_due()
        + sweep(app.engine, too_old)
    )


async def run_for_ever(app: App) -> None:
    """Do so time and again, in a thread beside the event loop."""
    while True:
        try:
            await anyio.to_thread.run_sync(run_due, app)
            await anyio.to_thread.run_sync(app.audit.anchor, app.engine)
        except (SQLAlchemyError, OSError) as error:
            _log.warning("upkeep_stalled", **described(error))
        await anyio.sleep(INTERVAL_S)
