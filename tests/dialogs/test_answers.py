"""The walk: every topic in every kind of place for every kind of asker, each answer held to the
project's promise (`tests.conversing.check_reply`)."""

from __future__ import annotations

import re
from itertools import product

import pytest

from dialogs import policy
from dialogs.asking import Ask
from dialogs.desk import Desk
from dialogs.reply import Reply
from dialogs.text import as_text
from knowledge.library import Library
from knowledge.vocabulary import Vocabulary
from tests.conversing import NOW, check_reply

TODAY = NOW.date()
PLACES = {
    "长治": "140400",
    "昆区": "150203",
    "辽宁": "210000",
    "广州": "440100",
    "肇庆": "441200",
    "包头": "150200",
    "沈阳": "210100",
    "广东": "440000",
    "深圳": "440300",
    "": None,
}
AUDIENCES = ("worker", "household", "enterprise")
WALK = list(product(PLACES, AUDIENCES))


@pytest.fixture(scope="module")
def answers(library: Library, words: Vocabulary) -> dict[tuple[str, str, str], Reply]:
    """The reply to every topic's own label, by topic, place and audience."""
    desk = Desk(library, words, TODAY)
    found = {}
    for topic, (place, audience) in product(words.topics.values(), WALK):
        code = PLACES[place]
        facts = {"role": audience} | ({"region": code} if code else {})
        ask = Ask(f"{place}{topic.label}", {topic.id: 1.0}, frozenset({"amount"}), facts, sure=True)
        found[topic.id, place, audience] = policy.answer(ask, [code] if code else [], TODAY, desk)
    return found


def test_every_answer_keeps_the_promise(
    answers: dict[tuple[str, str, str], Reply], library: Library
) -> None:
    checked = [check_reply(reply, library, TODAY) for reply in answers.values()]
    assert sum(count > 0 for count in checked) >= 200


def test_no_area_answers_for_another(
    answers: dict[tuple[str, str, str], Reply], library: Library, words: Vocabulary
) -> None:
    """A document of another area is only cited where that area is named."""
    for (_, place, _), reply in answers.items():
        own = words.ancestors(region) if (region := PLACES[place]) else ()
        text = as_text(reply, sources=False)
        for citation in reply.citations:
            found = library.clause(citation.clause)
            assert found is not None
            region = found[1].region
            if region not in own or region != PLACES[place]:
                named = (words.regions[region].label, words.regions[region].short)
                assert any(name in text for name in named), (place, citation.clause)


def test_outside_the_library_nothing_is_cited(
    answers: dict[tuple[str, str, str], Reply],
) -> None:
    for (_, place, _), reply in answers.items():
        if place == "深圳":
            assert not reply.citations
            assert "不能套用" in as_text(reply)


def test_a_parent_area_never_claims_its_part(
    answers: dict[tuple[str, str, str], Reply],
) -> None:
    """包头 and 广东 have no document: whatever is shown is said not to be theirs."""
    for (_, place, _), reply in answers.items():
        if place in ("包头", "广东") and reply.citations:
            assert re.search("全[省市]的规定，我这里没有", as_text(reply))
