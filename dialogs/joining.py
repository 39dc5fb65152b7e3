"""Several questions in one message: their answers as one reply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

from dialogs.reply import Block, Reply, Statement, Status


def joined(replies: Sequence[Reply], headings: Sequence[str]) -> Reply:
    """Several answers as one reply, in order, each under its own heading where there are any."""
    if len(replies) == 1:
        return replies[0]
    blocks: list[Block] = []
    for reply, heading in zip_longest(replies, headings):
        blocks += [Block("talk", (Statement(heading),))] if heading else []
        blocks += reply.blocks
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
