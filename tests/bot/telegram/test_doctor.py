"""What `anxin doctor` says of Telegram, which it asks itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from bot.settings import Settings
from bot.telegram.doctor import telegram_findings
from tests.simulators.telegram_api import running
from tests.simulators.telegram_chats import TOKEN, Chats

OURS = "https://bot.example/telegram"


@pytest.fixture
def chats() -> Chats:
    return Chats()


@pytest.fixture
def api(chats: Chats) -> Iterator[str]:
    with running(chats) as address:
        yield address


def found(api: str, **more: Any) -> list[tuple[bool, str, str]]:
    settings = Settings(
        **{
            "_env_file": None,
            "telegram_token": SecretStr(TOKEN),
            "telegram_api_base": api,
            **more,
        }
    )
    findings = list(telegram_findings(settings))
    assert TOKEN.split(":")[1] not in str(findings)
    return findings


def test_not_connected_is_no_fault() -> None:
    assert found("http://127.0.0.1:9", telegram_token=SecretStr(""))[0][0]


def test_a_bot_that_polls(api: str) -> None:
    findings = found(api)
    assert all(ok for ok, _, _ in findings)
    assert "@" in findings[0][1]
    assert "poll" in findings[-1][1]


def test_a_telegram_that_is_not_there_and_a_token_that_is_refused(api: str) -> None:
    ((ok, what, mend),) = found("http://127.0.0.1:9")
    assert (ok, "not reached" in what, "PROXY" in mend) == (False, True, True)
    ((ok, what, _),) = found(api, telegram_token=SecretStr("1234567:another"))
    assert (ok, "refused" in what) == (False, True)


def test_a_webhook_that_is_set_here(api: str, chats: Chats) -> None:
    chats.webhook = {"url": OURS, "secret": "s"}
    findings = found(api, telegram_webhook_url=f"{OURS}/")
    assert all(ok for ok, _, _ in findings)
    assert OURS in findings[-1][1]


@pytest.mark.parametrize(
    ("set_there", "set_here", "mend"),
    [
        (OURS, "", "--take-over"),
        ("", OURS, "start anxin serve"),
        ("https://elsewhere.example/telegram", OURS, "start anxin serve"),
        ("https://bot.example:8000/telegram", "https://bot.example:8000/telegram", "8443"),
        ("http://bot.example/telegram", "http://bot.example/telegram", "https"),
    ],
)
def test_a_webhook_that_does_not_fit(
    api: str, chats: Chats, set_there: str, set_here: str, mend: str
) -> None:
    chats.webhook = {"url": set_there, "secret": ""} if set_there else {}
    wrong = [mend for ok, _, mend in found(api, telegram_webhook_url=set_here) if not ok]
    assert len(wrong) == 1
    assert mend in wrong[0]


def test_deliveries_that_fail(api: str, chats: Chats) -> None:
    chats.webhook = {"url": OURS, "secret": "s"}
    chats.text(7, "你好")
    chats.last_error = "Connection refused"
    ok, what, _ = found(api, telegram_webhook_url=OURS)[-1]
    assert (ok, "1 messages wait" in what, "Connection refused" in what) == (False, True, True)
