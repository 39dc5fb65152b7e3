"""What the tests of the review share: looking, and deciding."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from sqlalchemy import Engine

from bot.review import deciding, heard
from bot.review.doubt import Doubts, no_doubts
from bot.review.heard import Heard
from bot.review.labels import Decision
from bot.review.places import KINDS, Kind, Wanted
from tests.bot.serving import NOW

PERIOD = Wanted(NOW - dt.timedelta(days=30), NOW + dt.timedelta(days=1))
TEST_MESSAGE = "社保补贴什么时间到卡上"  # of tests/bot/review/teaching.py


def look(engine: Engine, *kinds: Kind, **more: Any) -> list[Heard]:
    wanted = replace(PERIOD, kinds=frozenset(kinds or KINDS), **more)
    with engine.connect() as connection:
        return heard.messages(connection, wanted)


def decide(
    engine: Engine,
    text: str,
    decision: Decision,
    tests: object = (),
    doubts: Doubts = no_doubts,
) -> tuple[int, int]:
    with engine.begin() as connection:
        (pk,), secret = deciding.decide(
            connection,
            [(text, None)],
            decision,
            "me",
            NOW,
            tests,  # type: ignore[arg-type]
            doubts,
        )
        return pk, secret
