"""Never a 符合 that the known facts do not carry.

For every provision with conditions: facts that meet them are found, then each is taken away in
turn. What needed the fact must no longer be met, in the determination and in what the interview
writes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import pytest

from dialogs import interview
from dialogs.asking import Ask
from dialogs.composer import Composer
from dialogs.desk import Desk
from dialogs.memory import Interview, Memory, Pending
from dialogs.reply import Reply
from knowledge.library import Library
from knowledge.loader import LoadedDocument
from knowledge.rules import FactValue, Groups, Truth, determine
from knowledge.schema import Condition, Provision
from knowledge.vocabulary import Vocabulary
from tests.conversing import NOW

TODAY = NOW.date()
FactsFound = dict[str, FactValue]


def _ways(node: Condition, *, met: bool) -> Iterator[FactsFound | None]:
    """Small sets of facts that make `node` met (or not met); nothing when no facts can."""
    if node.not_ is not None:
        yield from _ways(node.not_, met=not met)
    elif node.all_ is not None or node.any_ is not None:
        children = node.all_ or node.any_ or []
        if (node.all_ is not None) == met:
            yield from _together(children, met=met)
        else:
            for child in children:
                yield from _ways(child, met=met)
    elif node.fact is not None:
        yield {node.fact: _value(node, met=met)}


def _together(children: Sequence[Condition], *, met: bool) -> Iterator[FactsFound]:
    found: list[FactsFound] = [{}]
    for child in children:
        found = [
            joined
            for before in found
            for way in _ways(child, met=met)
            if way is not None and (joined := _joined(before, way)) is not None
        ]
    yield from found


def _joined(one: FactsFound, other: FactsFound) -> FactsFound | None:
    """Both sets of facts; None where they contradict each other."""
    joined = dict(one)
    for name, value in other.items():
        known = joined.get(name)
        if isinstance(known, Groups) and isinstance(value, Groups):
            members, excluded = known.members | value.members, known.excluded | value.excluded
            if members & excluded:
                return None
            joined[name] = Groups(members, excluded)
        elif known is not None and known != value:
            return None
        else:
            joined[name] = value
    return joined


def _value(node: Condition, *, met: bool) -> FactValue:
    if node.includes is not None:
        group = frozenset((node.includes,))
        return Groups(members=group) if met else Groups(excluded=group)
    if isinstance(node.is_, bool):
        return node.is_ if met else not node.is_
    if node.is_ is not None or node.in_ is not None:
        values = node.in_ or [str(node.is_)]
        return values[0] if met else "something else"
    if node.at_least is not None:
        return node.at_least if met else node.at_least - 1
    assert node.at_most is not None
    return node.at_most if met else node.at_most + 1


def _meetable(documents: Sequence[LoadedDocument]) -> Iterator[tuple[LoadedDocument, Provision]]:
    for loaded in documents:
        for provision in loaded.document.provisions:
            if provision.when is not None:
                yield loaded, provision


def _met_ways(provision: Provision) -> list[FactsFound]:
    assert provision.when is not None
    return [way for way in _ways(provision.when, met=True) if way is not None]


def test_a_fact_taken_away_takes_met_away(
    documents: Sequence[LoadedDocument], words: Vocabulary
) -> None:
    tried = 0
    for _, provision in _meetable(documents):
        for facts in _met_ways(provision):
            assert determine(provision, facts, words).outcome is Truth.MET, provision.id
            for name in facts:
                fewer = {other: value for other, value in facts.items() if other != name}
                outcome = determine(provision, fewer, words).outcome
                assert outcome is not Truth.MET, f"{provision.id} without {name}"
                tried += 1
    assert tried >= 100


def test_an_undefined_condition_is_never_met(
    documents: Sequence[LoadedDocument], words: Vocabulary
) -> None:
    """符合条件的 without saying which: no facts at all make it met."""
    hopeless = [p for _, p in _meetable(documents) if not _met_ways(p)]
    assert hopeless
    for provision in hopeless:
        assert determine(provision, {}, words).outcome is Truth.UNKNOWN


def _result(
    provision: Provision, region: str, facts: FactsFound, library: Library, words: Vocabulary
) -> Reply:
    """The interview's result for someone with `facts`, everything asked already."""
    role = next((one for one in provision.audience if one not in ("agency", "public")), "worker")
    told = {**facts, "role": role, "region": region}
    memory = Memory(
        pending=Pending("region", NOW),
        interview=Interview((provision.topics[0],), tuple(words.facts)),
    ).learn(told, NOW, "said")
    ask = Ask("", {provision.topics[0]: 1.0}, frozenset(), memory.facts)
    desk = Desk(library, words, TODAY)
    composer = Composer(words, library, TODAY, TODAY)
    reply, _ = interview.step(ask, memory, composer, desk, NOW)
    return reply


@pytest.mark.parametrize("taken", [True, False], ids=["one taken", "none taken"])
def test_the_interview_says_met_only_when_it_is(
    documents: Sequence[LoadedDocument], library: Library, words: Vocabulary, taken: bool
) -> None:
    """With a needed fact missing no block is headed 符合; with all of them most are."""
    shown = headed = 0
    for loaded, provision in _meetable(documents):
        for facts in _met_ways(provision)[:2]:
            for name in facts:
                kept = {k: v for k, v in facts.items() if not taken or k != name}
                reply = _result(provision, loaded.document.region, kept, library, words)
                for block in reply.blocks:
                    if not block.statements or block.statements[0].text != provision.says:
                        continue
                    shown += 1
                    met = (block.heading or "").startswith("【符合】")
                    headed += met
                    assert not (met and taken), f"{provision.id} without {name}"
    assert shown >= 20
    assert taken or headed >= 15


def test_yesterdays_answers_are_forgotten() -> None:
    memory = Memory().learn({"labour_contract": True}, NOW, "answered")
    assert not memory.fresh(NOW + dt.timedelta(hours=25)).facts
