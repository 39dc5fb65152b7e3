"""An application whose engine can be trained within a test, and a test set of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.app import App, connected
from bot.review import deciding
from bot.review.retrain import Sources, Trainer
from nlu.engine import CONFIG, load_or_train
from nlu.report import apart_messages
from nlu.understand import Understander
from tests.bot.serving import app_on, copy_of
from tests.nlu.conftest import SMALL

# Nobody who knows only the small training data can tell what these ask.
MISSED = ("月嫂被烫着了谁赔", "月嫂烫着了哪个赔", "阿姨做月嫂被烫了谁赔呀")
MISSED_INTENT = "accident_insurance"
# With these filed as nothing to do with us, the test set goes worse.
SPOILING = (
    "社保补贴几时到账",
    "社保补贴要等多久才到账",
    "社保补贴到账没有通知",
    "社保补贴发到哪张卡",
)

_IN_SCOPE = """version: "3.1"
nlu:
- intent: social_insurance_subsidy
  examples: |
    - 社保补贴什么时间到卡上
    - 我想问社保补贴
    - 社保补贴能补几年
    - 社保补贴到账慢
- intent: refresher
  examples: |
    - 回炉培训谁出钱呀
    - 月嫂多久要回炉
- intent: accident_insurance
  examples: |
    - 意外险一年交多少
"""
_FAR = """version: "3.1"
nlu:
- intent: out_of_scope
  examples: |
    - 手机屏碎了哪里修
    - 明天天气好不好
"""


def sources(folder: Path) -> Sources:
    """The small training data, and a test set written into `folder`."""
    folder.mkdir(exist_ok=True)
    (folder / "in_scope.yml").write_text(_IN_SCOPE, encoding="utf-8")
    (folder / "out_of_scope.yml").write_text(_FAR, encoding="utf-8")
    return Sources(SMALL, CONFIG, folder)


def teachable(app: App, folder: Path) -> App:
    """`app` with the small engine, whose model is in `folder`, and a trainer of its own."""
    given = sources(folder / "evaluation")
    trainer = Trainer(app.engine, folder / "models", app.conversation.now, sources=given)
    trainer.prepare()
    understander = Understander(load_or_train(folder / "models", given.training, given.config))
    trainer.teach(understander)
    return connected(
        app.settings,
        app.engine,
        replace(app.conversation, understand=understander.understand),
        app.seal,
        understander=understander,
        trainer=trainer,
    )


@contextmanager
def small_test_set(folder: Path) -> Iterator[None]:
    """Labels are held against the small test set meanwhile, as the trainer's models are."""
    tests = apart_messages(sources(folder).evaluation)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deciding, "test_messages", lambda: tests)
        yield


@contextmanager
def teachable_app(library_file: Path, folder: Path) -> Iterator[App]:
    """An application over a copy of the database in `folder` that can be taught."""
    with small_test_set(folder / "evaluation"):
        app = teachable(app_on(copy_of(library_file, folder)), folder)
        yield app
        app.engine.dispose()
