"""`conversation`: the real library and model at a stopped clock. Shared: it keeps no state."""

from __future__ import annotations

import pytest

from dialogs.converse import Conversation
from knowledge.library import Library
from knowledge.vocabulary import Vocabulary
from tests.conversing import open_conversation


@pytest.fixture(scope="session")
def conversation(library: Library, words: Vocabulary) -> Conversation:
    return open_conversation(library, words)
