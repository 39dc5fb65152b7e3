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
from typing import Any

import anyio
import anyio.to_thread
import structlog
from sqlalchemy import Engine, insert
from sqlalchemy import update as update_rows
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from bot.logging import described
from bot.review import taught
from bot.review.retrainings import (
    Retraining,
    RetrainingRow,
    State,
    figures_of,
    find,
    newest_promoted,
    pairs,
    promoted_file,
)
from dialogs.turn import ANSWER
from knowledge.strict_yaml import DataError
from nlu.engine import CONFIG, MODEL_NAME, TRAINING, EmbeddedClassifier, load_or_train
from nlu.labels import LABELS_NAME, as_training_file
from nlu.report import EVALUATION
from nlu.trial import Figures
from nlu.understand import Understander

INTERVAL_S = 3.0
_LOST = dt.timedelta(minutes=15)  # a trial says something more often than that

_log = structlog.get_logger()


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
        with self._engine.connect() as connection:
            return find(connection, pk)

    def untaught(self) -> int:
        """How many examples the next model would have that the serving one has not, or the other
        way round."""
        with self._engine.connect() as connection:
            served = pairs(promoted_file(connection))
            wanted = pairs(as_training_file(taught.training_rows(connection)))
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
                served = promoted_file(connection)
            if file == served:
                self._end(pk, "idle", "nothing_new")
                return
            self._set(pk, labels=len(pairs(file)), file=file)
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
                    figures = figures_of(told["figures"])
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
            newest = newest_promoted(connection)
        self._write((newest.file or "") if newest else "")
        self._serving = newest.pk if newest else None

    def teach(self, understander: Understander) -> None:
        """From now on `understander` gets what is promoted."""
        self._understander = understander

    def follow(self) -> bool:
        """Answer with what was promoted last, wherever it was; whether that was news. May train."""
        with self._follow_lock:
            with self._engine.connect() as connection:
                newest = newest_promoted(connection)
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
