"""`anxin outbox`."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from bot.commands import outbox as outbox_cli
from bot.delivery.outbox import Outbox
from bot.delivery.parcels import Delivery
from bot.sealing import Seal
from dialogs.reply import Block, Reply, Statement, Status
from tests.bot.serving import NOW, SEAL_KEY

REPLY = Reply(Status.ANSWERED, (Block("talk", (Statement("话"),)),))


@pytest.fixture
def outbox(sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Outbox:
    """An outbox with one parcel that was given up; the commands use it."""
    made = Outbox(sqlite_engine, Seal(SEAL_KEY), lambda: NOW)
    made.channels = frozenset(("wechat",))
    with sqlite_engine.begin() as connection:
        made.put(connection, "wechat", "openid-1", REPLY, "1-staff-a")
    (parcel,) = made.claim()
    made.settle(parcel, Delivery("dead", reason="blocked"))
    monkeypatch.setattr(outbox_cli, "_outbox", lambda: made)
    return made


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(outbox_cli.outbox_app, arguments)
    return result.exit_code, result.output


def test_dead_parcels_are_listed_without_whose_they_are(outbox: Outbox) -> None:
    code, shown = run("list")
    assert code == 0
    assert "1-staff-a  wechat" in shown
    assert "blocked" in shown
    assert "openid" not in shown
    assert "话" not in shown
    assert run("list", "--state", "held") == (0, "nothing is held\n")
    assert run("list", "--state", "sent")[0] == 2


def test_replay_sends_one_or_all_again(outbox: Outbox) -> None:
    assert run("replay", "nothing-like-it")[0] == 1
    assert outbox.counts() == {"dead": 1}
    assert run("replay", "1-staff-a") == (0, "1 to be sent again\n")
    assert outbox.counts() == {"waiting": 1}
    assert run("replay") == (0, "0 to be sent again\n")
