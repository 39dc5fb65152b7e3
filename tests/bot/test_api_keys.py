"""Keys: shown once, kept as digests, ended for good."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from bot.api_keys import NameRefused, add_key, find_key, list_keys, revoke_key
from bot.commands.key import key_app
from bot.settings import settings
from tests.bot.serving import NOW


def test_a_key_is_found_by_itself_alone(engine: Engine) -> None:
    one, other = (add_key(engine, name, 60, NOW) for name in ("one", "other"))
    assert one != other
    found = find_key(engine, one, NOW)
    assert found is not None
    assert (found.name, found.per_minute, found.created_at) == ("one", 60, NOW)
    for wrong in ("", one[:-1], one + "x", one.upper(), "\ud800", "' OR 1=1"):
        assert find_key(engine, wrong, NOW) is None


def test_the_key_itself_is_nowhere(engine: Engine) -> None:
    key = add_key(engine, "one", 60, NOW)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM api_key")).all()
    assert key not in str(rows)
    assert key.startswith(list_keys(engine)[0].shown)
    assert len(list_keys(engine)[0].shown) < 15


def test_a_name_stands_for_one_key_for_good(engine: Engine) -> None:
    key = add_key(engine, "one", 60, NOW)
    assert revoke_key(engine, "one", NOW)
    assert not revoke_key(engine, "one", NOW)
    assert not revoke_key(engine, "nobody", NOW)
    assert find_key(engine, key, NOW) is None
    with pytest.raises(NameRefused, match="choose another"):
        add_key(engine, "one", 60, NOW)
    assert [(one.name, one.revoked_at) for one in list_keys(engine)] == [("one", NOW)]


@pytest.mark.parametrize("name", ["", "-a", "a b", "张三", "a" * 41, "a\n"])
def test_an_odd_name_is_refused(engine: Engine, name: str) -> None:
    with pytest.raises(NameRefused, match="1 to 40"):
        add_key(engine, name, 60, NOW)


def test_the_command_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ANXIN_DATABASE_URL", f"sqlite:///{tmp_path}/anxin.db")
    settings.cache_clear()
    try:
        run = CliRunner().invoke
        assert "no keys" in run(key_app, ["list"]).output
        made = run(key_app, ["add", "hotline", "--limit", "30"])
        assert made.exit_code == 0
        key = made.output.splitlines()[0]
        listed = run(key_app, ["list"]).output
        assert "hotline" in listed
        assert "30/minute  never used  in use" in listed
        assert key not in listed
        twice = run(key_app, ["add", "hotline"])
        assert (twice.exit_code, "choose another name" in twice.output) == (1, True)
        assert run(key_app, ["add", "zero", "--limit", "0"]).exit_code == 2
        assert run(key_app, ["revoke", "hotline"]).output == "hotline: revoked\n"
        assert run(key_app, ["revoke", "hotline"]).exit_code == 1
        assert "revoked 20" in run(key_app, ["list"]).output
    finally:
        settings.cache_clear()
