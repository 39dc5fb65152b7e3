"""A reply as one text, for the terminal, JSON lines and any channel without structure."""

from __future__ import annotations

from collections.abc import Iterator

from dialogs.reply import Block, Reply
from dialogs.wording import say

_GROUPED = frozenset(("conditions", "amount", "office", "standing"))
_SEPARATE = frozenset(("quotation", "detail"))
# How many characters a short answer takes where it can: half a minute read aloud.
SHORT = 120
_ESSENTIAL = frozenset(("conclusion", "verdict"))
# What narrows a conclusion is told too, in a few words where it is long.
_NARROWING = ("conditions", "silence")


def as_text(reply: Reply, *, sources: bool = True) -> str:
    """The whole answer as a person would read it; sources below, unless left out."""
    lines: list[str] = []
    for block in reply.blocks:
        lines += _lines(block)
    if reply.options:
        lines += [f"{number}. {option.label}" for number, option in enumerate(reply.options, 1)]
    if sources and reply.citations:
        lines.append(say("sources.heading"))
        for number, citation in enumerate(reply.citations, 1):
            lines.append(
                say(
                    "sources.line",
                    number=number,
                    document=citation.document,
                    doc_no=f"（{citation.doc_no}）" if citation.doc_no else "",
                    clause=clause_name(citation.clause),
                    quote=citation.quote,
                    standing=say(f"standing.short.{citation.standing.value}"),
                )
            )
    return "\n".join(lines)


def _lines(block: Block) -> list[str]:
    if block.kind in _SEPARATE:
        return [statement.text for statement in block.statements]
    joined = "".join(statement.text for statement in block.statements)
    return [f"{block.heading}：{joined}" if block.kind in _GROUPED and block.heading else joined]


def short(reply: Reply) -> str:
    """The answer to be read aloud: conclusion and standing, in `SHORT` characters where it can be.

    Sentences are left out whole or not at all, and never one that narrows the conclusion (whose
    rule it is, how strong, that there are conditions, what is not written) or a standing.
    """
    told = list(_told(reply.blocks))
    if not any(block.kind in _ESSENTIAL for block in told):
        return _beginning(reply)
    text = "".join(line for block in told for line in _lines(block))
    worth = _standings(reply, {c for block in told for s in block.statements for c in s.clauses})
    for kind in _NARROWING:
        lines = [line for block in reply.blocks if block.kind == kind for line in _lines(block)]
        whole = "".join(lines)
        if lines:
            fits = len(text) + len(whole) + len(worth) <= SHORT
            text += whole if fits else say(f"short.{kind}")
    return text + worth + "".join(_asked(reply))


def _told(blocks: tuple[Block, ...]) -> Iterator[Block]:
    """The conclusions and verdicts, each with the words that lead up to it."""
    leading: list[Block] = []
    for block in blocks:
        if block.kind in _ESSENTIAL:
            yield from (*leading, block)
            leading = []
        elif block.kind == "talk":
            leading.append(block)


def _beginning(reply: Reply) -> str:
    """A reply without a conclusion: its first lines, as many as fit, and what is asked back.

    Of a list of benefits the headings alone say what was found.
    """
    lines = [
        line
        for block in reply.blocks
        if block.kind not in ("standing", "question")
        for line in (
            [block.heading] if block.kind == "conditions" and block.heading else _lines(block)
        )
    ]
    asked = _asked(reply)
    worth = _standings(reply, {citation.clause for citation in reply.citations})
    end = "".join(asked) + worth
    kept = lines[:1]
    for line in lines[1:]:
        if len("".join((*kept, line, end))) > SHORT:
            break
        kept.append(line)
    return "".join(kept) + end


def _asked(reply: Reply) -> list[str]:
    """What is asked back."""
    return [line for block in reply.blocks if block.kind == "question" for line in _lines(block)]


def _standings(reply: Reply, clauses: set[str]) -> str:
    """What the documents of `clauses` are worth, in a few words each."""
    names: dict[str, list[str]] = {}
    for citation in reply.citations:
        if citation.clause in clauses:
            of_same = names.setdefault(citation.standing.value, [])
            if citation.document not in of_same:
                of_same.append(citation.document)
    told = {worth: say(f"standing.short.{worth}") for worth in names}
    if len(told) == 1:
        return say("short.standing_alone", standing=next(iter(told.values())))
    return "".join(
        say("short.standing", names="".join(f"《{name}》" for name in names[worth]), standing=said)
        for worth, said in told.items()
    )


def clause_name(clause: str) -> str:
    """A clause id as people read it: changzhi/三/15 → 三 第15条."""
    parts = clause.split("/")[1:]
    if parts and parts[0].isdigit() and len(parts) > 1 and clause.startswith("guangzhou/"):
        parts = parts[1:]
    return "·".join(parts)
