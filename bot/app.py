"""The one place where everything is put together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from bot.database import migrate, open_engine
from bot.permits import open_permits
from bot.settings import Settings
from dialogs.converse import Conversation
from knowledge.library import Library, build, serve_known
from knowledge.loader import DOCUMENTS, folder_digest, load_folder
from knowledge.registry.settings import RegistrySettings
from knowledge.strict_yaml import DataError
from knowledge.vocabulary import vocabulary
from nlu.engine import load_or_train
from nlu.rasa_engine import RasaClassifier
from nlu.understand import Understander

Progress = Callable[[str], None]


def utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class App:
    """A process's parts, ready to answer."""

    settings: Settings
    engine: Engine
    library: Library
    conversation: Conversation


def assemble(settings: Settings, progress: Progress = lambda _line: None) -> App:
    """Open the database, bring library and model up to date, and connect the parts.

    A library or a training file that is broken does not stop a bot that has a good one: the last
    good release and model go on serving, and `progress` says what is wrong. Without any, the
    `DataError` is raised.
    """
    engine = open_engine(settings.database_url)
    migrate(engine)
    library = Library(engine)
    _load_library(engine, library, progress)
    understander = _understander(settings, progress)
    conversation = Conversation(
        library=library,
        words=vocabulary(),
        understand=understander.understand,
        now=utc_now,
        max_chars=settings.max_message_chars,
        permits=open_permits(settings, RegistrySettings(), progress),
    )
    return App(settings, engine, library, conversation)


def _understander(settings: Settings, progress: Progress) -> Understander:
    """On Rasa the embedded engine stands by: it answers whatever Rasa does not."""
    embedded = load_or_train(settings.model_dir, progress=progress)
    if settings.nlu_engine == "rasa":
        return Understander(RasaClassifier(settings.rasa_url), fallback=embedded)
    return Understander(embedded)


def _load_library(
    engine: Engine, library: Library, progress: Progress, folder: Path = DOCUMENTS
) -> None:
    """Make the documents on disk the current release, unless they are or cannot be."""
    if serve_known(engine, folder_digest(folder)):
        return
    try:
        documents, problems = load_folder(folder)
        if problems:
            raise DataError(problems)
        release = build(engine, documents, vocabulary(), utc_now())
        progress(f"policy library loaded: release {release.id}, {len(documents)} documents")
    except DataError as error:
        current = library.release()
        if current is None:
            raise
        progress(f"policy library not loaded, release {current.id} goes on serving:\n{error}")
