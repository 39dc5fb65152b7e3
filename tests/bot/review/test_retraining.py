"""Labels train the engine behind a gate."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from sqlalchemy import Engine, insert
from typer.testing import CliRunner

from bot.app import App
from bot.commands.review import review_app
from bot.review import deciding, heard, labels
from bot.review.labels import Decision, LabelRow
from bot.review.places import KINDS
from bot.review.retrain import Trainer
from bot.review.retrainings import RetrainingRow, State, newest
from bot.review.taught import training_rows
from bot.settings import settings
from dialogs.reply import Message
from nlu.engine import CONFIG, MODEL_NAME, load_or_train
from nlu.intents import intents
from nlu.labels import LABELS_NAME
from nlu.trial import Reason
from nlu.understand import Understander
from tests.bot.review.reviewing import TEST_MESSAGE, look
from tests.bot.review.teaching import MISSED, MISSED_INTENT, SPOILING, sources, teachable_app
from tests.bot.serving import NOW
from tests.nlu.conftest import SMALL


@pytest.fixture
def taught(library_file: Path, tmp_path: Path) -> Iterator[App]:
    with teachable_app(library_file, tmp_path) as app:
        yield app


def teach(app: App, texts: tuple[str, ...], intent: str) -> None:
    with app.engine.begin() as connection:
        rows = [(text, None) for text in texts]
        kept, _ = deciding.decide(connection, rows, Decision("intent", intent), "me", NOW)
    assert len(kept) == len(texts)


def ask(app: App, text: str, number: int) -> str:
    return app.inbox.handle(Message(text, f"c{number}", f"m{number}", "web")).intent


def another(app: App, folder: Path, understander: Understander | None = None) -> Trainer:
    """The trainer of another process, with its models in another folder."""
    return Trainer(
        app.engine, folder, lambda: NOW, understander, sources(folder.parent / "evaluation")
    )


def test_a_missed_question_labelled_and_trained_is_answered(taught: App, tmp_path: Path) -> None:
    assert ask(taught, MISSED[0], 1) == "out_of_scope"
    (group,) = heard.groups(look(taught.engine))
    assert group.typical.text == MISSED[0]
    teach(taught, MISSED, MISSED_INTENT)
    assert taught.trainer.untaught() == len(MISSED)
    done = taught.trainer.run("me")
    assert done is not None
    assert done.figures is not None
    assert (done.state, done.labels, done.staff) == ("promoted", 3, "me")
    assert (done.figures.old.right, done.figures.new.right, done.figures.new.in_scope) == (7, 7, 7)
    assert taught.trainer.untaught() == 0
    # This process answers with it at once, without a restart.
    assert ask(taught, MISSED[0], 2) == MISSED_INTENT

    # A second machine hears of it and trains for itself; to hear it again is no news.
    theirs = Understander(load_or_train(tmp_path / "second", SMALL, CONFIG))
    second = another(taught, tmp_path / "second", theirs)
    assert theirs.understand_whole(MISSED[0]).intent == "out_of_scope"
    assert second.follow()
    assert theirs.understand_whole(MISSED[0]).intent == MISSED_INTENT
    assert not second.follow()

    # A start from nothing but the database knows it, and asks nobody to train twice.
    third = another(taught, tmp_path / "third")
    third.prepare()
    written = (tmp_path / "third" / LABELS_NAME).read_text(encoding="utf-8")
    assert written == (tmp_path / "models" / LABELS_NAME).read_text(encoding="utf-8")
    assert not third.follow()

    again = taught.trainer.run("me")
    assert again is not None
    assert (again.state, again.progress) == ("idle", "nothing_new")


def test_labels_that_make_it_worse_are_refused_with_the_figures(
    taught: App, tmp_path: Path
) -> None:
    before = (tmp_path / "models" / MODEL_NAME).read_bytes()
    teach(taught, SPOILING, "out_of_scope")
    done = taught.trainer.run("me")
    assert done is not None
    assert done.state == "refused"
    assert done.figures is not None
    assert done.figures.new.right < done.figures.old.right
    assert TEST_MESSAGE in [slip.text for slip in done.figures.slips]
    assert (tmp_path / "models" / MODEL_NAME).read_bytes() == before
    assert not (tmp_path / "models" / LABELS_NAME).exists()
    assert [path.name for path in (tmp_path / "models").iterdir()] == [MODEL_NAME]
    assert not taught.trainer.follow()
    assert ask(taught, "社保补贴怎么领", 1) == "social_insurance_subsidy"
    assert taught.trainer.untaught() == len(SPOILING)  # they are still there to be put right


def test_a_label_that_has_become_a_test_message_is_left_out(taught: App) -> None:
    teach(taught, MISSED[:1], MISSED_INTENT)
    with taught.engine.begin() as connection:
        connection.execute(
            insert(LabelRow).values(
                key="k", text=TEST_MESSAGE, kind="intent", intent="refresher", note="", staff="me",
                at=NOW,
            )
        )  # fmt: skip
        rows = training_rows(connection)
    assert rows == [(MISSED[0], MISSED_INTENT)]


def test_one_retraining_at_a_time_and_a_lost_one_blocks_nobody(engine: Engine) -> None:
    clock = [NOW]
    trainer = Trainer(engine, Path("unused"), lambda: clock[0])
    with engine.begin() as connection:
        connection.execute(
            insert(RetrainingRow).values(
                staff="other", state="running", progress="training", labels=1, began_at=NOW,
                seen_at=NOW,
            )
        )  # fmt: skip
    assert trainer.run("me") is None
    assert not trainer.start("me")
    clock[0] += dt.timedelta(minutes=16)
    done = trainer.run("me")
    assert done is not None
    assert done.state == "idle"
    with engine.connect() as connection:
        ended = [(one.staff, one.state, one.progress) for one in newest(connection)]
    assert ended == [("me", "idle", "nothing_new"), ("other", "failed", "lost")]


def test_a_training_that_breaks_says_so_and_changes_nothing(taught: App, tmp_path: Path) -> None:
    teach(taught, MISSED, MISSED_INTENT)
    (tmp_path / "evaluation" / "in_scope.yml").write_text("nlu: [", encoding="utf-8")
    done = taught.trainer.run("me")
    assert done is not None
    assert (done.state, done.progress, done.figures) == ("failed", "trial", None)
    assert ask(taught, MISSED[0], 1) == "out_of_scope"


def test_a_retraining_in_a_thread_ends(taught: App) -> None:
    assert taught.trainer.start("me")
    for thread in threading.enumerate():
        if thread.name == "retrain":
            thread.join(60)
    with taught.engine.connect() as connection:
        assert newest(connection)[0].state == "idle"


# --- the command line -----------------------------------------------------------------------------


def test_the_commands(taught: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANXIN_DATABASE_URL", str(taught.engine.url))
    monkeypatch.setenv("ANXIN_MODEL_DIR", str(tmp_path / "models"))
    settings.cache_clear()
    monkeypatch.setattr(
        "bot.commands.review.Trainer",
        lambda engine, folder, now: Trainer(
            engine, folder, now, sources=sources(tmp_path / "evaluation")
        ),
    )
    run = CliRunner()
    assert run.invoke(review_app, ["export"]).exit_code == 1
    teach(taught, SPOILING, "out_of_scope")
    refused = run.invoke(review_app, ["retrain"])
    assert refused.exit_code == 1
    assert "refused: 4 labels, in_scope" in refused.output
    assert "old: in scope right 7/7, far answered as ours 0/2" in refused.output
    assert "no longer: 社保补贴" in refused.output
    exported = run.invoke(review_app, ["export"])
    assert exported.exit_code == 0
    assert "- intent: out_of_scope" in exported.output
    assert run.invoke(review_app, ["export"]).exit_code == 1
    assert run.invoke(review_app, ["export", "--all"]).output == exported.output
    settings.cache_clear()


def test_nothing_of_retraining_is_left_unsaid() -> None:
    """Every step and end has its words for staff."""
    from bot.console.wording import table

    assert set(table("retrain_state")) == set(get_args(State))
    assert set(table("retrain_reason")) == set(get_args(Reason))
    assert set(table("review_kind")) == set(KINDS)
    assert set(table("label_kind")) == set(labels.LABEL_KINDS)
    assert {"begun", "old", "training", "testing"} <= set(table("retrain_progress"))
    assert {kind.partition(":")[0] for kind in deciding.meanings()} == set(table("meaning_kind"))
    assert {one.kind for one in intents().values()} == set(table("intent_kind"))
