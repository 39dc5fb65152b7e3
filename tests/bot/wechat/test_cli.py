"""`anxin wechat` against the platform's API on a port, and what `anxin doctor` says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from bot.bench.process import free_port
from bot.settings import settings
from bot.wechat.cli import wechat_app
from bot.wechat.content import menu
from bot.wechat.doctor import wechat_findings
from tests.bot.wechat.harness import settings_for
from tests.bot.wechat.marathon import api_on_port
from tests.simulators.wechat_platform import Account, Platform


@pytest.fixture
def platform(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    one = Platform(Account(), httpx.AsyncClient())
    with api_on_port(one, free_port()) as address:
        for name, value in {
            "DATABASE_URL": database,
            "SEAL_KEY_FILE": str(tmp_path / "seal.key"),
            "WECHAT_APP_ID": one.account.app_id,
            "WECHAT_APP_SECRET": one.account.secret,
            "WECHAT_API_BASE": address,
        }.items():
            monkeypatch.setenv(f"ANXIN_{name}", value)
        settings.cache_clear()
        yield one
    settings.cache_clear()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(wechat_app, arguments)


def test_the_menu_is_pushed_and_shown(platform: Platform) -> None:
    assert run("menu", "show").output == "the account has no menu\n"
    assert run("menu", "push").exit_code == 0
    assert platform.api.menu == menu()
    assert "问政策\n  我能领什么  (click benefits)" in run("menu", "show").output


def test_a_qr_code_is_made_for_a_known_scene_only(platform: Platform) -> None:
    assert "training_subsidy: " in run("qr").output
    assert "showqrcode?ticket=" in run("qr", "permit").output
    assert run("qr", "nonsense").exit_code == 2
    assert platform.api.calls.count("/cgi-bin/qrcode/create") == 1


def test_a_refusal_is_one_clear_line(platform: Platform) -> None:
    platform.api.fails["/cgi-bin/menu/create"].append(40164)
    refused = run("menu", "push")
    assert refused.exit_code == 1
    assert refused.output == "WeChat refused: errcode 40164 on demand\n"


def test_without_credentials_it_says_what_to_set(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANXIN_WECHAT_APP_SECRET", "")
    settings.cache_clear()
    refused = run("menu", "push")
    assert refused.exit_code == 2
    assert "ANXIN_WECHAT_APP_SECRET" in refused.output


def test_a_platform_that_is_not_there_is_told(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANXIN_WECHAT_API_BASE", f"http://127.0.0.1:{free_port()}")
    settings.cache_clear()
    refused = run("menu", "push")
    assert refused.exit_code == 1
    assert "cannot be reached" in refused.output


def test_the_doctor_says_whether_wechat_is_connected(
    tmp_path: Path, database: str, platform: Platform
) -> None:
    base = settings().wechat_api_base
    none = settings_for(tmp_path, database, Account(), wechat_token="")
    assert [what for _, what, _ in wechat_findings(none)] == [
        "WeChat: not connected (ANXIN_WECHAT_TOKEN is empty)"
    ]
    safe = settings_for(tmp_path, database, Account(), wechat_api_base=base)
    assert all(ok for ok, _, _ in wechat_findings(safe))
    plain = settings_for(
        tmp_path, database, Account(mode="plain"), wechat_freshness_s=0, wechat_api_base=base
    )
    assert [ok for ok, _, _ in wechat_findings(plain)] == [True, False, False, True]


@pytest.mark.parametrize(
    ("code", "mend"), [(40164, "白名单"), (40125, "APP_SECRET"), (89503, "on demand")]
)
def test_the_doctor_says_why_the_api_refuses(
    tmp_path: Path, database: str, platform: Platform, code: int, mend: str
) -> None:
    platform.api.fails["/cgi-bin/stable_token"].append(code)
    current = settings_for(
        tmp_path, database, Account(), wechat_api_base=settings().wechat_api_base
    )
    (_, what, said) = next(one for one in wechat_findings(current) if not one[0])
    assert str(code) in what
    assert mend in said


def test_the_doctor_says_that_the_api_is_not_reached(tmp_path: Path, database: str) -> None:
    away = settings_for(tmp_path, database, Account(), wechat_api_base="http://127.0.0.1:9")
    assert "ConnectError" in next(what for ok, what, _ in wechat_findings(away) if not ok)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("wechat_aes_key", "short"),
        ("wechat_aes_key", "=" * 43),
        ("wechat_app_id", ""),
        ("wechat_app_secret", ""),
        ("wechat_api_base", "api.weixin.qq.com"),
        ("wechat_budget_s", 5.0),
        ("wechat_freshness_s", -1),
    ],
)
def test_a_setting_that_cannot_work_is_refused(
    tmp_path: Path, database: str, name: str, value: object
) -> None:
    with pytest.raises(ValueError, match="wechat"):
        settings_for(tmp_path, database, Account(verified=True), **{name: value})
