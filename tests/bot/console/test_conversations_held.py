"""Answers held back: looked at, sent as they are or in staff's words, never twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.console.conversations_held import shown as text_of
from bot.conversations.kept import history
from bot.handover.drafts import Draft
from dialogs.reply import Message
from nlu.understanding import Score
from tests.bot import serving
from tests.bot.console.desk import Desk, open_desk

HERE = "/console/conversations/held"


@pytest.fixture
def careful(staffed_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk in working hours whose bot is sure of nothing."""
    unsure = (Score("star_rating", 0.6), Score("accident_insurance", 0.4))
    monkeypatch.setattr(serving.KeywordClassifier, "classify", lambda _self, _text: unsure)
    with open_desk(staffed_file, tmp_path, hold_below=0.95) as desk:
        desk.clock.forward(hours=-30)
        yield desk


def held_back(desk: Desk) -> Draft:
    desk.app.inbox.handle(Message("广州的星级怎么评", "p", channel="web"))
    return desk.app.drafts.waiting()[-1]


def test_a_draft_is_shown_with_its_clauses_and_sent_as_it_is(careful: Desk) -> None:
    draft, li = held_back(careful), careful.logged_in("operator")
    shown = li.get(HERE).text
    assert "广州的星级怎么评" in shown
    assert "依据（" in shown
    assert "把握60%" in shown
    assert li.get("/console/conversations/waiting").json()["held"] == 1
    assert "答复发出去了" in li.submit(f"{HERE}/{draft.pk}", words=text_of(draft)).text
    last = history(careful.app.engine, "web", "p")[-1]
    assert (last.speaker, last.reply.citations) == ("staff", draft.reply.citations)
    assert [line.about for line in careful.audited(action="draft_sent")] == [f"draft:{draft.pk}"]


def test_a_draft_in_staffs_words(careful: Desk) -> None:
    draft, li = held_back(careful), careful.logged_in("operator")
    refused = li.submit(f"{HERE}/{draft.pk}", words="打13812345678")
    assert refused.status_code == 422
    assert "打13812345678" in refused.text  # what was written is still there
    li.submit(f"{HERE}/{draft.pk}", words="请看广州的评级办法")
    last = history(careful.app.engine, "web", "p")[-1]
    assert last.reply.blocks[0].statements[0].text == "请看广州的评级办法"
    assert last.reply.citations == ()
    assert len(careful.audited(action="draft_edited")) == 1


def test_what_is_decided_is_not_sent_again(careful: Desk) -> None:
    draft = held_back(careful)
    careful.app.drafts.send(draft.pk, "supervisor")
    late = careful.logged_in("operator").submit(f"{HERE}/{draft.pk}", words="我的话")
    assert late.status_code == 409
    assert "已经有人处理" in late.text
    assert careful.logged_in("operator").submit(f"{HERE}/9999", words="x").status_code == 404


def test_who_talks_with_staff_does_not_hear_that_nobody_had_time(careful: Desk) -> None:
    draft, li = held_back(careful), careful.logged_in("operator")
    li.submit(f"/console/conversations/{draft.conversation_pk}/take")
    before = len(history(careful.app.engine, "web", "p"))
    careful.clock.forward(minutes=6)
    assert careful.app.drafts.expire_due() == 1
    assert len(history(careful.app.engine, "web", "p")) == before
    found = careful.app.drafts.find(draft.pk)
    assert found is not None
    assert found.state == "dropped"
