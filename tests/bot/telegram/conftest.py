"""Fixtures: the simulated Bot API on a port, and the bot's parts connected to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from bot.app import App
from tests.bot.telegram.world import Clock, telegram_app
from tests.simulators.telegram_api import running
from tests.simulators.telegram_chats import Chats


@dataclass
class World:
    app: App
    chats: Chats
    clock: Clock
    api: str


@pytest.fixture
def world(app: App) -> Iterator[World]:
    chats, clock = Chats(), Clock()
    with running(chats) as api:
        yield World(telegram_app(app, clock, api), chats, clock, api)
