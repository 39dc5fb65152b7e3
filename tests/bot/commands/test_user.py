"""`anxin user …` as an administrator uses it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update
from typer.testing import CliRunner, Result

from bot.app import utc_now
from bot.cli import cli
from bot.console import accounts, audit, passwords
from bot.database import open_engine
from bot.settings import settings
from tests.bot.console.conftest import light_passwords as light_passwords

PASSWORD = "correct horse 1"


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A database that is not there yet: the commands make it."""
    url = f"sqlite:///{tmp_path}/new/anxin.db"
    monkeypatch.setenv("ANXIN_DATABASE_URL", url)
    monkeypatch.setenv("ANXIN_SEAL_KEY_FILE", str(tmp_path / "seal.key"))
    monkeypatch.setenv("ANXIN_CONSOLE_AUDIT_ANCHOR", str(tmp_path / "anchor"))
    settings.cache_clear()
    yield url
    settings.cache_clear()


def run(*given: str, typed: str = "") -> Result:
    return CliRunner().invoke(cli, ["user", *given], input=typed)


def works(database: str, name: str, password: str) -> bool:
    engine = open_engine(database)
    with engine.connect() as connection:
        stored = accounts.password_of(connection, name, utc_now())
    engine.dispose()
    return passwords.matches(stored, password)


def test_the_first_administrator(database: str) -> None:
    added = run("add", "Wang.Li", "--role", "administrator", typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert added.exit_code == 0, added.output
    assert PASSWORD not in added.output
    assert works(database, "wang.li", PASSWORD)
    listed = run("list").output
    assert "wang.li\tadministrator\tok\tWang.Li" in listed
    engine = open_engine(database)
    with engine.connect() as connection:
        (line,) = audit.search(connection, audit.Search(), 10)
    engine.dispose()
    assert (line.who, line.action, line.about) == (
        "anxin user",
        "account_added",
        "account:wang.li",
    )


def test_a_password_is_asked_for_until_it_will_do(database: str) -> None:
    typed = f"short\nshort\nmy-li-2026-li\nmy-li-2026-li\n{PASSWORD}\n{PASSWORD}\n"
    added = run("add", "li", typed=typed)
    assert added.exit_code == 0
    assert "至少要10个字" in added.output
    assert "不能有账号名" in added.output
    assert works(database, "li", PASSWORD)


def test_generated_disabled_enabled_and_renewed(database: str) -> None:
    made = run("add", "zhang", "--generate", "--label", "张三")
    once = re.search(r"shown once.*: (\S+)", made.output)
    assert once
    assert works(database, "zhang", once[1])
    assert "zhang\toperator\tmust change\t张三" in run("list").output
    assert run("disable", "zhang").exit_code == 0
    assert not works(database, "zhang", once[1])
    assert run("enable", "zhang").exit_code == 0
    renewed = run("password", "zhang", typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert renewed.exit_code == 0
    assert works(database, "zhang", PASSWORD)
    assert not works(database, "zhang", once[1])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("add", "x", "--generate"), "账号要2到40个字"),
        (("add", "boss", "--generate"), "已经有这个账号"),
        (("add", "somebody", "--role", "king", "--generate"), "没有这个角色"),
        (("disable", "boss"), "最后一个管理员"),
        (("disable", "nobody"), "没有这个账号"),
        (("password", "nobody", "--generate"), "没有这个账号"),
    ],
)
def test_what_cannot_be_done_is_said(given: tuple[str, ...], said: str) -> None:
    run("add", "boss", "--role", "administrator", "--generate")
    refused = run(*given)
    assert refused.exit_code == 1
    assert said in refused.output
    assert "Traceback" not in refused.output


def test_nobody_yet() -> None:
    listed = run("list")
    assert listed.exit_code == 0
    assert "anxin user add NAME --role administrator" in listed.output


def test_the_audit_is_checked(database: str) -> None:
    run("add", "li", "--generate")
    assert run("audit").output == "the audit is whole\n"
    engine = open_engine(database)
    with engine.begin() as connection:
        connection.execute(update(audit.AuditRow).values(who="nobody"))
    engine.dispose()
    changed = run("audit")
    assert changed.exit_code == 1
    assert "entry 1 was changed" in changed.output


def test_an_anchor_that_cannot_be_written_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ANXIN_CONSOLE_AUDIT_ANCHOR", str(tmp_path / "file" / "anchor"))
    settings.cache_clear()
    added = run("add", "li", "--generate")
    assert added.exit_code == 0
    assert "the audit's anchor cannot be written" in added.output
    assert "li" in run("list").output
