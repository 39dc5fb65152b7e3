"""What the console's pages work with."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Engine

from bot.app import App
from bot.console.sessions import Lifetime
from bot.console.throttle import Throttle
from bot.settings import Settings


@dataclass(frozen=True)
class ConsoleParts:
    """The process's parts, handed to each page's `router`."""

    app: App

    @property
    def settings(self) -> Settings:
        return self.app.settings

    @property
    def engine(self) -> Engine:
        return self.app.engine

    def now(self) -> dt.datetime:
        """This moment, in UTC."""
        return self.app.conversation.now()

    @cached_property
    def throttle(self) -> Throttle:
        """Counts failed log-ins; one for the process."""
        return Throttle(redis_url=self.settings.redis_url)

    @cached_property
    def lifetime(self) -> Lifetime:
        """How long a log-in lasts."""
        return Lifetime(
            idle=dt.timedelta(minutes=self.settings.console_idle_minutes),
            whole=dt.timedelta(hours=self.settings.console_session_hours),
        )
