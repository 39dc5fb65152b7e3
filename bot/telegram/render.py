"""A reply as Telegram messages: HTML, 4,096 characters each at most, the sources folded away.

Text is cut before it is marked up, so that no message ends inside a tag.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from telegram.constants import MessageLimit

from bot.telegram.buttons import takes_several
from bot.telegram.wording import say, table
from dialogs.reply import Block, Reply
from dialogs.text import as_text

# Telegram counts a message's characters without its markup; we count UTF-16 units, never fewer.
MOST_UNITS = int(MessageLimit.MAX_TEXT_LENGTH)
# A paragraph has one entity at most (its bold lead or its fold); Telegram drops those beyond 100.
_MOST_PARAGRAPHS = int(MessageLimit.MESSAGE_ENTITIES)
_JOINT = "\n\n"
_BOLD = frozenset(("conclusion", "question"))
_SENTENCE = re.compile(r"[^。！？；\n]*(?:[。！？；\n]+[”’」』）)]*|$)")


@dataclass(frozen=True)
class Part:
    """One Telegram message, and the same without markup should Telegram not read that."""

    html: str
    plain: str


@dataclass(frozen=True)
class _Paragraph:
    lead: str  # in bold
    text: str
    folded: bool = False

    @property
    def units(self) -> int:
        return units(self.lead) + units(self.text)


def units(text: str) -> int:
    """The length of `text` as Telegram's clients count it, in UTF-16 units."""
    return len(text) + sum(char > "\uffff" for char in text)


def parts(reply: Reply) -> tuple[Part, ...]:
    """The messages of `reply`, without its options; none for a reply that says nothing.

    The same reply gives the same messages, so that a delivery can be resumed after some of them.
    """
    whole = [piece for one in _paragraphs(reply) for piece in _cut(one)]
    return tuple(_part(group) for group in _packed(whole))


def _paragraphs(reply: Reply) -> Iterator[_Paragraph]:
    for block in reply.blocks:
        text = as_text(replace(reply, blocks=(block,), options=(), citations=()))
        if text := _storable(text).strip():
            yield _marked(block, text)
    if takes_several(reply):
        yield _Paragraph("", say("several"))
    if reply.citations:
        sources = as_text(replace(reply, blocks=(), options=()))
        for line in _storable(sources).splitlines():
            yield _Paragraph("", line, folded=True)


def _marked(block: Block, text: str) -> _Paragraph:
    if block.kind == "verdict" and block.heading:
        mark = table("marks")[block.mark] + " " if block.mark else ""
        return _Paragraph(f"{mark}{block.heading}\n", text)
    if block.kind in _BOLD:
        return _Paragraph(text, "")
    heading = f"{block.heading}："
    if block.heading and text.startswith(heading):
        return _Paragraph(heading, text.removeprefix(heading))
    return _Paragraph("", text)


def _storable(text: str) -> str:
    # Half a surrogate pair cannot be sent; NUL is refused.
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _cut(paragraph: _Paragraph) -> Iterator[_Paragraph]:
    """The paragraph in pieces that fit into a message, cut at sentences where there are any."""
    if paragraph.units <= MOST_UNITS:
        yield paragraph
        return
    if paragraph.lead:
        # Rare enough that the bold may be given up for it.
        paragraph = replace(paragraph, lead="", text=paragraph.lead + paragraph.text)
    for piece in split(paragraph.text, MOST_UNITS):
        yield replace(paragraph, text=piece)


def split(text: str, most: int) -> list[str]:
    """`text` in pieces of at most `most` units: whole sentences, or characters where one sentence
    is longer. Blank pieces are left out: Telegram refuses them."""
    pieces = [""]
    for sentence in _SENTENCE.findall(text):
        for piece in [sentence] if units(sentence) <= most else _chopped(sentence, most):
            if units(pieces[-1]) + units(piece) > most:
                pieces.append("")
            pieces[-1] += piece
    return [piece for piece in pieces if piece.strip()]


def _chopped(text: str, most: int) -> Iterator[str]:
    piece, length = "", 0
    for char in text:
        if length + units(char) > most:
            yield piece
            piece, length = "", 0
        piece, length = piece + char, length + units(char)
    yield piece


def _packed(paragraphs: list[_Paragraph]) -> Iterator[list[_Paragraph]]:
    group: list[_Paragraph] = []
    length = 0
    for one in paragraphs:
        joint = len(_JOINT) if group else 0
        if group and (length + joint + one.units > MOST_UNITS or len(group) >= _MOST_PARAGRAPHS):
            yield group
            group, length, joint = [], 0, 0
        group.append(one)
        length += joint + one.units
    if group:
        yield group


def _part(group: list[_Paragraph]) -> Part:
    marked, plain = [], []
    for folded, members in groupby(group, key=lambda one: one.folded):
        same = list(members)
        joint = "\n" if folded else _JOINT
        text = joint.join(one.lead + one.text for one in same)
        plain.append(text)
        if folded:
            marked.append(f"<blockquote expandable>{_escape(text)}</blockquote>")
        else:
            marked.append(joint.join(map(_bold, same)))
    return Part(_JOINT.join(marked), _JOINT.join(plain))


def _bold(paragraph: _Paragraph) -> str:
    lead = f"<b>{_escape(paragraph.lead)}</b>" if paragraph.lead else ""
    return lead + _escape(paragraph.text)


def _escape(text: str) -> str:
    return html.escape(text, quote=False)
