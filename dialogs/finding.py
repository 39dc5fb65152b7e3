"""Which provisions may answer a question, weighed, and which of them are told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import replace

from dialogs.asking import Ask
from dialogs.concern import GIVEN_BY_GROUP, GROUP_TOPICS, for_others, may_concern, programmes_meant
from dialogs.desk import MOST_AREAS, Desk
from dialogs.match import nearness
from dialogs.select import Pick, is_money, weigh
from knowledge.library import Entry
from knowledge.standing import applies, exists
from knowledge.vocabulary import Vocabulary
from knowledge.words import question_words

# A supporting provision must come this near to the best one, and no more than this many are shown.
_NEAR = 0.6
_NEAR_ELSEWHERE = 0.7
# Its words must be this near to the question's, unless its subject is that of the question or of
# the best.
_BEARING = 4.0
MOST = 4
# A question about a topic of which nothing is said is answered by what is so near in words alone.
_VERY_NEAR = 12.0
_GIVEN_TO_ALL = {"training_subsidy": 1.0, "certificate_subsidy": 0.8, "training_eligibility": 0.5}
_FOR_ALL = {"training_eligibility": 1.0, "training_subsidy": 0.8, "enrolment": 0.8}
# Provisions that search brings in beside the topic's own, for questions the NLU files elsewhere.
_SEARCHED = 20


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
    held = live(found.values(), as_of)
    if ask.sure and not any(topics.keys() & set(entry.provision.topics) for entry in held):
        picks = weigh(held, replace(ask, sure=False), desk.words)
        return picks if picks and picks[0].near >= _VERY_NEAR else []
    return weigh(held, ask, desk.words)


def live(entries: Collection[Entry], day: dt.date) -> list[Entry]:
    """Those that hold on that day, and that no other of them takes the place of."""
    overridden = {other for entry in entries for other in entry.provision.overrides}
    return [
        entry
        for entry in entries
        if exists(entry.document, day)
        and applies(entry.provision, day)
        and entry.provision.id not in overridden
    ]


def of_everybody(ask: Ask, regions: Sequence[str], desk: Desk) -> Ask:
    """`ask` as a question about what there is for all, where it is about a group that has nothing
    of its own in `regions`."""
    if ask.topic not in GROUP_TOPICS:
        return ask
    if any(desk.library.provisions(topic, regions) for topic in programmes_meant(ask, desk.words)):
        return ask
    benefit = ask.aspects & {"benefit", "amount"}
    return replace(ask, topics=_GIVEN_TO_ALL if benefit else _FOR_ALL, sure=False)


def askers_first(picks: Sequence[Pick], ask: Ask, words: Vocabulary) -> list[Pick]:
    """`picks`, unless the best is not very near in words and is for others, or not of the plan of
    her own group, or gives no subsidy where one is asked for: then those for the one who asks, if
    any is on her subject."""
    meant = programmes_meant(ask, words)
    hers = [pick for pick in picks if not for_others(pick.entry, ask, meant)]
    on_subject = [pick for pick in hers if ask.topics.keys() & set(pick.entry.provision.topics)]
    numbers = ask.courses or ask.counted  # what is listed or counted stands where it stands
    if not on_subject or numbers or picks[0].near >= _VERY_NEAR:
        return list(picks)
    if ask.groups and ask.topic in GIVEN_BY_GROUP and any(map(_of_a_plan, on_subject)):
        return sorted(on_subject, key=_of_a_plan, reverse=True)
    if not _is_subsidy_asked(ask):
        return list(picks) if picks[0] is hers[0] else hers
    giving = [pick for pick in on_subject if _gives(pick.entry, ask)] or on_subject
    if any(pick is picks[0] for pick in giving):
        return list(picks)
    return sorted(on_subject, key=lambda pick: _gives(pick.entry, ask), reverse=True)


def _of_a_plan(pick: Pick) -> bool:
    return pick.entry.document.programme is not None


def _gives(entry: Entry, ask: Ask) -> bool:
    """Whether a provision says what is given, or what is in it for a group she belongs to."""
    provision = entry.provision
    return any(map(is_money, provision.amounts)) or bool(ask.groups & set(provision.groups))


def _is_subsidy_asked(ask: Ask) -> bool:
    return ask.topic.endswith("_subsidy") and "benefit" in ask.aspects


def nearest(text: str, regions: Sequence[str], desk: Desk) -> Pick | None:
    """The provision of `regions`, if they are few, nearest to `text` in words alone, and how near
    it is."""
    if len(regions) > MOST_AREAS:
        return None
    found = desk.library.provisions_near(question_words(text), regions, limit=_SEARCHED)
    scores = nearness(found, text, (), desk.words)
    near = [Pick(entry, score, score) for entry, score in zip(found, scores, strict=True)]
    return max(near, key=lambda pick: pick.score, default=None)


def chosen(picks: Sequence[Pick], ask: Ask, words: Vocabulary) -> list[Entry]:
    """The best provision and those that come near it.

    A provision of another document, or for people the person has not said to belong to, would
    answer somebody else's question.
    """
    best = picks[0]
    told = [best.entry]
    # Where the subject is certain, another plan is about other people's matters.
    plans = {None, best.entry.document.programme, *programmes_meant(ask, words)}
    for pick in picks[1:]:
        same = pick.entry.document.id == best.entry.document.id
        if ask.sure and pick.entry.document.programme not in plans:
            continue
        if len(told) == MOST or pick.score < best.score * (_NEAR if same else _NEAR_ELSEWHERE):
            continue
        subjects = (ask.topic, best.entry.provision.topics[0])
        alike = pick.entry.provision.topics[0] in subjects
        if pick.near < _BEARING and not alike:
            continue
        if may_concern(pick.entry.provision.groups, ask, words):
            told.append(pick.entry)
    return told
