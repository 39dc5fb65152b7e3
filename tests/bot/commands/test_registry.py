"""`anxin registry …` as an operator uses it."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from bot.commands.registry import registry_app
from bot.commands.registry import served as registry_served
from knowledge.registry.settings import RegistrySettings, open_registry
from tests.bot.serving import serving


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*given: str) -> Result:
    return CliRunner().invoke(registry_app, list(given))


@pytest.fixture
def number(folder: Path) -> str:
    issued = run("issue", "--name", "测试李梅", "--id-last4", "123x")
    assert issued.exit_code == 0
    found = re.search(r"number (.+)", issued.output)
    assert found
    return found.group(1)


def test_a_permits_life_from_the_command_line(number: str, folder: Path) -> None:
    assert (folder / "permit-qr.png").read_bytes().startswith(b"\x89PNG")
    by_name = run("verify", number, "--name", "测试李梅")
    assert by_name.exit_code == 0
    assert "[VALID]" in by_name.output
    by_photo = run("verify", "--photo", "permit-qr.png")
    assert "[PERSON_NOT_CHECKED]" in by_photo.output
    for command, expected in (
        (("suspend", number), "[SUSPENDED]"),
        (("lift", number), "[VALID]"),
        (("report-lost", number), "[SUSPENDED]"),
        (("reissue", number, "--out", "new.png"), "[VALID]"),
        (("revoke", number), "[REVOKED]"),
    ):
        assert run(*command).exit_code == 0
        assert expected in run("verify", number, "--id-last4", "123X").output
    refused = run("revoke", number)
    assert refused.exit_code == 1
    assert "cannot revoke a permit that is REVOKED" in refused.output


def test_a_wrong_number_is_said_to_be_one(folder: Path) -> None:
    assert "not a permit number (length)" in run("revoke", "GZ123").output
    unknown = run("revoke", "GZ1565643791K")
    assert (unknown.exit_code, "no permit GZ****791K" in unknown.output) == (1, True)
    assert run("verify", "GZ123", "--name", "测试李梅").exit_code == 2


def test_seed_shows_permits_to_try(folder: Path) -> None:
    seeded = run("seed", "--count", "22", "--show", "4")
    assert "22 made-up permits issued" in seeded.output
    rows = re.findall(r"^  (\w\w \d{5} \d{5} \w)  (\S+)", seeded.output, re.MULTILINE)
    assert len(rows) == 4
    checked = run("verify", rows[0][0], "--name", rows[0][1])
    assert "[NOT_CONFIRMED]" not in checked.output


def test_the_record_is_verified(number: str, folder: Path) -> None:
    run("verify", number, "--name", "测试李梅")
    assert run("audit", "verify").output.strip() == "the record is whole"
    (folder / "var" / "registry-audit.anchor").unlink()
    harmed = run("audit", "verify")
    assert harmed.exit_code == 1
    assert "the anchor is missing" in harmed.output


def test_keys_rotate(number: str, folder: Path) -> None:
    assert re.match(r"signing with [0-9a-f]{8}", run("rotate-keys").output)
    assert "[PERSON_NOT_CHECKED]" in run("verify", "--photo", "permit-qr.png").output


def test_a_bot_elsewhere_is_told_with_its_own_key(folder: Path) -> None:
    key = run("notice-key").output.strip()
    assert re.fullmatch("[0-9a-f]{64}", key)
    assert bytes.fromhex(key) not in (folder / "var" / "registry-client.key").read_bytes()
    url = "https://bot.example/registry/events"
    assert run("subscribe", url, "--key", key).exit_code == 0
    for given, said in (
        ((url, "--key", key), "already"),
        (("http://bot.example/x", "--key", key), "https"),
        (("https://bot:x/", "--key", key), "not an address"),
        (("https://bot2.example/x", "--key", "zz"), "non-hexadecimal"),
    ):
        refused = run("subscribe", *given)
        assert refused.exit_code == 1
        assert said in refused.output


def test_the_registry_alone_serves_the_contract_and_the_workers_pages(folder: Path) -> None:
    registry = open_registry(RegistrySettings(), "http://127.0.0.1:8100")
    assert registry.core.pages_url == "http://127.0.0.1:8100/permit"
    with serving(registry_served(registry)) as url:
        assert httpx.get(f"{url}/v1/health").json()["ok"] is True
        assert "我的证" in httpx.get(f"{url}/permit/mine").text
    registry.core.engine.dispose()
