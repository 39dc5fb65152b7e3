"""The one place where everything is put together."""

from __future__ import annotations

import datetime as dt
import gc
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import Engine

from bot.console.accounts import any_account
from bot.console.audit import Audit
from bot.conversations.live import Live
from bot.database import migrate, open_engine
from bot.delivery.outbox import Outbox
from bot.handover.desk import Handovers
from bot.handover.drafts import Drafts
from bot.handover.hours import parse_hours
from bot.inbox import Inbox
from bot.metrics import Metrics
from bot.permits import open_embedded, open_permits
from bot.review.retrain import Trainer
from bot.sealing import Seal
from bot.settings import Settings
from dialogs.converse import Conversation
from dialogs.memory import Memory
from dialogs.reply import Message
from dialogs.wording import say
from knowledge.library import Library
from knowledge.loader import DOCUMENTS, folder_digest, load_folder
from knowledge.registry.server.registry import Registry
from knowledge.registry.settings import RegistrySettings
from knowledge.releases import build, serve_known
from knowledge.strict_yaml import DataError
from knowledge.vocabulary import vocabulary
from nlu.engine import load_or_train
from nlu.rasa_engine import RasaClassifier
from nlu.understand import Understander

Progress = Callable[[str], None]
# A release that another process loads is served by this one so many seconds later at most: each
# answer would otherwise begin with a query for what changes once in weeks.
_RECHECK_S = 1.0


def utc_now() -> dt.datetime:
    """The time now, with its zone."""
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class App:
    """A process's parts, ready to answer."""

    settings: Settings
    engine: Engine
    library: Library
    conversation: Conversation
    seal: Seal
    outbox: Outbox
    handovers: Handovers
    drafts: Drafts
    inbox: Inbox
    live: Live
    trainer: Trainer
    audit: Audit  # of what staff saw and did
    registry: Registry | None = None  # the one in this process, if permits are not kept elsewhere
    understander: Understander | None = None
    metrics: Metrics = field(default_factory=Metrics)


def connected(
    settings: Settings,
    engine: Engine,
    conversation: Conversation,
    seal: Seal,
    registry: Registry | None = None,
    understander: Understander | None = None,
    metrics: Metrics | None = None,
    trainer: Trainer | None = None,
) -> App:
    """The parts of a process around a conversation and its database."""
    now = conversation.now
    outbox = Outbox(engine, seal, now)
    hours = parse_hours(settings.staff_hours)
    handovers = Handovers(engine, outbox, seal, now, hours, lambda: _has_staff(engine))
    patience = dt.timedelta(minutes=settings.hold_minutes)
    drafts = Drafts(engine, handovers, now, settings.hold_below, patience)
    conversation = replace(conversation, staffing=handovers.staffing)
    return App(
        settings=settings,
        engine=engine,
        library=conversation.library,
        conversation=conversation,
        seal=seal,
        outbox=outbox,
        handovers=handovers,
        drafts=drafts,
        inbox=Inbox(engine, conversation.converse, now, handovers, drafts, outbox),
        live=Live(engine, now),
        trainer=trainer or Trainer(engine, settings.model_dir, now, understander),
        audit=Audit(seal, settings.console_audit_anchor),
        registry=registry,
        understander=understander,
        metrics=metrics or Metrics(),
    )


def assemble(settings: Settings, progress: Progress = lambda _line: None) -> App:
    """Open the database, bring library and model up to date, and connect the parts.

    A library or a training file that is broken does not stop a bot that has a good one: the last
    good release and model go on serving, and `progress` says what is wrong. Without any, the
    `DataError` is raised.
    """
    engine = open_engine(settings.database_url)
    migrate(engine)
    library = Library(engine, _RECHECK_S)
    _load_library(engine, library, progress)
    metrics = Metrics()
    trainer = Trainer(engine, settings.model_dir, utc_now)
    trainer.prepare()
    understander = _understander(settings, progress, metrics)
    trainer.teach(understander)
    seal = Seal.at(settings.seal_key_file)
    registry = open_embedded(settings.address, RegistrySettings(), progress)
    permits = open_permits(seal, RegistrySettings(), registry)
    permits.verifier.on_verdict = metrics.checked
    conversation = Conversation(
        library=library,
        words=vocabulary(),
        understand=understander.understand,
        now=utc_now,
        max_chars=settings.max_message_chars,
        permits=permits,
    )
    return connected(settings, engine, conversation, seal, registry, understander, metrics, trainer)


def settle(app: App) -> None:
    """To be called before a process answers anybody: it loads what it lives with.

    Dictionary, patterns and what the library keeps in memory are loaded by the first question,
    which took seconds: WeChat waits for five. It is one of our own, and nobody hears of it. The
    garbage collector then leaves all that alone; going through it stopped a turn now and then for
    a tenth of a second.
    """
    app.conversation.converse(Message(say("talk.not_understood")), Memory())
    gc.collect()
    gc.freeze()


def _has_staff(engine: Engine) -> bool:
    with engine.connect() as connection:
        return any_account(connection)


def _understander(settings: Settings, progress: Progress, metrics: Metrics) -> Understander:
    """On Rasa the embedded engine stands by: it answers whatever Rasa does not."""
    embedded = load_or_train(settings.model_dir, progress=progress)
    if settings.nlu_engine == "rasa":
        return Understander(RasaClassifier(settings.rasa_url), embedded, metrics.fallback)
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
