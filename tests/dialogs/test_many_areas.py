"""A library of many areas: the place is asked before anything is read, and lists stay short."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import pytest

from bot.app import utc_now
from bot.database import migrate, open_engine
from dialogs.converse import Conversation
from dialogs.memory import Memory
from dialogs.reply import Message, Reply, Status
from knowledge.library import Library
from knowledge.loader import LoadedDocument
from knowledge.releases import store
from knowledge.vocabulary import Vocabulary
from tests.conversing import open_conversation

AREAS = ("130100", *(f"13{city:02d}00" for city in range(2, 12)), "140100", "220100", "370100")


@pytest.fixture(scope="module")
def many(
    tmp_path_factory: pytest.TempPathFactory,
    documents: Sequence[LoadedDocument],
    words: Vocabulary,
) -> Iterator[Conversation]:
    """The Zhaoqing report, as if each of fourteen cities had it."""
    (report,) = (one for one in documents if one.document.id == "zhaoqing")
    engine = open_engine(f"sqlite:///{tmp_path_factory.mktemp('many') / 'many.db'}")
    migrate(engine)
    store(engine, (in_area(report, code) for code in AREAS), "many", utc_now())
    yield open_conversation(Library(engine), words)
    engine.dispose()


def in_area(loaded: LoadedDocument, code: str) -> LoadedDocument:
    document = loaded.document.model_copy(update={"id": f"report-{code}", "region": code})
    return dataclasses.replace(loaded, document=document, digest=f"{code}-{loaded.digest[:40]}")


def ask(conversation: Conversation, text: str) -> Reply:
    return conversation.converse(Message(text), Memory())[0]


def said(reply: Reply) -> str:
    return "".join(statement.text for _kind, statement in reply.statements())


def test_without_a_place_the_place_is_asked_and_nothing_quoted(many: Conversation) -> None:
    reply = ask(many, "家政培训有补贴吗")
    assert reply.status is Status.NEEDS_INFO
    assert reply.missing == ("region",)
    assert not reply.citations
    assert "等许多地方" in said(reply)


def test_with_a_place_its_own_rule_is_given(many: Conversation) -> None:
    reply = ask(many, "石家庄有没有商业意外险")
    assert reply.citations
    assert {citation.document_id for citation in reply.citations} == {"report-130100"}
