"""Questions about an agency: whether it is theirs to ask (找妇联行吗), and what it does.

What the documents say of it is told: the provisions that name it. Where they name it nowhere, that
is said, and which line helps.
"""

from __future__ import annotations

from collections.abc import Sequence

from dialogs.agencies import names_of
from dialogs.anywhere import Line, best_by_region, side_by_side
from dialogs.asking import Ask
from dialogs.composer import Composer
from dialogs.desk import MOST_AREAS, Desk, places
from dialogs.reply import Reply, Statement, Status
from dialogs.select import weigh
from dialogs.wording import has, say, say_in
from knowledge.standing import exists

_MOST = 3


def line_of(ask: Ask) -> str | None:
    """The hotline of the agency asked about, where it has one of its own."""
    keys = [f"agency.line.{one}" for one in ask.agencies if has(f"agency.line.{one}")]
    return say(keys[0]) if keys else None


def about_agency(ask: Ask, regions: Sequence[str], composer: Composer, desk: Desk) -> Reply:
    """What the documents of `regions` (none: of each area) say of the agencies of `ask`."""
    words = desk.words
    label = "、".join(words.agencies[one].label for one in ask.agencies)
    areas = [code for region in regions for code in words.ancestors(region)]
    known = desk.library.regions()
    looked_at = areas or (known if len(known) <= MOST_AREAS else [])
    entries = [
        entry
        for document in desk.library.documents(looked_at)
        if exists(document, composer.as_of) and (found := desk.library.document(document.id))
        for entry in found[1]
        if names_of(entry, ask.agencies, words)
    ]
    if not entries:
        composer.talk(say("agency.nowhere", label=label))
        composer.add("advice", Statement(line_of(ask) or say("office.hotline_alone")))
        return composer.reply(Status.NOT_COVERED)
    # How agencies divide the work among them helps nobody who asks for help.
    for_people = [entry for entry in entries if entry.provision.audience != ["agency"]]
    picks = weigh(for_people or entries, ask, words)
    if not areas:
        best = best_by_region(picks)
        lines = {code: Line([pick.entry]) for code, pick in best.items()}
        composer.talk(say("agency.anywhere", label=label))
        side_by_side(lines, ask, composer, desk)
        composer.add("question", Statement(say("region.which")))
        return composer.reply(Status.NEEDS_INFO, missing=("region",), options=places(desk))
    told = [pick.entry for pick in picks[:_MOST]]
    opener = say_in(told[0].document, "agency.opener", label=label)
    first = composer.cite_entry(told[0])
    composer.add("conclusion", Statement(opener, first), Statement(told[0].provision.says, first))
    for entry in told[1:]:
        text = say_in(entry.document, "detail.also", says=entry.provision.says)
        composer.add("detail", Statement(text, composer.cite_entry(entry)))
    composer.add("advice", Statement(line_of(ask) or say("office.hotline")))
    composer.standings(told)
    return composer.reply(Status.PARTLY_ANSWERED)
