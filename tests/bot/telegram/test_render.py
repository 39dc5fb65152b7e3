"""Replies as Telegram messages: well-formed, never too long, nothing lost."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from bot.telegram.render import MOST_UNITS, parts, split, units
from dialogs.reply import Block, BlockKind, Citation, Option, Reply, Statement, Status
from dialogs.text import as_text
from knowledge.standing import Standing
from tests.simulators.telegram_chats import parsed

KINDS: list[BlockKind] = ["conclusion", "detail", "amount", "talk", "question", "verdict"]
TEXTS = st.text(
    st.one_of(st.sampled_from("补贴。！\n<b>&\"';]*_😀"), st.characters(exclude_categories=["Cs"]))
)


def reply(*blocks: Block, citations: tuple[Citation, ...] = ()) -> Reply:
    return Reply(Status.ANSWERED, blocks, citations)


def block(text: str, kind: BlockKind = "talk", heading: str | None = None) -> Block:
    return Block(kind, (Statement(text),), heading, "good" if kind == "verdict" else None)


def cited(quote: str) -> Citation:
    name = "changzhi/三/15"
    return Citation(name, "通知", "d", "长人社〔2021〕1号", "标题", quote, Standing.IN_FORCE)


def bare(text: str) -> str:
    return re.sub(r"[\s\0]+", "", text)


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    blocks = [
        block(
            draw(TEXTS) * draw(st.sampled_from([1, 1, 40, 900])),
            draw(st.sampled_from(KINDS)),
            draw(st.sampled_from([None, "钱", "<a>"])),
        )
        for _ in range(draw(st.integers(0, 6)))
    ]
    quotes = draw(st.lists(TEXTS, max_size=3))
    return reply(*blocks, citations=tuple(map(cited, quotes)))


@given(replies())
@example(reply(block("\0", "conclusion")))
def test_every_message_is_well_formed_and_short_enough(given_reply: Reply) -> None:
    for part in parts(given_reply):
        text, entities = parsed(part.html)
        assert bare(text) == bare(part.plain.replace("\r", "\n"))
        assert part.plain.strip()
        assert units(part.plain) <= MOST_UNITS
        assert len(entities) <= 100


@given(replies())
def test_nothing_is_lost_and_nothing_added_but_headings(given_reply: Reply) -> None:
    said = bare("".join(part.plain for part in parts(given_reply)))
    rest = iter(said)
    assert all(char in rest for char in bare(as_text(given_reply)))


@given(TEXTS.map(lambda text: text * 50), st.integers(2, 300))
def test_a_split_keeps_every_character(text: str, most: int) -> None:
    pieces = split(text, most)
    assert bare("".join(pieces)) == bare(text)
    assert all(0 < units(piece) <= most for piece in pieces)


def test_it_is_cut_after_sentences() -> None:
    sentence = "单位按规定缴费的，给予社会保险补贴。"
    whole = parts(reply(block(sentence * 500)))
    assert len(whole) > 1
    assert all(part.plain.endswith("补贴。") for part in whole)


def test_one_sentence_without_end_is_cut_between_characters() -> None:
    whole = parts(reply(block("😀" * 5000)))
    assert [units(part.plain) for part in whole] == [4096, 4096, 1808]


def test_conclusion_and_headings_are_bold_and_sources_are_folded() -> None:
    (part,) = parts(
        reply(
            block("能<免费>学。", "conclusion"),
            block("没写数。", "amount", "钱"),
            citations=(cited("给予补贴 & 免费"),),
        )
    )
    said, sources = part.html.split("\n\n<blockquote expandable>")
    assert said == "<b>能&lt;免费&gt;学。</b>\n\n<b>钱：</b>没写数。"
    assert sources.endswith("“给予补贴 &amp; 免费”</blockquote>")


def test_a_verdict_has_its_mark_and_heading() -> None:
    (part,) = parts(reply(block("到2027年止。", "verdict", "证有效，信息相符")))
    assert part.html == "<b>✅ 证有效，信息相符\n</b>到2027年止。"


def test_many_short_blocks_keep_to_a_hundred_entities() -> None:
    whole = parts(reply(*[block("是。", "conclusion")] * 250))
    assert [len(parsed(part.html)[1]) for part in whole] == [100, 100, 50]


def test_a_reply_that_says_nothing_is_no_message() -> None:
    assert parts(reply()) == ()
    assert parts(reply(block(" \n"))) == ()


def test_how_to_choose_several_is_said() -> None:
    asking = Reply(
        Status.NEEDS_INFO,
        (block("您属于哪一种？", "question"),),
        options=(Option("残疾人", "残疾人"),),
        missing=("groups",),
    )
    assert "1、3" in parts(asking)[-1].plain
