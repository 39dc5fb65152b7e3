"""Questions about policy: where the person is, and in what shape she is answered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from dialogs.answer import answered, unwritten, worth
from dialogs.anywhere import Line, anywhere, best_by_region, side_by_side
from dialogs.asking import Ask
from dialogs.composer import Composer
from dialogs.concern import asks_what_there_is, groups_beside
from dialogs.desk import MOST_AREAS, Desk, covered, outside
from dialogs.finding import MOST, askers_first, candidates, chosen, of_everybody
from dialogs.gaps import beside, gap_asked
from dialogs.reply import Block, Option, Reply, Statement, Status
from dialogs.select import Pick
from dialogs.wording import listed, say, spoken_date
from knowledge.library import Entry
from knowledge.schema import Document
from knowledge.standing import exists
from knowledge.vocabulary import Vocabulary


def answer(ask: Ask, regions: Sequence[str], as_of: dt.date, desk: Desk) -> Reply:
    """The reply to `ask` for each of `regions` (none: the place is not known)."""
    composer = desk.composer(as_of)
    if not regions:
        return anywhere(ask, composer, desk)
    if not regions[1:]:
        return _in_one(ask, regions[0], composer, desk)
    statuses = []
    for region in regions:
        composer.talk(say("region.heading", name=desk.words.regions[region].label))
        statuses.append(_in_region(ask, region, composer, desk))
    order = (Status.ANSWERED, Status.PARTLY_ANSWERED, Status.NOT_COVERED, Status.OUT_OF_SCOPE)
    return composer.reply(min(statuses, key=order.index))


def narrowest(regions: Sequence[str], words: Vocabulary) -> tuple[str, ...]:
    """The areas asked about: a city that is named with its own district only says where it is."""
    above = {code for region in regions for code in words.ancestors(region)[1:]}
    return tuple(region for region in regions if region not in above)


def _in_one(ask: Ask, region: str, composer: Composer, desk: Desk) -> Reply:
    """The reply for one region; where groups have something of their own, below it who asks."""
    status = _in_region(ask, region, composer, desk)
    if not asks_what_there_is(ask):
        return composer.reply(status)
    told = {citation.quote for citation in composer.citations.values()}
    untold = [
        entry
        for entry in desk.library.provisions(ask.topic, desk.words.ancestors(region))
        if exists(entry.document, composer.as_of) and entry.provision.quote not in told
    ]
    groups = groups_beside(untold, ask, desk.words)
    if not groups:
        return composer.reply(status)
    names = listed([group.label for group in groups])
    composer.add("question", Statement(say("region.groups", groups=names)))
    none = say("interview.none_of_them")
    options = (*(Option(group.asked, group.label) for group in groups), Option(none, none))
    return composer.reply(status, missing=("groups",), options=options)


def _in_region(ask: Ask, region: str, composer: Composer, desk: Desk) -> Status:
    words = desk.words
    chain = words.ancestors(region)
    ask = of_everybody(ask, chain, desk)
    picks = askers_first(candidates(ask, chain, composer.as_of, desk), ask, words)
    name = words.regions[region].label
    documents = [one for one in desk.library.documents(chain) if exists(one, composer.as_of)]
    gap = gap_asked(ask, documents, picks, words)
    after = len(composer.blocks) + 1
    if gap is not None:
        entries = beside(gap, picks, ask, desk.library)
        if not entries:
            unwritten(composer, gap, name)
            _say_whose(gap.document, region, after, composer, words)
            return Status.NOT_COVERED
    else:
        entries = chosen(picks, ask, words) if picks else []
    if entries:
        complete = answered(composer, ask, entries, gap)
        _say_whose(entries[0].document, region, after, composer, words)
        return Status.ANSWERED if complete else Status.PARTLY_ANSWERED
    if "validity" in ask.aspects and (heads := _heads(chain, composer.as_of, desk)):
        worth(composer, ask, heads)
        return Status.ANSWERED
    inside = frozenset(words.descendants(region)) - {region}
    below = [code for code in desk.library.regions() if code in inside][:MOST_AREAS]
    picks = candidates(ask, below, composer.as_of, desk) if below else []
    if picks:
        return _only_below(ask, region, picks, composer, desk)
    if desk.library.documents(chain):
        if documents:
            label = words.topics[ask.topic].label
            composer.talk(say("region.not_in_documents", asked=name, topic=label))
        else:
            composer.talk(say("region.too_early", date=spoken_date(composer.as_of)))
        composer.add("advice", Statement(say("region.ask_local", asked=name)))
        return Status.NOT_COVERED
    composer.talk(outside(region, words))
    composer.talk(say("region.covered", names=covered(desk)))
    return Status.NOT_COVERED


def _say_whose(
    document: Document, region: str, after: int, composer: Composer, words: Vocabulary
) -> None:
    """That the rule is a wider area's than the one asked about, behind block `after`."""
    if document.region == region:
        return
    name, asked = words.regions[document.region].label, words.regions[region].label
    cited = [one.clause for one in composer.citations.values() if one.document_id == document.id]
    whose = Statement(say("region.parent", name=name, asked=asked), tuple(cited[:1]))
    composer.blocks.insert(after, Block("conclusion", (whose,)))


def _heads(regions: Sequence[str], day: dt.date, desk: Desk) -> list[Entry]:
    """The first provision of each document of the nearest area that has any: what stands for the
    document where nothing but its worth is asked."""
    for region in regions:
        found = [desk.library.document(one.id) for one in desk.library.documents([region])]
        heads = [one[1][0] for one in found if one and one[1] and exists(one[0], day)]
        if heads:
            return heads[:MOST]
    return []


def _only_below(
    ask: Ask, region: str, picks: Sequence[Pick], composer: Composer, desk: Desk
) -> Status:
    """A province or city asked, where only areas inside it have a document."""
    words = desk.words
    best = {code: Line([pick.entry]) for code, pick in best_by_region(picks).items()}
    names = listed([words.regions[code].label for code in best])
    asked = words.regions[region].label
    composer.talk(
        say(
            "region.child_only",
            asked=asked,
            whole=f"全{asked[-1]}" if asked[-1] in "省市区县旗" else "",
            names=names,
        )
    )
    if len(best) == 1:
        complete = answered(composer, ask, chosen(picks, ask, desk.words))
        return Status.ANSWERED if complete else Status.PARTLY_ANSWERED
    side_by_side(best, ask, composer, desk)
    return Status.ANSWERED
