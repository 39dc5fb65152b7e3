"""What may concern a person, and what is weighed above what."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dialogs.asking import Ask
from dialogs.concern import may_concern, programmes_meant
from dialogs.desk import Desk
from dialogs.finding import candidates
from dialogs.select import is_money, is_time, weigh
from knowledge.library import Library
from knowledge.rules import Groups
from knowledge.schema import Amount
from knowledge.vocabulary import Vocabulary
from tests.conversing import NOW

TODAY = NOW.date()


def _ask(text: str, topic: str, aspects: Any = (), sure: bool = False, **facts: Any) -> Ask:
    return Ask(text, {topic: 1.0}, frozenset(aspects), facts, sure)


def _first(library: Library, words: Vocabulary, ask: Ask, region: str) -> str:
    picks = candidates(ask, words.ancestors(region), TODAY, Desk(library, words, TODAY))
    return picks[0].entry.provision.id if picks else ""


@pytest.mark.parametrize(
    ("members", "limited_to", "concerns"),
    [
        ((), (), True),
        (("disabled",), ("disabled",), True),
        (("blind",), ("disabled",), True),
        (("disabled",), ("blind",), True),  # she may be blind
        (("veteran",), ("disabled",), False),
        ((), ("disabled",), False),
    ],
)
def test_whom_a_provision_may_concern(
    words: Vocabulary, members: tuple[str, ...], limited_to: tuple[str, ...], concerns: bool
) -> None:
    ask = _ask("", "permit", groups=Groups(frozenset(members)))
    assert may_concern(limited_to, ask, words) is concerns


@pytest.mark.parametrize(
    ("amount", "money", "time"),
    [
        (Amount(of="补贴", state="given", text="50元", value=50, unit="元"), True, False),
        (Amount(of="费用", state="given", text="50%", value=50, unit="%"), True, False),
        (Amount(of="期限", state="given", text="15日", value=15, unit="日"), False, True),
        (Amount(of="培训", state="given", text="5万人次", value=50000, unit="人次"), False, False),
        (Amount(of="培训", state="free", text="免费"), True, False),
        (Amount(of="补贴", state="not_given"), True, False),
    ],
)
def test_what_answers_how_much_and_how_long(amount: Amount, money: bool, time: bool) -> None:
    assert (is_money(amount), is_time(amount)) == (money, time)


def test_the_deadline_comes_first_when_days_are_asked(library: Library, words: Vocabulary) -> None:
    ask = _ask("学徒中途离职几天内报告", "apprenticeship", ("deadline",))
    assert _first(library, words, ask, "440100").startswith("guangzhou/4/二/3#")


def test_another_trades_provision_does_not_come_first(library: Library, words: Vocabulary) -> None:
    ask = _ask("保育师生活费补贴", "living_subsidy", occupation="nursery_teacher")
    assert _first(library, words, ask, "210000") == "liaoning/三/2#living-subsidy"


def test_a_certain_topic_is_not_answered_with_another(library: Library, words: Vocabulary) -> None:
    """Changzhi's plan has nothing on accident insurance: no other insurance stands in for it."""
    text = "家政意外险有补贴吗"
    assert _first(library, words, _ask(text, "accident_insurance", sure=True), "140400") == ""
    assert _first(library, words, _ask(text, "accident_insurance"), "140400") != ""


@pytest.mark.parametrize(
    ("text", "topic", "region", "first"),
    [
        # The number asked for, of that which is counted.
        ("分几星", "star_rating", "441200", "zhaoqing/3/4#five-stars"),
        # No trade was named: the whole before its parts.
        ("到2023年要培训多少人次", "targets", "140400", "changzhi/二#training-sessions"),
        # A word the document coined.
        ("五规范是什么", "market_order", "440100", "guangzhou/3/二/6#five-norms"),
    ],
)
def test_what_is_weighed_above_what(
    library: Library, words: Vocabulary, text: str, topic: str, region: str, first: str
) -> None:
    assert _first(library, words, _ask(text, topic), region) == first


def test_a_places_name_weighs_nothing(library: Library, words: Vocabulary) -> None:
    """A provision that names its city is not nearer to a question from there."""
    entries = library.provisions("market_order", ["440100"])
    assert any("广州" in entry.provision.says for entry in entries)
    here, nowhere = (
        weigh(entries, _ask(text, "market_order"), words)
        for text in ("广州家政的规范", "家政的规范")
    )
    assert here == nowhere


def test_which_programmes_a_question_means(words: Vocabulary) -> None:
    blind = _ask("能学按摩吗", "enrolment", groups=Groups(frozenset({"blind"})))
    assert programmes_meant(blind, words) == {"enrolment": 1.0, "disabled": 1.0}
    named = _ask("粤菜师傅的钱从哪来", "funding")
    assert programmes_meant(named, words) == {"funding": 1.0, "cantonese_cuisine": 1.0}


def test_another_programmes_plan_does_not_answer(library: Library, words: Vocabulary) -> None:
    """Apprentices' money is no answer on the disabled people's, though its words are nearer."""
    ask = _ask("残疾人的培训补贴从哪里出", "funding", groups=Groups(frozenset({"disabled"})))
    picks = candidates(ask, ("440100",), TODAY, Desk(library, words, TODAY))
    place = {pick.entry.document.id: number for number, pick in reversed([*enumerate(picks)])}
    assert place["guangzhou/10"] < place["guangzhou/4"]


def test_a_document_that_is_named_weighs_more(library: Library, words: Vocabulary) -> None:
    desk = Desk(library, words, TODAY)
    plain = _ask("有什么依据", "document_info")
    named = replace(plain, documents=frozenset({"guangzhou/9"}))
    first, second = (
        next(
            p.score
            for p in candidates(ask, ("440100",), TODAY, desk)
            if p.entry.document.id == "guangzhou/9"
        )
        for ask in (plain, named)
    )
    assert second > first


def test_what_was_not_yet_issued_is_no_candidate(library: Library, words: Vocabulary) -> None:
    desk = Desk(library, words, TODAY)
    ask = _ask("社保补贴", "social_insurance_subsidy")
    before = TODAY.replace(2021, 10, 19)
    assert not candidates(ask, ("140400",), before, desk)
    assert candidates(ask, ("140400",), before.replace(day=20), desk)
