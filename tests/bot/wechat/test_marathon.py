"""A short run of the marathon; `python -m tests.bot.wechat.marathon` plays a thousand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.bot.wechat.marathon import Plan, play
from tests.pace import pace


@pytest.mark.parametrize("verified", [True, False])
def test_every_message_is_answered_once_though_the_bot_is_killed(
    tmp_path: Path, verified: bool
) -> None:
    # A busy machine may start the bot slowly: the platform is given more patience than WeChat has.
    plan = Plan(6, verified, at_once=4, slow=0.15, long=0.2, tries=9)
    plan = replace(plan, cut=2.0 * (slow := pace()), kill_every=3.0 * slow)
    result = play(plan, tmp_path)
    assert result.good, result.text()
    assert result.messages == 18
