"""A conversation with a registry of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from knowledge.library import Library
from knowledge.vocabulary import Vocabulary
from tests.permit_desk import Desk, open_desk


@pytest.fixture
def desk(tmp_path: Path, library: Library, words: Vocabulary) -> Iterator[Desk]:
    with open_desk(tmp_path, library, words) as desk:
        yield desk
