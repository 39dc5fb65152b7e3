"""Trade words explained in a few plain words, in brackets, the first time a reply shows them.

The words and what they mean stand in wording.yaml (`gloss`). What is quoted from a document is left
as it is, and so are the names of documents.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from dialogs.reply import Block, Reply, Statement
from dialogs.wording import table

# A bracket that follows so closely explains the word already: 员工制家政企业吗（和阿姨签劳动合同）.
_EXPLAINED = re.compile("[^，。；（）“”]{0,6}（")
_QUOTED = re.compile("《[^》]*》|“[^”]*”|（[^）]*）")


def glossed(reply: Reply) -> Reply:
    """The reply with each word of the table explained where it is first shown."""
    todo = dict(_glosses())
    return replace(reply, blocks=tuple(_block(block, todo) for block in reply.blocks))


@cache
def _glosses() -> Mapping[str, str]:
    """The words, longest first: 灵活就业人员 before 灵活就业."""
    words = table("gloss")
    return {word: words[word] for word in sorted(words, key=len, reverse=True)}


def _block(block: Block, todo: dict[str, str]) -> Block:
    if block.kind == "quotation" or not todo:
        return block
    heading = _explained(block.heading, todo) if block.heading else block.heading
    statements = tuple(
        Statement(_explained(one.text, todo), one.clauses) for one in block.statements
    )
    return replace(block, heading=heading, statements=statements)


def _explained(text: str, todo: dict[str, str]) -> str:
    """`text` with the words still to do explained; takes those from `todo`."""
    for word, meaning in list(todo.items()):
        if word not in todo or (at := _shown(text, word)) is None:
            continue
        told = meaning in text  # “回炉”就是：隔段时间再学一遍
        for other in [known for known in todo if known in word or word in known]:
            del todo[other]
        if not told and not _EXPLAINED.match(text, at):
            text = f"{text[:at]}（{meaning}）{text[at:]}"
    return text


def _shown(text: str, word: str) -> int | None:
    """Where the first mention of `word` ends (after its quotation marks); None if there is none."""
    for match in re.finditer(re.escape(word), text):
        around = next(
            (q for q in _QUOTED.finditer(text) if q.start() < match.start() < q.end()), None
        )
        if around is None:
            return match.end()
        if around.group() == f"“{word}”":
            return around.end()
    return None
