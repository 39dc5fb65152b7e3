"""A reply as one text, for the terminal, JSON lines and any channel without structure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from dialogs.reply import Block, Reply, Statement
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
        (line, frozenset(clause for statement in statements for clause in statement.clauses))
        for block in reply.blocks
        if block.kind not in ("standing", "question")
        for line, statements in _with_statements(block)
    ]
    asked = "".join(_asked(reply))
    kept: list[str] = []
    told: frozenset[str] = frozenset()
    end = asked
    for line, clauses in lines:
        told |= clauses
        worth = _standings(reply, told, "".join((*kept, line)))
        if kept and len("".join((*kept, line, asked, worth))) > SHORT:
            break
        kept.append(line)
        end = asked + worth
    return "".join(kept) + end


def _with_statements(block: Block) -> list[tuple[str, Sequence[Statement]]]:
    """The lines of a block with what is said in each."""
    if block.kind == "conditions" and block.heading:
        return [(block.heading, block.statements)]
    if block.kind in _SEPARATE:
        return [(statement.text, (statement,)) for statement in block.statements]
    return [(line, block.statements) for line in _lines(block)]


def _asked(reply: Reply) -> list[str]:
    """What is asked back."""
    return [line for block in reply.blocks if block.kind == "question" for line in _lines(block)]


def _standings(reply: Reply, clauses: Collection[str], said: str = "") -> str:
    """What the documents of `clauses` are worth, in a few words each; none where all of it is
    `said` already."""
    names: dict[str, list[str]] = {}
    for citation in reply.citations:
        if citation.clause in clauses:
            of_same = names.setdefault(citation.standing.value, [])
            if citation.document not in of_same:
                of_same.append(citation.document)
    told = {worth: say(f"standing.short.{worth}") for worth in names}
    if all(worth in said for worth in told.values()):
        return ""
    if len(told) == 1:
        return say("short.standing_alone", standing=next(iter(told.values())))
    return "".join(
        say(
            "short.standing",
            names="".join(f"《{name}》" for name in names[worth]),
            standing=short_name,
        )
        for worth, short_name in told.items()
    )


def clause_name(clause: str) -> str:
    """A clause id as people read it: changzhi/三/15 → 三 第15条."""
    parts = clause.split("/")[1:]
    if parts and parts[0].isdigit() and len(parts) > 1 and clause.startswith("guangzhou/"):
        parts = parts[1:]
    return "·".join(parts)
