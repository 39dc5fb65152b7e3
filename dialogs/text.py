"""A reply as one text, for the terminal, JSON lines and any channel without structure."""

from __future__ import annotations

from dialogs.reply import Reply
from dialogs.wording import say

_GROUPED = frozenset(("conditions", "amount", "office", "standing"))


def as_text(reply: Reply, *, sources: bool = True) -> str:
    """The whole answer as a person would read it; sources below, unless left out."""
    lines: list[str] = []
    for block in reply.blocks:
        joined = "".join(statement.text for statement in block.statements)
        if block.kind in _GROUPED and block.heading:
            lines.append(f"{block.heading}：{joined}")
        elif block.kind == "quotation" or block.kind == "detail":
            lines += [statement.text for statement in block.statements]
        else:
            lines.append(joined)
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


def clause_name(clause: str) -> str:
    """A clause id as people read it: changzhi/三/15 → 三 第15条."""
    parts = clause.split("/")[1:]
    if parts and parts[0].isdigit() and len(parts) > 1 and clause.startswith("guangzhou/"):
        parts = parts[1:]
    return "·".join(parts)
