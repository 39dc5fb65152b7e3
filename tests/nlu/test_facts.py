from __future__ import annotations

import time

import pytest

from nlu.facts import told
from nlu.normalise import normalise


def heard(text: str) -> set[str]:
    return {str(entity.value) for entity in told(normalise(text))}


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("没证能干吗", {"certificate=False"}),
        ("公司没给我交社保", {"employee_social_insurance=False"}),
        ("合同都没给我签一张", {"labour_contract=False"}),
        ("我念到初二就下来了", {"education=below_high_school"}),
        ("失业人员能学吗", {"employment=unemployed"}),
        ("参保职工一百二十人", {"insured_employees=120"}),
    ],
)
def test_what_is_said_is_heard(text: str, facts: set[str]) -> None:
    assert heard(text) == facts


@pytest.mark.parametrize(
    "text",
    [
        "她有没有证",
        "公司给你交社保了没",
        "公司给你交社保了吗",
        "假如我离职了补贴要退吗",
        "我想把证办下来",
        "考核不通过会怎样",
        "签公司做职工还是散做",
        "以前在厂里上班",
        "是不是要签合同",
    ],
)
def test_what_is_asked_supposed_wished_or_over_tells_nothing(text: str) -> None:
    assert heard(text) == set()


def test_a_plan_tells_what_is_planned() -> None:
    assert heard("我想考电工证") == {"special_operation=True"}
    assert heard("想回县里开个月嫂店") == {"business_intent=True"}


def test_what_a_household_says_of_its_worker_is_not_its_own() -> None:
    assert heard("我请的阿姨没证") == {"role=household"}
    assert heard("我没证") == {"certificate=False"}


def test_the_longer_cue_counts() -> None:
    assert heard("没交社保") == {"employee_social_insurance=False"}
    assert heard("交了社保") == {"employee_social_insurance=True"}


@pytest.mark.parametrize("unit", ["早就", "已经", "我们", "人", "也都就", "没有", "从来没", "给我"])
@pytest.mark.parametrize("topic", ["社保", "合同", "服务协议", "证"])
def test_a_text_of_fillers_takes_no_time(topic: str, unit: str) -> None:
    heard("没证")  # the cues are read once
    text = topic + unit * 150 + "交签没" + topic
    started = time.process_time()
    list(told(text))
    assert time.process_time() - started < 0.5
