"""Questions about policy: where the person is, which provisions answer, and in what shape."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dialogs.answer import Composer
from dialogs.gaps import Gap, gap_asked
from dialogs.match import nearness
from dialogs.reply import Block, Option, Reply, Statement, Status
from dialogs.select import GROUP_TOPICS, Ask, Pick, may_concern, programmes_meant, weigh
from dialogs.standings import standing_sentence
from dialogs.wording import listed, say, spoken_date
from knowledge.library import Entry, Library
from knowledge.schema import Document
from knowledge.standing import Standing, applies, exists, standing
from knowledge.vocabulary import Vocabulary
from knowledge.words import question_words

# A supporting provision must come this near to the best one, and no more than this many are shown.
_NEAR = 0.6
_NEAR_ELSEWHERE = 0.7
# Its words must be this near to the question's, unless its subject is that of the question or of
# the best.
_BEARING = 4.0
_MOST = 4
# A question about a topic of which nothing is said is answered by what is so near in words alone.
_VERY_NEAR = 12.0
_FOR_ALL = {"training_eligibility": 1.0, "training_subsidy": 0.8, "enrolment": 0.8}
# So many areas can be told side by side; of more, the person is asked for hers first.
MOST_AREAS = 12
# Provisions that search brings in beside the topic's own, for questions the NLU files elsewhere.
_SEARCHED = 20
# Without a known place, an area's answer is shown when it fits so well beside the best one's.
_AS_WELL = 0.6


@dataclass(frozen=True)
class Desk:
    """What a policy answer is made with; nothing here keeps state between questions."""

    library: Library
    words: Vocabulary
    today: dt.date


def answer(ask: Ask, regions: Sequence[str], as_of: dt.date, desk: Desk) -> Reply:
    """The reply to `ask` for each of `regions` (none: the place is not known)."""
    composer = Composer(desk.words, desk.library, as_of, desk.today)
    if not regions:
        return _anywhere(ask, composer, desk)
    statuses = []
    for region in regions:
        if len(regions) > 1:
            composer.talk(say("region.heading", name=desk.words.regions[region].label))
        statuses.append(_in_region(ask, region, composer, desk))
    order = (Status.ANSWERED, Status.PARTLY_ANSWERED, Status.NOT_COVERED, Status.OUT_OF_SCOPE)
    options: tuple[Option, ...] = ()
    return composer.reply(min(statuses, key=order.index), options=options)


def narrowest(regions: Sequence[str], words: Vocabulary) -> tuple[str, ...]:
    """The areas asked about: a city that is named with its own district only says where it is."""
    above = {code for region in regions for code in words.ancestors(region)[1:]}
    return tuple(region for region in regions if region not in above)


def candidates(ask: Ask, regions: Sequence[str], as_of: dt.date, desk: Desk) -> list[Pick]:
    """Every provision that may answer in `regions`, weighed; what did not exist yet is left out."""
    topics = programmes_meant(ask, desk.words)
    found: dict[str, Entry] = {}
    for topic in topics:
        for entry in desk.library.provisions(topic, regions):
            found[entry.provision.id] = entry
    asked = {**question_words(ask.text), **dict.fromkeys(ask.feared, 1.0)}
    for entry in desk.library.provisions_near(asked, regions, limit=_SEARCHED):
        found.setdefault(entry.provision.id, entry)
    overridden = {other for entry in found.values() for other in entry.provision.overrides}
    live = [
        entry
        for entry in found.values()
        if exists(entry.document, as_of)
        and applies(entry.provision, as_of)
        and entry.provision.id not in overridden
    ]
    if ask.sure and not any(topics.keys() & set(entry.provision.topics) for entry in live):
        return _of_everybody(live, ask, desk)
    return weigh(live, ask, desk.words)


def _of_everybody(live: Sequence[Entry], ask: Ask, desk: Desk) -> list[Pick]:
    """What there is where nothing is said of the topic itself: for a group without a programme of
    its own what holds for all, and what the question is near to in its very words."""
    if ask.topic in GROUP_TOPICS:
        ask = replace(ask, topics=_FOR_ALL, sure=False)
        return weigh([entry for entry in live if not entry.provision.groups], ask, desk.words)
    picks = weigh(live, replace(ask, sure=False), desk.words)
    return picks if picks and picks[0].near >= _VERY_NEAR else []


def nearest(text: str, regions: Sequence[str], desk: Desk) -> Pick | None:
    """The provision of `regions`, if they are few, nearest to `text` in words alone, and how near
    it is."""
    if len(regions) > MOST_AREAS:
        return None
    found = desk.library.provisions_near(question_words(text), regions, limit=_SEARCHED)
    scores = nearness(found, text, (), desk.words)
    near = [Pick(entry, score, score) for entry, score in zip(found, scores, strict=True)]
    return max(near, key=lambda pick: pick.score, default=None)


def _chosen(picks: Sequence[Pick], ask: Ask, words: Vocabulary) -> list[Entry]:
    """The best provision and those that come near it.

    A provision of another document, or for people the person has not said to belong to, would
    answer somebody else's question.
    """
    best = picks[0]
    chosen = [best.entry]
    for pick in picks[1:]:
        same = pick.entry.document.id == best.entry.document.id
        if len(chosen) == _MOST or pick.score < best.score * (_NEAR if same else _NEAR_ELSEWHERE):
            continue
        subjects = (ask.topic, best.entry.provision.topics[0])
        alike = pick.entry.provision.topics[0] in subjects
        if pick.near < _BEARING and not alike:
            continue
        if may_concern(pick.entry.provision.groups, ask, words):
            chosen.append(pick.entry)
    return chosen


def _in_region(ask: Ask, region: str, composer: Composer, desk: Desk) -> Status:
    words = desk.words
    chain = words.ancestors(region)
    picks = candidates(ask, chain, composer.as_of, desk)
    name = words.regions[region].label
    documents = [one for one in desk.library.documents(chain) if exists(one, composer.as_of)]
    gap = gap_asked(ask, documents, picks, words)
    after = len(composer.blocks) + 1
    if gap is not None:
        entries = _beside(gap, picks, desk)
        if not entries:
            composer.gap(gap, name)
            _say_whose(gap.document, region, after, composer, words)
            return Status.NOT_COVERED
    else:
        entries = _chosen(picks, ask, words) if picks else []
    if entries:
        complete = composer.provisions(ask, entries, gap)
        _say_whose(entries[0].document, region, after, composer, words)
        return Status.ANSWERED if complete else Status.PARTLY_ANSWERED
    if "validity" in ask.aspects and (heads := _heads(chain, composer.as_of, desk)):
        composer.worth(ask, heads)
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
    composer.talk(say("region.outside", asked=name))
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


def _beside(gap: Gap, picks: Sequence[Pick], desk: Desk) -> list[Entry]:
    """What is worth saying beside that something is not given: what the silence names, or the best
    provision of its document and topic."""
    if gap.silence.near:
        found = desk.library.document(gap.document.id)
        named = {entry.provision.id: entry for entry in found[1]} if found else {}
        return [named[one] for one in gap.silence.near if one in named]
    return [
        pick.entry
        for pick in picks
        if pick.entry.document.id == gap.document.id
        and gap.silence.topic in pick.entry.provision.topics
    ][:1]


def _heads(regions: Sequence[str], day: dt.date, desk: Desk) -> list[Entry]:
    """The first provision of each document of the nearest area that has any: what stands for the
    document where nothing but its worth is asked."""
    for region in regions:
        found = [desk.library.document(one.id) for one in desk.library.documents([region])]
        heads = [one[1][0] for one in found if one and one[1] and exists(one[0], day)]
        if heads:
            return heads[:_MOST]
    return []


def _only_below(
    ask: Ask, region: str, picks: Sequence[Pick], composer: Composer, desk: Desk
) -> Status:
    """A province or city asked, where only areas inside it have a document."""
    words = desk.words
    best = _best_by_region(picks)
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
        complete = composer.provisions(ask, _chosen(picks, ask, desk.words))
        return Status.ANSWERED if complete else Status.PARTLY_ANSWERED
    _lines(best, composer, desk)
    return Status.ANSWERED


def _anywhere(ask: Ask, composer: Composer, desk: Desk) -> Reply:
    """The place is not known: one area's answer if it alone fits, else a line for each area."""
    regions = desk.library.regions()
    few = len(regions) <= MOST_AREAS
    picks = candidates(ask, regions, composer.as_of, desk) if few else []
    if not picks:
        composer.talk(say("region.ask"))
        composer.talk(say("region.covered", names=covered(desk)))
        return composer.reply(Status.NEEDS_INFO, missing=("region",), options=places(desk))
    least = picks[0].score * _AS_WELL
    best = _best_by_region([pick for pick in picks if pick.score >= least] or picks[:1])
    if len(best) == 1 and _is_repealed(picks[0], composer):
        # Never the one to stand for all, where others speak of the same.
        subject = picks[0].entry.provision.topics[0]
        alike = [pick for pick in picks if subject in pick.entry.provision.topics[:1]]
        best = _best_by_region(alike)
    if len(best) == 1:
        region = picks[0].entry.document.region
        mine = [pick for pick in picks if pick.entry.document.region == region]
        entries = _chosen(mine, ask, desk.words)
        composer.talk(say("region.assumed", name=desk.words.regions[region].label))
        complete = composer.provisions(ask, entries)
        status = Status.ANSWERED if complete else Status.PARTLY_ANSWERED
        return composer.reply(status, missing=("region",))
    composer.talk(say("region.not_known"))
    _lines(best, composer, desk)
    composer.add("question", Statement(say("region.ask")))
    options = tuple(
        Option(desk.words.regions[code].short, desk.words.regions[code].short) for code in best
    )
    return composer.reply(Status.NEEDS_INFO, missing=("region",), options=options)


def _is_repealed(pick: Pick, composer: Composer) -> bool:
    return standing(pick.entry.document, composer.as_of) is Standing.REPEALED


def _best_by_region(picks: Sequence[Pick]) -> dict[str, Pick]:
    best: dict[str, Pick] = {}
    for pick in picks:
        best.setdefault(pick.entry.document.region, pick)
    return best


def _lines(best: dict[str, Pick], composer: Composer, desk: Desk) -> None:
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


def covered(desk: Desk) -> str:
    """The names of the areas the library has documents of."""
    regions = desk.library.regions()
    names = listed([desk.words.regions[code].label for code in regions[:MOST_AREAS]])
    return names if len(regions) <= MOST_AREAS else say("region.many", names=names)


def places(desk: Desk) -> tuple[Option, ...]:
    """Those areas, or the first of many, as options to tap."""
    names = [desk.words.regions[code].short for code in desk.library.regions()[:MOST_AREAS]]
    return tuple(Option(name, name) for name in names)


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
