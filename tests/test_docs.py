"""What the documentation names is there: files, modules and commands."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest
import typer

from bot.cli import _GROUPS, cli

ROOT = Path(__file__).parent.parent
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
PACKAGES = ("bot", "dialogs", "nlu", "knowledge", "tests")
CODE = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
IN_TREE = re.compile(rf"(?<![\w/.])((?:{'|'.join(PACKAGES)}|docs)/[\w./-]*\w)")
BARE = re.compile(r"`(\w[\w/]*\.(?:py|js|css|yaml))`")
RUN = re.compile(r"python -m ((?:bot|tests|nlu|knowledge)[\w.]*)")
COMMAND = re.compile(r"(?:`|^ *)anxin ([a-z][a-z-]*)(?: ([a-z][a-z-]*(?:｜[a-z-]+)*))?", re.M)


def commands() -> dict[str, set[str]]:
    """Every command, with the commands of its group."""
    known: dict[str, set[str]] = {name: set() for name in typer.main.get_group(cli).commands}
    for name, (where, _says) in _GROUPS.items():
        module, _, attribute = where.partition(":")
        group = typer.main.get_group(getattr(import_module(module), attribute))
        known[name] = set(group.commands)
    return known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_a_page_names_is_there(page: Path) -> None:
    files = [path.as_posix() for name in PACKAGES for path in (ROOT / name).rglob("*.*")]
    text = page.read_text(encoding="utf-8")
    missing = [name for name in IN_TREE.findall(text) if not (ROOT / name).exists()]
    missing += [
        name
        for name in BARE.findall(text)
        if not any(f"/{end}".endswith(f"/{name}") for end in files)
    ]
    modules = [name.replace(".", "/") for name in RUN.findall(text)]
    missing += [
        name for name in modules if not any((ROOT / f"{name}{end}").exists() for end in ("", ".py"))
    ]
    assert missing == []


def test_every_command_that_is_named_exists() -> None:
    known = commands()
    wrong = [
        f"{path.relative_to(ROOT)}: anxin {name} {given}"
        for path in (*PAGES, *CODE)
        for name, given in COMMAND.findall(path.read_text(encoding="utf-8", errors="replace"))
        if name not in known
        or (known[name] and given and not set(given.split("｜")) <= known[name])
    ]
    assert wrong == []
