"""Several questions in one message: their answers as one reply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

from dialogs.reply import Block, Reply, Statement, Status

_OURS = ("talk", "question")


def joined(replies: Sequence[Reply], headings: Sequence[str]) -> Reply:
    """Several answers as one reply, in order, each under its own heading where there are any."""
    if len(replies) == 1:
        return replies[0]
    blocks: list[Block] = []
    for reply, heading in zip_longest(replies, headings):
        blocks += [Block("talk", (Statement(heading),))] if heading else []
        blocks += reply.blocks
    blocks = _asked_once(blocks)
    order = list(Status)
    return replace(
        replies[0],
        status=max((reply.status for reply in replies), key=order.index),
        blocks=tuple(blocks),
        citations=tuple(dict.fromkeys(c for reply in replies for c in reply.citations)),
        options=tuple(dict.fromkeys(o for reply in replies for o in reply.options)),
        missing=tuple(dict.fromkeys(m for reply in replies for m in reply.missing)),
        confidence=min(reply.confidence for reply in replies),
        private=any(reply.private for reply in replies),
    )


def _asked_once(blocks: Sequence[Block]) -> list[Block]:
    """What is asked back (您在哪个城市？) is asked at the end alone, not below each answer."""
    kept: list[Block] = []
    asked: set[str] = set()
    for block in reversed(blocks):
        back = {one.text for one in block.statements if one.text.endswith("？")}
        back = back if block.kind in _OURS else set()
        left = tuple(one for one in block.statements if one.text not in back & asked)
        asked |= back
        if left:
            kept.append(replace(block, statements=left))
    return kept[::-1]
