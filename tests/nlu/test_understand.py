from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from nlu.engine import EmbeddedClassifier
from nlu.understand import Understander
from nlu.understanding import EngineUnavailable, Score
from tests.nlu.conftest import Said, stranger


def gone(_: str) -> tuple[Score, ...]:
    raise EngineUnavailable("no answer within 1 s")


@pytest.fixture(scope="module")
def understander(small: EmbeddedClassifier) -> Understander:
    return Understander(small)


def intents_of(understander: Understander, text: str) -> list[str]:
    return [one.intent for one in understander.understand(text)]


def test_one_question_has_intent_aspects_entities_and_facts(understander: Understander) -> None:
    (one,) = understander.understand("我媽52歲，社保補貼怎麼領?")
    assert one.original == "我媽52歲，社保補貼怎麼領?"
    assert one.text == "我妈52岁，社保补贴怎么领？"
    assert one.intent == "social_insurance_subsidy"
    assert "procedure" in one.aspects
    assert one.values("third_person") == ("我妈",)
    assert one.facts == {"age": 52.0}


def test_several_questions_are_answered_in_order(understander: Understander) -> None:
    text = "回炉多久一次，还有社保补贴怎么领，另外有没有意外险"
    assert intents_of(understander, text) == [
        "refresher",
        "social_insurance_subsidy",
        "accident_insurance",
    ]


def test_parts_carry_no_marks_at_their_ends(understander: Understander) -> None:
    parts = understander.understand("回炉多久一次，还有社保补贴怎么领")
    assert [one.text for one in parts] == ["回炉多久一次", "还有社保补贴怎么领"]


@pytest.mark.parametrize(
    "text",
    [
        "回炉要钱吗，回炉多久一次",
        "社保补贴怎么领？去哪办？",
        "你好，请问社保补贴怎么领？谢谢",
        "我妈在长治做月嫂，公司让她回炉，她不想去。必须去吗",
    ],
)
def test_what_belongs_together_stays_together(understander: Understander, text: str) -> None:
    assert len(understander.understand(text)) == 1


def by_words(text: str) -> tuple[Score, ...]:
    """An engine that knows a few subjects by their words, and nothing of small talk."""
    words = {
        "回炉": "refresher",
        "社保补贴": "social_insurance_subsidy",
        "意外险": "accident_insurance",
        "谢": "thank",
    }
    named = [intent for word, intent in words.items() if word in text]
    rest = [intent for intent in (*words.values(), "labour_rights") if intent not in named]
    sure = 0.9 if named else 0.0
    scores = [Score(intent, sure / len(named)) for intent in named]
    scores += [Score(intent, (1 - sure) / len(rest)) for intent in rest]
    return tuple(sorted(scores, key=lambda score: -score.confidence))


STORY = "我在长治做了八年月嫂，去年公司换了老板，什么都变了。" * 3


@pytest.mark.parametrize(
    ("text", "intents"),
    [
        # a story before two questions, with every kind of seam
        (STORY + "回炉要钱吗，社保补贴怎么领", ["refresher", "social_insurance_subsidy"]),
        (STORY + "回炉要钱吗？社保补贴怎么领？", ["refresher", "social_insurance_subsidy"]),
        (STORY + "回炉要钱吗，另外社保补贴怎么领？", ["refresher", "social_insurance_subsidy"]),
        # no mark at all, and a middle question that must not be lost
        ("社保补贴怎么领意外险谁买", ["social_insurance_subsidy", "accident_insurance"]),
        (
            "我想问社保补贴、意外险、回炉分别怎么办",
            ["social_insurance_subsidy", "accident_insurance", "refresher"],
        ),
        (
            "社保补贴怎么领意外险谁买回炉要钱吗",
            ["social_insurance_subsidy", "accident_insurance", "refresher"],
        ),
        # what asks nothing of its own stays with what does
        ("社保补贴怎么领？多少钱？去哪办？", ["social_insurance_subsidy"]),
        ("社保补贴怎么领？谢谢", ["social_insurance_subsidy"]),
    ],
)
def test_a_message_is_divided_by_what_its_parts_are_about(text: str, intents: list[str]) -> None:
    assert intents_of(Understander(Said(by_words)), text) == intents


