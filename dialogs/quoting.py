"""Clauses found by search, quoted as quotations."""

from __future__ import annotations

from collections.abc import Sequence

from dialogs.composer import Composer
from dialogs.desk import MOST_AREAS, Desk
from dialogs.reply import Block, Statement
from dialogs.standings import standing_sentence
from dialogs.wording import say
from knowledge.standing import exists


def quotations(
    question: str, regions: Sequence[str], composer: Composer, desk: Desk, least: float
) -> bool:
    """Clauses found by search, quoted as quotations. False when none comes near enough. Where many
    areas have rules, those of an unknown one are nobody's."""
    if not regions and len(desk.library.regions()) > MOST_AREAS:
        return False
    hits = [
        hit
        for hit in desk.library.search(question, regions=regions, limit=2)
        if hit.score >= least and exists(hit.document, composer.as_of)
    ]
    if not hits:
        return False
    statements = []
    for hit in hits:
        quote = hit.clause.text.split("（责任单位")[0][:160]
        clause = composer.cite(hit.document, hit.clause.id, quote, hit.clause.heading)
        statements.append(
            Statement(say("search.quote", name=hit.document.name, quote=quote), clause)
        )
    composer.talk(say("search.intro"))
    composer.add("quotation", *statements)
    several = len({hit.document.id for hit in hits}) > 1
    standings = [
        Statement(
            standing_sentence(
                [hit.document], composer.as_of, f"《{hit.document.name}》" if several else ""
            ),
            (hit.clause.id,),
        )
        for hit in hits
    ]
    composer.blocks.append(
        Block("standing", tuple(dict.fromkeys(standings)), say("standing.heading"))
    )
    return True
