"""A console of the test's own, and one that all tests of a module share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from bot.console import passwords
from tests.bot.console.desk import Desk, open_desk, staff
from tests.bot.serving import copy_of


@pytest.fixture(scope="session", autouse=True)
def light_passwords() -> Iterator[None]:
    """Argon2 with little work to do; test_passwords.py looks at what it has to do outside tests."""
    real = passwords.HASHER
    passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    yield
    passwords.HASHER = real


@pytest.fixture(scope="session")
def staffed_file(
    library_file: Path, tmp_path_factory: pytest.TempPathFactory, light_passwords: None
) -> Path:
    """A database with the library and an account for each role, to be copied."""
    path = copy_of(library_file, tmp_path_factory.mktemp("staffed"))
    staff(path)
    return path


@pytest.fixture
def desk(staffed_file: Path, tmp_path: Path) -> Iterator[Desk]:
    with open_desk(staffed_file, tmp_path) as desk:
        yield desk


@pytest.fixture(scope="module")
def shared_desk(staffed_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """For tests that change no account."""
    with open_desk(staffed_file, tmp_path_factory.mktemp("desk")) as desk:
        yield desk
