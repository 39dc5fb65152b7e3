"""Cutting texts: nothing over 2,048 bytes, nothing lost, cut where a person would pause."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.wechat.content import is_word, say
from bot.wechat.text import MOST_BYTES, parts_of, pieces, size
from dialogs.reply import Block, Reply, Statement, Status
from tests.bot.wechat.harness import talk


@given(st.text(max_size=3000), st.integers(min_value=4, max_value=2048))
def test_pieces_fit_and_nothing_is_lost(text: str, most: int) -> None:
    cut = pieces(text, most)
    assert all(0 < size(piece) <= most for piece in cut)
    assert "".join("".join(cut).split()) == "".join(text.split())


def test_a_text_that_fits_is_not_cut() -> None:
    assert pieces("字" * 682) == ["字" * 682]
    assert [size(piece) for piece in pieces("字" * 683)] == [2046, 3]


def test_it_is_cut_at_paragraphs_then_lines_then_sentences() -> None:
    sentence = "这是一句话，说的是一件事。"
    assert all(piece.endswith("。") for piece in pieces(sentence * 200))
    lines = "\n".join([sentence * 3] * 50)
    assert all(piece.endswith(sentence * 3) for piece in pieces(lines))
    paragraphs = "\n\n".join([f"{sentence * 5}\n{sentence * 4}"] * 20)
    assert all(piece.endswith(sentence * 4) for piece in pieces(paragraphs))


def test_a_closing_quotation_mark_stays_with_its_sentence() -> None:
    quoted = "文件写了“给予补贴。”" * 100
    assert all(piece.endswith("”") for piece in pieces(quoted))


def test_no_character_is_cut_in_two() -> None:
    assert "".join(pieces("👩‍👩‍👧‍👦𠮷" * 300)) == "👩‍👩‍👧‍👦𠮷" * 300


@given(
    st.lists(st.text(min_size=1, max_size=900), min_size=1, max_size=6),
    st.lists(st.text(min_size=1, max_size=400), max_size=8),
)
def test_every_part_of_every_reply_leaves_room_for_what_is_put_around(
    texts: list[str], labels: list[str]
) -> None:
    reply = talk("\n".join(texts), *labels)
    parts = parts_of(reply)
    around = size(say("pending.more")) + size(say("pending.earlier")) + size(say("pending.now")) + 3
    assert all(size(part.whole) + around <= MOST_BYTES for part in parts)
    assert parts_of(reply) == parts


def test_options_come_last_and_are_numbered() -> None:
    parts = parts_of(talk("您在哪里？", "广州", "长治"))
    assert [part.whole for part in parts] == ["您在哪里？\n1. 广州\n2. 长治"]


def test_a_reply_without_blocks_says_nothing() -> None:
    assert parts_of(Reply(Status.HANDED_OFF, ())) == []


def test_blank_statements_make_no_empty_message() -> None:
    assert parts_of(Reply(Status.ANSWERED, (Block("talk", (Statement(" \n"),)),))) == []


def test_words_that_only_collect_are_known_however_they_are_typed() -> None:
    assert is_word("collect", " 继续。")
    assert is_word("collect", "OK")
    assert is_word("number", "1")
    assert not is_word("collect", "继续教育要多久")
    assert not is_word("collect", "1")
