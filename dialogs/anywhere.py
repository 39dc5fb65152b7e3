"""The answer where the place is not known, or only areas inside it have documents: side by side."""

from __future__ import annotations

from collections.abc import Sequence

from dialogs.answer import answered
from dialogs.composer import Composer
from dialogs.desk import MOST_AREAS, Desk, covered, places
from dialogs.finding import candidates, chosen
from dialogs.reply import Option, Reply, Statement, Status
from dialogs.select import Ask, Pick
from dialogs.wording import say
from knowledge.standing import Standing, standing

# Without a known place, an area's answer is shown when it fits so well beside the best one's.
_AS_WELL = 0.6


def anywhere(ask: Ask, composer: Composer, desk: Desk) -> Reply:
    """The place is not known: one area's answer if it alone fits, else a line for each area."""
    regions = desk.library.regions()
    few = len(regions) <= MOST_AREAS
    picks = candidates(ask, regions, composer.as_of, desk) if few else []
    if not picks:
        composer.talk(say("region.ask"))
        composer.talk(say("region.covered", names=covered(desk)))
        return composer.reply(Status.NEEDS_INFO, missing=("region",), options=places(desk))
    least = picks[0].score * _AS_WELL
    best = best_by_region([pick for pick in picks if pick.score >= least] or picks[:1])
    if len(best) == 1 and _is_repealed(picks[0], composer):
        # Never the one to stand for all, where others speak of the same.
        subject = picks[0].entry.provision.topics[0]
        alike = [pick for pick in picks if subject in pick.entry.provision.topics[:1]]
        best = best_by_region(alike)
    if len(best) == 1:
        region = picks[0].entry.document.region
        mine = [pick for pick in picks if pick.entry.document.region == region]
        entries = chosen(mine, ask, desk.words)
        composer.talk(say("region.assumed", name=desk.words.regions[region].label))
        complete = answered(composer, ask, entries)
        status = Status.ANSWERED if complete else Status.PARTLY_ANSWERED
        return composer.reply(status, missing=("region",))
    composer.talk(say("region.not_known"))
    side_by_side(best, composer, desk)
    composer.add("question", Statement(say("region.ask")))
    options = tuple(
        Option(desk.words.regions[code].short, desk.words.regions[code].short) for code in best
    )
    return composer.reply(Status.NEEDS_INFO, missing=("region",), options=options)


def _is_repealed(pick: Pick, composer: Composer) -> bool:
    return standing(pick.entry.document, composer.as_of) is Standing.REPEALED


def best_by_region(picks: Sequence[Pick]) -> dict[str, Pick]:
    best: dict[str, Pick] = {}
    for pick in picks:
        best.setdefault(pick.entry.document.region, pick)
    return best


def side_by_side(best: dict[str, Pick], composer: Composer, desk: Desk) -> None:
    """One line an area: its best provision and what its document is worth."""
    for code, pick in best.items():
        entry = pick.entry
        worth = standing(entry.document, composer.as_of)
        text = say(
            "region.line",
            name=desk.words.regions[code].short,
            says=entry.provision.says.rstrip("。"),
            standing=say(f"standing.short.{worth.value}"),
        )
        composer.add("detail", Statement(text, composer.cite_entry(entry)))
