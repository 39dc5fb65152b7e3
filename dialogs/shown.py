"""What an answer from the documents rests on, kept for what may be said about it."""

from __future__ import annotations

from dialogs.memory import Shown
from dialogs.reply import Citation, Reply

_MOST_SHOWN = 5


def shown_by(reply: Reply) -> tuple[Shown, ...]:
    """What the reply rests on, in the order of its sentences."""
    by_clause: dict[str, Citation] = {}
    for citation in reply.citations:
        by_clause.setdefault(citation.clause, citation)
    order = dict.fromkeys(
        clause
        for kind, statement in reply.statements()
        if kind in ("conclusion", "detail")
        for clause in statement.clauses
    )
    found = [by_clause[clause] for clause in order if clause in by_clause]
    return tuple(Shown(one.document_id, one.clause, one.quote) for one in found)[:_MOST_SHOWN]
