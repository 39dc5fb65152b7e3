"""What the settings put together works as it is: an embedded registry and a remote one."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from bot.commands.registry import served as as_served
from knowledge.registry.demo import seed_demo
from knowledge.registry.outcome import Outcome
from knowledge.registry.server.secrets import Secret, load_or_create
from knowledge.registry.settings import RegistrySettings, open_registry, open_verifier
from tests.knowledge.registry.conftest import check, served


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RegistrySettings:
    monkeypatch.chdir(tmp_path)
    return RegistrySettings()


def test_embedded_by_default(settings: RegistrySettings) -> None:
    permit = seed_demo(open_registry(settings), 1, only="valid")[0]
    for _process in range(2):  # a second one lets the first go on
        verifier = open_verifier(settings)
        given = check(number=permit.number.value, full_name=permit.full_name)
        assert verifier.verify(given).outcome is Outcome.VALID
        verifier.client.close()


def test_remote_with_an_address(settings: RegistrySettings) -> None:
    registry = open_registry(settings)
    permit = seed_demo(registry, 1, only="valid")[0]
    token = registry.add_client("bot", "测试", ["permit.status"])
    with served(as_served(registry)) as address:
        remote = settings.model_copy(
            update={"url": f"{address}/v1", "client_id": "bot", "token": token}
        )
        verifier = open_verifier(remote)
        for given in (
            check(number=permit.number.value, full_name=permit.full_name),
            check(qr_text=permit.qr_token, full_name=permit.full_name),
        ):
            assert verifier.verify(given).outcome is Outcome.VALID
        verifier.client.close()


def test_a_remote_registry_that_is_not_there(settings: RegistrySettings) -> None:
    verifier = open_verifier(settings.model_copy(update={"url": "http://127.0.0.1:1/v1"}))
    given = check(number="GZ1565643791K", full_name="测试李梅")
    assert verifier.verify(given).outcome is Outcome.UNAVAILABLE
    verifier.client.close()


def test_secrets_are_made_once_and_kept_to_the_owner(tmp_path: Path) -> None:
    path = tmp_path / "var" / "secret"
    first = load_or_create(path)
    assert load_or_create(path) == first
    assert len(first) >= 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(ValueError, match="32 bytes"):
        Secret(b"short")


def test_every_setting_says_what_it_is() -> None:
    assert all(field.description for field in RegistrySettings.model_fields.values())
