"""The measurement of the webhook: what it sends is what WeChat sends, and every answer is read."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from bot.bench.pushes import ACCOUNT, Plan, Sent, send
from bot.bench.webhook import Figures, bare, table
from bot.wechat.service import open_wechat
from tests.bot.serving import copy_of
from tests.bot.wechat.harness import app_for, serving, settings_for, web_of
from tests.simulators.wechat_platform import Account

QUESTIONS = str(Path("tests/conversations/questions").resolve())


def plan_for(url: str, rate: float | None = None) -> Plan:
    return Plan(urlsplit(url).port or 0, 7, 2, QUESTIONS, rate)


def test_the_bare_handler_answers_every_message() -> None:
    with serving(bare()) as url:
        sent = send(plan_for(url))
    assert sent.answered == len(sent.milliseconds) == 7


def test_the_bot_answers_every_message_at_a_given_rate(library_file: Path, tmp_path: Path) -> None:
    token, app_id, key = ACCOUNT.values()
    account = Account(token=token, app_id=app_id, aes_key=key, verified=False)
    settings = settings_for(tmp_path, f"sqlite:///{copy_of(library_file, tmp_path)}", account)
    app = app_for(settings)
    wechat = open_wechat(app)
    assert wechat is not None
    with serving(web_of(app, wechat)) as url:
        sent = send(plan_for(url, rate=20.0))
    assert sent.answered == len(sent.milliseconds) == 7
    assert sent.seconds > 6 / 20  # the last of seven is due then


def test_the_table_holds_the_middle_of_the_rounds_and_of_their_ratios() -> None:
    def rounds(*seconds: float) -> list[Sent]:
        return [Sent(one, [1.0, 2.0], 2, processor=3.0) for one in seconds]

    lines = table(
        Figures(rounds(0.1, 0.2, 0.4), rounds(1.0, 1.0, 1.0), rounds(2.0, 2.0, 2.0), 9.0, "sqlite")
    )
    assert "| bare handler | 10 | 2.0 | 2.0 | 3.0 | 100.0% |" in lines
    assert "bot / bare: 20.0%" in lines
