"""`anxin chat` as it is typed: a photograph of a permit, and one that is none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.app import App, connected
from bot.commands.chat import Session
from dialogs.wording import say
from tests.permit_desk import NAME, Desk, open_desk


@pytest.fixture
def desk(app: App, tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path, app.library, app.conversation.words) as desk:
        yield desk


@pytest.fixture
def session(app: App, desk: Desk) -> Session:
    return Session(connected(app.settings, app.engine, desk.conversation, app.seal), None)


def test_a_photograph_then_the_name(
    session: Session, desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "the card.png"
    picture.write_bytes(desk.photo(desk.issue()))
    assert session.handle(f"/photo {picture}")
    assert "还没有核对是不是她本人的证" in capsys.readouterr().out
    assert session.handle(NAME)
    assert "与您提供的信息相符" in capsys.readouterr().out


def test_what_is_no_photograph_is_said(
    session: Session, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "words.txt").write_text("不是照片")
    for path in (tmp_path / "missing.jpg", tmp_path, "~nobody/x.jpg", "x\0.jpg"):
        assert session.handle(f"/photo {path}")
        assert say("terminal.no_photo", path=path) in capsys.readouterr().out
    assert session.handle("/photo")
    assert say("terminal.no_photo", path="") in capsys.readouterr().out
    assert session.handle(f"/photo {tmp_path / 'words.txt'}")
    assert "没能认出唯一的一个二维码" in capsys.readouterr().out
