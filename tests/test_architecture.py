"""The house: layers, module sizes, and nothing of one machine in what is committed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("bot", "dialogs", "nlu", "knowledge")
MOST_LINES = 450
# Folders at the top of a file system, and a person's home; written so that this line is none.
PLACES = re.compile(
    rb"(?<![\w.:/<-])/(?:" + b"|".join([b"work", b"root", b"home", b"Users"]) + rb")/\w"
)


def tracked_files() -> list[Path]:
    """The files git knows of; without a repository (an unpacked archive) the test is skipped."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git work tree")
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


def test_imports_go_downwards_only() -> None:
    """The import-linter contract of pyproject.toml."""
    command = Path(sys.executable).parent / "lint-imports"
    result = subprocess.run(
        [command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_knowledge_knows_nothing_of_chat_and_dialogs_nothing_of_http() -> None:
    foreign = {
        "knowledge": r"^\s*(?:from|import) (?:bot|dialogs|nlu)\b",
        "nlu": r"^\s*(?:from|import) (?:bot|dialogs|sqlalchemy|fastapi)\b",
        "dialogs": r"^\s*(?:from|import) (?:bot|sqlalchemy|fastapi|httpx)\b",
    }
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for package, pattern in foreign.items()
        for path in (ROOT / package).rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.match(pattern, line)
    ]
    assert found == []


def test_no_module_is_too_long() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
    }
    assert len(lengths) > 20
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def test_no_file_names_a_place_of_one_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]!r}"
        for path in tracked_files()
        for number, line in enumerate(path.read_bytes().splitlines(), 1)
        if PLACES.search(line)
    ]
    assert found == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-rasa.lock"])
def test_a_lock_has_hashes_and_no_address(name: str) -> None:
    lock = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in lock
    assert not re.search(
        r"^\s*(?:-i|-f|--(?:extra-)?index-url|--find-links|--trusted-host)\b", lock, re.M
    )
    # Every line that names a package pins it, and hashes follow.
    entries = re.split(r"\n(?=[A-Za-z0-9])", re.sub(r"(?m)^\s*#.*\n", "", lock).strip())
    assert len(entries) > 30
    for entry in entries:
        assert re.match(r"[A-Za-z0-9._\[\],-]+==\S+", entry), entry[:80]
        assert "--hash=sha256:" in entry, entry[:80]
