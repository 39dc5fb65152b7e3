"""What a process does before it answers anybody."""

from __future__ import annotations

import gc
from dataclasses import replace
from pathlib import Path

from sqlalchemy import text

from bot.app import settle
from nlu.understanding import Understanding
from tests.bot.serving import app_on, copy_of


def test_a_process_asks_itself_first_and_nothing_of_it_is_kept(
    library_file: Path, tmp_path: Path
) -> None:
    app = app_on(copy_of(library_file, tmp_path))
    heard: list[str] = []

    def understand(words: str) -> list[Understanding]:
        heard.append(words)
        return app.conversation.understand(words)

    try:
        settle(replace(app, conversation=replace(app.conversation, understand=understand)))
    finally:
        gc.unfreeze()
    assert any("广州月嫂培训免费吗" in words for words in heard)
    with app.engine.connect() as connection:
        for table in ("conversation", "turn"):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 0
    app.engine.dispose()
