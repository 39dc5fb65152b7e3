"""What a document does not give is said first where that is what was asked."""

from __future__ import annotations

import datetime as dt

import pytest

from dialogs.asking import Ask
from dialogs.desk import Desk
from dialogs.policy import answer
from dialogs.reply import Reply, Status
from knowledge.library import Library
from knowledge.vocabulary import Vocabulary

DAY = dt.date(2026, 11, 30)


def _reply(text: str, topic: str, region: str, library: Library, words: Vocabulary) -> Reply:
    ask = Ask(text, {topic: 1.0}, frozenset(), {}, sure=True)
    return answer(ask, [region], DAY, Desk(library, words, DAY))


def _first(reply: Reply) -> str:
    return reply.blocks[0].statements[0].text


@pytest.mark.parametrize(
    ("text", "topic", "region", "unwritten", "beside"),
    [
        (
            "社保补贴是给公司还是给我",
            "social_insurance_subsidy",
            "140400",
            "文件没写社保补贴发给公司还是发给个人。",
            "changzhi/三/15",
        ),
        (
            "没有上门证会不会罚款",
            "permit",
            "440100",
            "文件没写没有“上门服务证”的人能不能上门",
            "guangzhou/3/二/4",
        ),
        (
            "没交社保能参加学徒制吗",
            "apprenticeship",
            "210000",
            "文件没写学徒制。",
            "liaoning/三/2",
        ),
    ],
)
def test_the_gap_is_said_first_and_what_there_is_beside_it(
    text: str,
    topic: str,
    region: str,
    unwritten: str,
    beside: str,
    library: Library,
    words: Vocabulary,
) -> None:
    reply = _reply(text, topic, region, library, words)
    assert _first(reply).startswith(unwritten)
    assert beside in {citation.clause for citation in reply.citations}
    assert reply.status is Status.PARTLY_ANSWERED


def test_a_report_is_not_called_a_document(library: Library, words: Vocabulary) -> None:
    reply = _reply("肇庆的上门证去外地能用不", "permit", "441200", library, words)
    assert _first(reply).startswith("报道没写这张证在别的城市认不认")


def test_nothing_near_it_is_not_covered(library: Library, words: Vocabulary) -> None:
    reply = _reply("沈阳有没有意外险", "accident_insurance", "210100", library, words)
    assert _first(reply) == "文件没写意外险或者保险补贴。"
    assert reply.status is Status.NOT_COVERED
    assert "辽宁省" in "".join(s.text for block in reply.blocks for s in block.statements)


def test_a_provision_that_is_nearer_answers(library: Library, words: Vocabulary) -> None:
    reply = _reply("学徒制能先预支多少补贴", "apprenticeship", "440100", library, words)
    assert "预支" in "".join(s.text for s in reply.blocks[0].statements)
