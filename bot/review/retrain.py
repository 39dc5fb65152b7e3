"""Training the embedded engine on what staff taught, behind a gate: a worse model never serves.

The database is the truth: the newest promoted `Retraining` holds the labels' file that goes with
the model. Every process follows it (`follow`): it writes the file beside its model, loads the model
that is there or trains it, and exchanges its engine while it answers. So a restart keeps what was
taught, and a second machine learns of it.
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import anyio
import anyio.to_thread
import structlog
from sqlalchemy import Connection, DateTime, Engine, Index, Row, String, Text, insert, select, text
from sqlalchemy import update as update_rows
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from bot.conversations.rows import utc
from bot.logging import described
from bot.review import taught
from dialogs.turn import ANSWER
from knowledge.strict_yaml import DataError
from knowledge.tables import Base
from nlu.engine import CONFIG, MODEL_NAME, TRAINING, EmbeddedClassifier, load_or_train
from nlu.labels import LABELS_NAME, as_training_file
from nlu.report import EVALUATION
from nlu.trial import Change, Figures, Slip, Tried
from nlu.understand import Understander

# running: somebody's is under way. promoted: it serves. refused: it was worse. failed: it broke, or
# the process that ran it is gone. idle: there was nothing new to train on.
State = Literal["running", "promoted", "refused", "failed", "idle"]
INTERVAL_S = 3.0
_LOST = dt.timedelta(minutes=15)  # a trial says something more often than that
_RUNNING = text("state = 'running'")

_log = structlog.get_logger()


class RetrainingRow(Base):
    """A retraining. `file`: the labels it was made with; `figures`: nlu.trial.Figures as JSON."""

    __tablename__ = "retraining"
    __table_args__ = (
        # One at a time, on however many machines.
        Index(
            "uq_retraining_running",
            "state",
            unique=True,
            sqlite_where=_RUNNING,
            postgresql_where=_RUNNING,
        ),
    )

    pk: Mapped[int] = mapped_column(primary_key=True)
    staff: Mapped[str] = mapped_column(String(60))
    state: Mapped[State] = mapped_column(String(10))
    progress: Mapped[str] = mapped_column(Text)  # a step of nlu.trial, or why it failed: a code
    labels: Mapped[int]
    began_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    seen_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    figures: Mapped[str | None] = mapped_column(Text)
    file: Mapped[str | None] = mapped_column(Text)


@dataclass(frozen=True)
class Retraining:
    """A retraining: how far it is, or how it ended, with the figures of old and new model."""

    pk: int
    staff: str
    state: State
    progress: str
    labels: int
    began_at: dt.datetime
    finished_at: dt.datetime | None
    figures: Figures | None


@dataclass(frozen=True)
class Sources:
    """What models are made from and tried on."""

    training: Path = TRAINING
    config: Path = CONFIG
    evaluation: Path = EVALUATION


class Trainer:
    """Retrains and follows. `understander`: whose engine is exchanged; without one (a command in
    the terminal) only files are written."""

    def __init__(
        self,
        engine: Engine,
        model_dir: Path,
        now: Callable[[], dt.datetime],
        understander: Understander | None = None,
        sources: Sources = Sources(),
    ) -> None:
        self._engine = engine
        self._model_dir = model_dir
        self._now = now
        self._understander = understander
        self._sources = sources
        self._follow_lock = threading.Lock()
        self._serving: int | None = None  # the promotion this process answers with

    # --- training -------------------------------------------------------------------------------

    def start(self, staff: str) -> bool:
        """Begin a retraining in a thread. False: one is running already."""
        pk = self._begin(staff)
        if pk is None:
            return False
        threading.Thread(target=self._run, args=(pk,), name="retrain", daemon=True).start()
        return True

    def run(self, staff: str) -> Retraining | None:
        """Retrain now, and wait for it. None: one is running already."""
        pk = self._begin(staff)
        if pk is None:
            return None
        self._run(pk)
        return self.find(pk)

    def newest(self, limit: int = 10) -> list[Retraining]:
        """The last retrainings, newest first."""
        newest = select(*RetrainingRow.__table__.c).order_by(RetrainingRow.pk.desc()).limit(limit)
        with self._engine.connect() as connection:
            return [_retraining(row) for row in connection.execute(newest)]

    def find(self, pk: int) -> Retraining | None:
        """A retraining by its number."""
        wanted = select(*RetrainingRow.__table__.c).where(RetrainingRow.pk == pk)
        with self._engine.connect() as connection:
            row = connection.execute(wanted).one_or_none()
        return None if row is None else _retraining(row)

    def untaught(self) -> int:
        """How many examples the next model would have that the serving one has not, or the other
        way round."""
        with self._engine.connect() as connection:
            served = _pairs(_promoted_file(connection))
            wanted = _pairs(as_training_file(taught.training_rows(connection)))
        return len(wanted ^ served)

    def _begin(self, staff: str) -> int | None:
        now = self._now()
        with self._engine.begin() as connection:
            connection.execute(
                update_rows(RetrainingRow)
                .where(RetrainingRow.state == "running", RetrainingRow.seen_at < now - _LOST)
                .values(state="failed", progress="lost", finished_at=now)
            )
        try:
            with self._engine.begin() as connection:
                pk: int = connection.execute(
                    insert(RetrainingRow)
                    .values(
                        staff=staff,
                        state="running",
                        progress="begun",
                        labels=0,
                        began_at=now,
                        seen_at=now,
                    )
                    .returning(RetrainingRow.pk)
                ).scalar_one()
        except IntegrityError:
            return None
        return pk

    def _run(self, pk: int) -> None:
        try:
            with self._engine.connect() as connection:
                file = as_training_file(taught.training_rows(connection))
                served = _promoted_file(connection)
            if file == served:
                self._end(pk, "idle", "nothing_new")
                return
            self._set(pk, labels=len(_pairs(file)), file=file)
            figures = self._try(pk, file)
            shown = json.dumps(asdict(figures), ensure_ascii=False)
            self._end(pk, "refused" if figures.worse else "promoted", "done", figures=shown)
            self.follow()
        except _TrialFailed as error:
            _log.error("retraining_failed", reason=str(error))
            self._end(pk, "failed", "trial")
        except Exception as error:
            # In a thread of its own: nobody else would ever hear of it.
            _log.error("retraining_failed", **described(error))
            self._end(pk, "failed", "unforeseen")

    def _try(self, pk: int, file: str) -> Figures:
        """Train and measure in a process of its own. The candidate becomes the model's file when it
        is not worse, so that `follow` finds it there."""
        self._model_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".trial-", dir=self._model_dir) as folder:
            labels, candidate = Path(folder, LABELS_NAME), Path(folder, MODEL_NAME)
            if file:
                labels.write_text(file, encoding="utf-8")
            given = {
                "training": self._sources.training,
                "config": self._sources.config,
                "evaluation": self._sources.evaluation,
                "model-dir": self._model_dir,
                "labels": labels,
                "candidate": candidate,
                "sure": ANSWER,
            }
            options = [part for name, value in given.items() for part in (f"--{name}", str(value))]
            figures = self._listen(pk, [sys.executable, "-m", "nlu.trial", *options])
            if not figures.worse:
                self._write(file)
                candidate.replace(self._model_dir / MODEL_NAME)
            return figures

    def _listen(self, pk: int, command: list[str]) -> Figures:
        with (
            tempfile.TemporaryFile("w+", encoding="utf-8") as wrong,
            subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command, stdout=subprocess.PIPE, stderr=wrong, encoding="utf-8"
            ) as trial,
        ):
            assert trial.stdout is not None  # noqa: S101 - asked for
            figures: Figures | None = None
            for line in trial.stdout:
                told = json.loads(line)
                if "figures" in told:
                    figures = _figures(told["figures"])
                else:
                    self._set(pk, progress=told["progress"])
            if trial.wait() != 0 or figures is None:
                wrong.seek(0)
                raise _TrialFailed(wrong.read()[-500:])
            return figures

    def _set(self, pk: int, **values: Any) -> None:
        with self._engine.begin() as connection:
            connection.execute(
                update_rows(RetrainingRow)
                .where(RetrainingRow.pk == pk)
                .values(seen_at=self._now(), **values)
            )

    def _end(self, pk: int, state: State, progress: str, **values: Any) -> None:
        self._set(pk, state=state, progress=progress, finished_at=self._now(), **values)

    # --- following ------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Before the first model is loaded: put the promoted labels beside it."""
        with self._engine.connect() as connection:
            newest = _newest_promoted(connection)
        self._write((newest.file or "") if newest else "")
        self._serving = newest.pk if newest else None

    def teach(self, understander: Understander) -> None:
        """From now on `understander` gets what is promoted."""
        self._understander = understander

    def follow(self) -> bool:
        """Answer with what was promoted last, wherever it was; whether that was news. May train."""
        with self._follow_lock:
            with self._engine.connect() as connection:
                newest = _newest_promoted(connection)
            if newest is None or newest.pk == self._serving:
                return False
            try:
                self._write(newest.file or "")
                classifier = load_or_train(
                    self._model_dir, self._sources.training, self._sources.config
                )
            except (DataError, ValueError, OSError) as error:
                _log.error("promotion_not_followed", **described(error))
                return False
            self._exchange(classifier)
            self._serving = newest.pk
            return True

    def _exchange(self, classifier: EmbeddedClassifier) -> None:
        if self._understander is not None:
            self._understander.exchange(EmbeddedClassifier.name, classifier)

    def _write(self, file: str) -> None:
        """The labels' file beside the model, whole or not at all."""
        path = self._model_dir / LABELS_NAME
        if (path.read_text(encoding="utf-8") if path.exists() else "") == file:
            return
        if not file:
            path.unlink()
            return
        self._model_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=self._model_dir, prefix=".labels-", delete=False
        ) as fresh:
            fresh.write(file)
        Path(fresh.name).replace(path)


