"""Fixtures of the library's tests."""

from __future__ import annotations

import pytest

from knowledge.loader import LoadedDocument, load_document
from tests.knowledge.made_up import GOOD


@pytest.fixture(scope="session")
def good() -> LoadedDocument:
    """The document that the bad ones are made from."""
    return load_document(GOOD)
