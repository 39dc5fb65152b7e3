"""Each weight speaks where it should: the readings of the parts are given, the divider decides."""

from __future__ import annotations

import pytest

from nlu.divide import _OF_ANY_PROGRAMME, _PROGRAMMES, Part, divide
from nlu.intents import intents
from nlu.understanding import Score

SUBJECTS = ("social_insurance_subsidy", "accident_insurance", "veterans", "training_subsidy")
NEAR = "near_pension"


def ranking(**said: float) -> tuple[Score, ...]:
    rest = (1 - sum(said.values())) / len({*SUBJECTS, NEAR} - said.keys())
    scores = [Score(name, said.get(name, rest)) for name in {*SUBJECTS, NEAR, *said}]
    return tuple(sorted(scores, key=lambda score: (-score.confidence, score.intent)))


def part(text: str, words: int = 2, ours: float = 1.0, named: bool = False, **said: float) -> Part:
    return Part(text, ranking(**said), ours, words, named)


def subjects(*parts: Part, **whole: float) -> list[str]:
    found = divide(parts, ranking(**(whole or {"social_insurance_subsidy": 0.6})))
    assert "".join(one.text for one in found) == "".join(one.text for one in parts)
    return [one.best.intent for one in found]


SUBSIDY = part("社保补贴这边怎么领，", social_insurance_subsidy=0.95)


def test_another_subject_is_another_question() -> None:
    insurance = part("意外险由谁来买", accident_insurance=0.95)
    assert subjects(SUBSIDY, insurance) == ["social_insurance_subsidy", "accident_insurance"]


@pytest.mark.parametrize(
    "after",
    [
        # no word for a subject of its own
        part("一年多少钱呢？", words=0, accident_insurance=0.95),
        # as likely of the first one's subject
        part("每个月能拿多少？", accident_insurance=0.4, social_insurance_subsidy=0.35),
        # sure of nothing
        part("打到哪张卡上呢？", accident_insurance=0.3),
    ],
)
def test_what_has_no_subject_of_its_own_stays_with_what_has(after: Part) -> None:
    assert subjects(SUBSIDY, after) == ["social_insurance_subsidy"]


@pytest.mark.parametrize(
    ("before", "after", "parts"),
    [
        ("社保补贴这边怎么领，", "摔了找谁赔呢？", 1),
        ("社保补贴这边怎么领，", "另外摔了找谁赔呢？", 2),
        ("社保补贴这边怎么领？", "摔了找谁赔呢？", 2),
        ("社保补贴这边怎么领？", "谁赔呢？", 1),  # so short a one hardly stands alone
    ],
)
def test_a_word_or_a_mark_says_that_another_question_begins(
    before: str, after: str, parts: int
) -> None:
    first = part(before, social_insurance_subsidy=0.95)
    second = part(after, accident_insurance=0.5, social_insurance_subsidy=0.09)
    both = ["social_insurance_subsidy", "accident_insurance"]
    assert (
        subjects(first, second, social_insurance_subsidy=0.4, accident_insurance=0.4)
        == both[:parts]
    )


def test_what_asks_nothing_is_seldom_a_question() -> None:
    asks = part("如果摔了该找谁赔，", accident_insurance=0.75, social_insurance_subsidy=0.03)
    tells = part("我前天上工摔伤了，", accident_insurance=0.75, social_insurance_subsidy=0.03)
    assert subjects(asks, SUBSIDY) == ["accident_insurance", "social_insurance_subsidy"]
    assert subjects(tells, SUBSIDY) == ["social_insurance_subsidy"]


def test_what_is_strange_to_us_is_no_question_to_us() -> None:
    after = part("明天会不会下雨？", ours=0.2, accident_insurance=0.8)
    assert subjects(SUBSIDY, after) == ["social_insurance_subsidy"]


def test_a_programme_is_asked_about_in_general_words() -> None:
    programme = part("退伍军人怎么报名？", veterans=0.95)
    fee = part("这样学费给不给免？", training_subsidy=0.9)
    assert subjects(programme, fee, veterans=0.8) == ["veterans"]
    both = subjects(SUBSIDY, fee, social_insurance_subsidy=0.8)
    assert both == ["social_insurance_subsidy", "training_subsidy"]


def test_programmes_and_what_is_asked_of_any_are_subjects() -> None:
    assert intents().keys() >= _PROGRAMMES | _OF_ANY_PROGRAMME
    assert not _PROGRAMMES & _OF_ANY_PROGRAMME
