"""A console of the test's own, and one that all tests of a module share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bot.console.desk import Desk, open_desk


@pytest.fixture
def desk(library_file: Path, tmp_path: Path) -> Iterator[Desk]:
    with open_desk(library_file, tmp_path) as desk:
        yield desk


@pytest.fixture(scope="module")
def shared_desk(library_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """For tests that change no account: making one takes a second."""
    with open_desk(library_file, tmp_path_factory.mktemp("desk")) as desk:
        yield desk
