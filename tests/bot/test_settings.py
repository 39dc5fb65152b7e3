"""Every setting is documented, with its default, and a bad one is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from bot.settings import Settings
from knowledge.registry.settings import RegistrySettings

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


@pytest.mark.parametrize(
    ("model", "prefix"), [(Settings, "ANXIN_"), (RegistrySettings, "ANXIN_REGISTRY_")]
)
def test_every_setting_is_on_the_page_with_its_default(
    model: type[BaseSettings], prefix: str
) -> None:
    rows = PAGE.read_text(encoding="utf-8").splitlines()
    for name, field in model.model_fields.items():
        row = next((row for row in rows if f"`{prefix}{name.upper()}`" in row), "")
        assert f"`{field.default}`" in row, f"{prefix}{name.upper()} is not documented as it is"


def test_a_bad_value_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANXIN_PORT", "99999")
    with pytest.raises(ValidationError, match="port"):
        Settings()
