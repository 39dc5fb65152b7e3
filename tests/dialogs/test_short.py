"""The short answer: what may be left out when it is read aloud, and what never is."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs import policy
from dialogs.asking import Ask
from dialogs.converse import Conversation
from dialogs.desk import Desk
from dialogs.memory import Memory
from dialogs.reply import Block, BlockKind, Citation, Message, Reply, Statement, Status
from dialogs.text import SHORT, as_text, short
from dialogs.wording import say
from knowledge.library import Library
from knowledge.standing import Standing
from knowledge.vocabulary import Vocabulary
from nlu.understanding import Aspect
from tests.conversing import NOW

KINDS: list[BlockKind] = [
    "talk", "conclusion", "detail", "conditions", "amount", "office", "silence", "quotation",
    "question", "advice", "verdict",
]  # fmt: skip
SENTENCES = st.integers(0, 10**6).map(lambda n: f"第{n}句" + "话" * (n % 60) + "。")
ASPECTS: tuple[frozenset[Aspect], ...] = (
    frozenset(),
    frozenset({"amount"}),
    frozenset({"condition"}),
    frozenset({"validity", "office"}),
)


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    blocks = []
    for number, kind in enumerate(draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=7))):
        clauses = () if kind in ("talk", "question", "advice", "verdict") else (f"c{number}",)
        drawn = draw(st.lists(SENTENCES, min_size=1, max_size=3))
        texts = [f"{number}之{place}，{text}" for place, text in enumerate(drawn)]
        heading = draw(st.sampled_from([None, "要看的事"]))
        blocks.append(Block(kind, tuple(Statement(text, clauses) for text in texts), heading))
    citations = tuple(
        Citation(clause, f"文件{n % 2}", f"d{n % 2}", None, "", "原文", standing)
        for n, clause in enumerate(
            dict.fromkeys(c for block in blocks for s in block.statements for c in s.clauses)
        )
        for standing in [draw(st.sampled_from(Standing))]
    )
    return Reply(Status.ANSWERED, tuple(blocks), citations)


def _left_over(text: str, reply: Reply) -> str:
    """What of the short text is no whole sentence of the reply."""
    pieces = [s.text for _, s in reply.statements()]
    pieces += [f"{block.heading}：" for block in reply.blocks if block.heading]
    for piece in sorted(pieces, key=len, reverse=True):
        text = text.replace(piece, "")
    return text


def _check(reply: Reply) -> None:
    text = short(reply)
    essential = [s for kind, s in reply.statements() if kind in ("conclusion", "verdict")]
    for statement in essential:
        assert statement.text in text
    spoken = essential or [s for _, s in reply.statements() if s.text in text]
    told = {clause for statement in spoken for clause in statement.clauses}
    for citation in reply.citations:
        if citation.clause in told:
            assert say(f"standing.short.{citation.standing.value}") in text
    if essential:
        for kind in ("conditions", "silence"):
            said = [s.text for k, s in reply.statements() if k == kind]
            assert all(one in text for one in said) or say(f"short.{kind}") in text
    if len(as_text(reply, sources=False)) <= SHORT and not reply.citations:
        assert len(text) <= SHORT


@given(replies())
def test_nothing_is_cut_and_nothing_that_narrows_is_lost(reply: Reply) -> None:
    _check(reply)
    rest = _left_over(short(reply), reply)
    for own in ("话", "句"):
        assert own not in rest


def test_every_answer_has_a_short_one(library: Library, words: Vocabulary) -> None:
    """Every topic in every document's area: within the length, or without a word to spare."""
    desk = Desk(library, words, NOW.date())
    lengths = []
    places = (*library.regions(), "440300", "150200", None)
    for topic, code, aspects in product(words.topics.values(), places, ASPECTS):
        ask = Ask(topic.label, {topic.id: 1.0}, aspects, {}, sure=True)
        reply = policy.answer(ask, [code] if code else [], NOW.date(), desk)
        _check(reply)
        lengths.append(len(short(reply)))
    assert sum(length <= SHORT for length in lengths) / len(lengths) >= 0.9


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("昆区社保补贴什么条件", ["已经废止", "已废止", "条件"]),
        ("沈阳养老护理员培训有补贴吗", ["这是辽宁省的规定", "计划年份已过"]),
        ("广州意外险补贴多少", ["研究", "文件没写", "计划年份已过"]),
        ("肇庆上门服务证免费吗", ["新闻报道，不是政策"]),
        ("包头社保补贴多少钱", ["我这里没有", "已废止"]),
        ("老板欠我三个月工资不给", ["12333"]),
    ],
)
def test_what_a_caller_is_told(conversation: Conversation, question: str, parts: list[str]) -> None:
    reply, _ = conversation.converse(Message(question), Memory())
    text = short(reply)
    assert not [part for part in parts if part not in text], text