class _TrialFailed(Exception):
    """The trial's process ended without figures; what it said."""


async def follow_for_ever(trainer: Trainer) -> None:
    """Follow what other processes promote, in a thread beside the event loop, until cancelled."""
    while True:
        try:
            await anyio.to_thread.run_sync(trainer.follow)
        except SQLAlchemyError as error:
            _log.warning("follow_stalled", **described(error))
        await anyio.sleep(INTERVAL_S)


def _newest_promoted(connection: Connection) -> Row[int, str | None] | None:
    return connection.execute(
        select(RetrainingRow.pk, RetrainingRow.file)
        .where(RetrainingRow.state == "promoted")
        .order_by(RetrainingRow.pk.desc())
        .limit(1)
    ).one_or_none()


def _promoted_file(connection: Connection) -> str:
    newest = _newest_promoted(connection)
    return (newest.file or "") if newest else ""


def _retraining(row: Row[*tuple[Any, ...]]) -> Retraining:
    return Retraining(
        row.pk,
        row.staff,
        row.state,
        row.progress,
        row.labels,
        utc(row.began_at),
        utc(row.finished_at) if row.finished_at else None,
        _figures(json.loads(row.figures)) if row.figures else None,
    )


def _figures(told: dict[str, Any]) -> Figures:
    return Figures(
        old=Tried(**told["old"]),
        new=Tried(**told["new"]),
        given_away=told["given_away"],
        examples=told["examples"],
        slips=tuple(Slip(**slip) for slip in told["slips"]),
        **{
            # Trials before one was written down have none.
            name: Change(**told.get(name, {}))
            for name in ("in_scope", "far", "whole", "taken_from")
        },
    )


def _pairs(file: str) -> set[tuple[str, str]]:
    """Intent and example of a labels' file."""
    found: set[tuple[str, str]] = set()
    intent = ""
    for line in file.splitlines():
        if line.startswith("- intent: "):
            intent = line.removeprefix("- intent: ")
        elif line.startswith("    - "):
            found.add((intent, line.removeprefix("    - ")))
    return found
