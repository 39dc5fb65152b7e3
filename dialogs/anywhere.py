"""The answer where the place is not known, or only areas inside it have documents: side by side.

One area's rule never stands for another's: each area that has something to the question is told in
a line, and what it does not write too. Where one area alone has, its answer is given as its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dialogs.answer import answered, line_for
from dialogs.asking import Ask
from dialogs.composer import Composer
from dialogs.desk import MOST_AREAS, Desk, covered, places
from dialogs.finding import askers_first, candidates, chosen
from dialogs.gaps import EXACT, Gap, beside, gap_asked
from dialogs.reply import Reply, Statement, Status
from dialogs.select import Pick, is_money
from dialogs.wording import say, say_in
from knowledge.library import Entry
from knowledge.schema import Document
from knowledge.standing import Standing, exists, standing

# An area is told of whose provision fits so well beside the best one's, or half as well where it is
# on the same subject.
_AS_WELL, _ON_SUBJECT = 0.6, 0.3
# What can be acted on is told first.
_LAST = (Standing.NEWS_REPORT, Standing.DRAFT, Standing.EXPIRED, Standing.REPEALED)


@dataclass(frozen=True)
class Line:
    """What one area has to a question: its best provisions, and what of it is not given."""

    entries: Sequence[Entry]
    gap: Gap | None = None

    @property
    def document(self) -> Document:
        """The document that is spoken of."""
        return self.gap.document if self.gap is not None else self.entries[0].document


def anywhere(ask: Ask, composer: Composer, desk: Desk) -> Reply:
    """The place is not known: one area's answer if it alone has any, else a line for each area."""
    few = len(desk.library.regions()) <= MOST_AREAS
    lines = _lines(ask, composer, desk) if few else {}
    if not lines:
        composer.talk(say("region.ask"))
        composer.talk(say("region.covered", names=covered(desk)))
        return composer.reply(Status.NEEDS_INFO, missing=("region",), options=places(desk))
    if len(lines) == 1 and (alone := next(iter(lines.items())))[1].entries:
        region, line = alone
        composer.talk(say("region.assumed", name=desk.words.regions[region].label))
        complete = answered(composer, ask, line.entries, line.gap)
        status = Status.ANSWERED if complete else Status.PARTLY_ANSWERED
        return composer.reply(status, missing=("region",))
    composer.talk(say("region.not_known"))
    side_by_side(lines, ask, composer, desk)
    if (office := line_for(ask.topic)) is not None:
        composer.add("advice", Statement(office))
    composer.add("question", Statement(say("region.which")))
    return composer.reply(Status.NEEDS_INFO, missing=("region",), options=places(desk))


def _lines(ask: Ask, composer: Composer, desk: Desk) -> dict[str, Line]:
    """What each area has to the question: one that alone fits well first, then those whose
    documents can be acted on."""
    regions = desk.library.regions()
    picks = candidates(ask, regions, composer.as_of, desk)
    top = picks[0].score if picks else 0.0
    subjects = {ask.topic, *(picks[0].entry.provision.topics[:1] if picks else ())}
    lines: dict[str, Line] = {}
    for region in regions:
        local = [pick for pick in picks if pick.entry.document.region == region]
        mine = askers_first(local, ask, desk.words)
        own = [one for one in desk.library.documents([region]) if exists(one, composer.as_of)]
        gap = gap_asked(ask, own, mine, desk.words) if mine or not picks else None
        if gap is not None:
            lines[region] = Line(beside(gap, mine, ask, desk.library), gap)
            continue
        fitting = [
            pick
            for pick in mine
            if pick.score >= top * _AS_WELL
            or (pick.score >= top * _ON_SUBJECT and subjects & set(pick.entry.provision.topics))
        ]
        if fitting:
            lines[region] = Line(chosen(fitting, ask, desk.words))
    order = list(best_by_region(picks))
    well = {pick.entry.document.region for pick in picks if pick.score >= top * _AS_WELL}

    def place(code: str) -> tuple[bool, bool, bool, int]:
        line = lines[code]
        late = standing(line.document, composer.as_of) in _LAST
        ranked = order.index(code) if code in order else len(order)
        return well != {code}, late, not line.entries, ranked

    return {code: lines[code] for code in sorted(lines, key=place)}


def best_by_region(picks: Sequence[Pick]) -> dict[str, Pick]:
    """The best provision of each area, the best first."""
    best: dict[str, Pick] = {}
    for pick in picks:
        best.setdefault(pick.entry.document.region, pick)
    return best


def side_by_side(lines: Mapping[str, Line], ask: Ask, composer: Composer, desk: Desk) -> None:
    """One line an area: what it has, what it does not give, and what its document is worth."""
    for code, line in lines.items():
        said, clauses = [], dict[str, None]()
        if line.gap is not None and _is_asked(line.gap, line.entries, ask):
            silence = composer.silence(line.document, line.gap.silence)
            said.append(silence.text.rstrip("。"))
            clauses |= dict.fromkeys(silence.clauses)
        for entry in line.entries[:1]:
            said.append(entry.provision.says.rstrip("。"))
            clauses |= dict.fromkeys(composer.cite_entry(entry))
            money = [amount for amount in entry.provision.amounts if is_money(amount)]
            unsaid = all(amount.state == "not_given" for amount in money)
            if "amount" in ask.aspects and line.gap is None and unsaid:
                said.append(say_in(line.document, "region.no_sum"))
        text = say(
            "region.line",
            name=desk.words.regions[code].short,
            says="；".join(said),
            standing=say(f"standing.short.{standing(line.document, composer.as_of).value}"),
        )
        composer.add("detail", Statement(text, tuple(clauses)))


def _is_asked(gap: Gap, entries: Sequence[Entry], ask: Ask) -> bool:
    """Whether what is not given is the very thing asked for, and not only beside what is given."""
    return not entries or bool(gap.silence.naming) or bool(ask.aspects & EXACT)