def test_the_question_outweighs_a_long_story() -> None:
    def answer(text: str) -> tuple[Score, ...]:
        if len(text) > 60:
            return (Score("labour_rights", 0.6), Score("refresher", 0.3), Score("greet", 0.1))
        return (Score("refresher", 0.9), Score("labour_rights", 0.05), Score("greet", 0.05))

    said = Said(answer)
    story = "公司换了老板，工资也压着不发，大家都不高兴。" * 4 + "我就想问回炉要钱吗？"
    (one,) = Understander(said).understand(story)
    assert one.intent == "refresher"
    assert len(said.asked) == 2


def test_far_messages_weigh_double() -> None:
    near_tie = (Score("refresher", 0.4), Score("out_of_scope", 0.3), Score("greet", 0.3))
    (one,) = Understander(Said(lambda _: near_tie)).understand("回炉的面包")
    assert one.intent == "out_of_scope"
    assert one.confidence == pytest.approx(0.6 / 1.3)


class Judged(Said):
    """An engine that also judges the scope."""

    def __init__(self, answer: Callable[[str], tuple[Score, ...]], sure: float | None) -> None:
        super().__init__(answer)
        self.sure = sure

    def far(self, _: str) -> float | None:
        return self.sure


RANKING = (Score("refresher", 0.6), Score("greet", 0.3), Score("out_of_scope", 0.1))


def test_the_judge_says_how_far_a_message_is() -> None:
    (one,) = Understander(Judged(lambda _: RANKING, 0.9)).understand("回炉的面包")
    assert one.ranking[0].confidence == pytest.approx(stranger(0.9))
    assert [score.intent for score in one.ranking] == ["out_of_scope", "refresher", "greet"]


def test_a_judge_that_cannot_tell_leaves_it_to_the_engine() -> None:
    (one,) = Understander(Judged(lambda _: RANKING, None)).understand("回炉的面包")
    assert one.intent == "refresher"


def test_the_engine_standing_by_judges_for_one_that_cannot() -> None:
    standing_by = Judged(lambda _: RANKING, 0.9)
    (one,) = Understander(Said(lambda _: RANKING), standing_by).understand("回炉的面包")
    assert one.intent == "out_of_scope"
    assert standing_by.asked == []


@pytest.mark.parametrize(("sure", "intent"), [(0.8, "emergency"), (0.95, "out_of_scope")])
def test_danger_heard_clearly_outweighs_all_but_a_very_sure_judge(sure: float, intent: str) -> None:
    danger = (Score("emergency", 0.8), Score("greet", 0.1), Score("out_of_scope", 0.1))
    (one,) = Understander(Judged(lambda _: danger, sure)).understand("大出血")
    assert one.intent == intent


def test_intents_that_are_impossible_do_no_harm() -> None:
    none = (Score("refresher", 0.0), Score("out_of_scope", 0.0))
    (one,) = Understander(Judged(lambda _: none, 0.2)).understand("回炉")
    assert one.ranking[0].intent == "refresher"
    assert one.ranking[0].confidence == pytest.approx(1 - stranger(0.2))


@given(st.text(max_size=80))
def test_any_message_is_understood_somehow(understander: Understander, text: str) -> None:
    parts = understander.understand(text)
    assert parts
    assert all(part.ranking for part in parts)


def test_a_message_taken_whole_is_one_question(understander: Understander) -> None:
    assert understander.understand_whole("回炉要钱吗？社保补贴怎么领？").original


def test_a_lost_engine_is_stood_in_for_and_the_log_says_so() -> None:
    fallback = Said(lambda _: (Score("refresher", 1.0),))
    with capture_logs() as logs:
        (one,) = Understander(Said(gone), fallback).understand("回炉")
    assert one.intent == "refresher"
    (line,) = logs
    assert line["event"] == "nlu_engine_unavailable"
    assert line["log_level"] == "warning"
    assert "回炉" not in str(line)


def test_without_a_fallback_the_loss_is_told() -> None:
    with pytest.raises(EngineUnavailable):
        Understander(Said(gone)).understand("回炉")
