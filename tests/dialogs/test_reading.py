"""Answers to questions of ours, as people give them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from dialogs.benefits import topics_for
from dialogs.reading import DONT_KNOW, answer_to, chosen, chosen_several, how_many, relative, says
from dialogs.reply import Option
from knowledge.loader import LoadedDocument
from knowledge.rules import FactValue, Groups
from knowledge.schema import Condition
from knowledge.vocabulary import Vocabulary
from nlu.entities import entities_of, facts_of
from nlu.normalise import normalise
from nlu.understanding import Score, Understanding

OPTIONS = tuple(Option(label, label) for label in ("长治", "广州（市区）", "不清楚"))
NOBODY: frozenset[str] = frozenset()


def _answer(
    words: Vocabulary,
    fact: str,
    text: str,
    role: str | None = None,
    offered: frozenset[str] = NOBODY,
) -> object:
    plain = normalise(text)
    entities = entities_of(plain)
    understood = Understanding(
        text, plain, (Score("affirm", 0.5),), entities=entities, facts=facts_of(entities)
    )
    return answer_to(words.facts[fact], understood, offered, role)


@pytest.mark.parametrize(
    "text", ["2", "第二个", "选2", "2.", "二", "第2项", "广州（市区）", "广州(市区)"]
)
def test_an_option_by_number_or_label(text: str) -> None:
    assert chosen(normalise(text), OPTIONS) == OPTIONS[1]


@pytest.mark.parametrize("text", ["4", "第九个", "0", "10", "99"])
def test_a_number_out_of_range_is_given_back(text: str) -> None:
    assert chosen(text, OPTIONS) == text


@pytest.mark.parametrize("text", ["长治怎么样", "2021年", "123", "一起去"])
def test_other_text_chooses_nothing(text: str) -> None:
    assert chosen(text, OPTIONS) is None


def test_without_options_a_number_is_a_number() -> None:
    assert chosen("2", ()) is None


@pytest.mark.parametrize("text", ["1和3", "1、3", "1 3", "选1，3"])
def test_several_options(text: str) -> None:
    assert chosen_several(normalise(text), OPTIONS) == (OPTIONS[0], OPTIONS[2])


@pytest.mark.parametrize("text", ["1、7", "1", "0、1", "13800138000"])
def test_several_options_that_are_none(text: str) -> None:
    assert chosen_several(text, OPTIONS) is None


@pytest.mark.parametrize(
    "text", ["是", "是的", "有", "嗯嗯", "OK", "ok", "系", "签了", "已经签了", "签过了"]
)
def test_yes(words: Vocabulary, text: str) -> None:
    assert _answer(words, "labour_contract", text) is True


@pytest.mark.parametrize("text", ["不是", "没有", "冇", "还没有", "没签", "还没签", "没签合同"])
def test_no(words: Vocabulary, text: str) -> None:
    assert _answer(words, "labour_contract", text) is False


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        ("certificate", "签了"),
        ("labour_contract", "交了"),
        ("excellent_rating", "备案了"),
        ("labour_contract", "没交"),
        ("layoff_rate", "签了"),
        ("labour_contract", "都不是"),
        ("labour_contract", "今天天气不错"),
    ],
)
def test_a_deed_answers_only_the_question_about_it(words: Vocabulary, fact: str, text: str) -> None:
    assert _answer(words, fact, text) is None


@pytest.mark.parametrize("text", ["不清楚", "我不知道", "忘了", "唔知"])
@pytest.mark.parametrize("fact", ["labour_contract", "employer_type", "groups", "layoff_rate"])
def test_not_knowing(words: Vocabulary, fact: str, text: str) -> None:
    assert _answer(words, fact, text) is DONT_KNOW


def test_a_question_that_holds_not_knowing_is_no_answer(words: Vocabulary) -> None:
    assert _answer(words, "labour_contract", "不知道广州的上门服务证要不要钱啊") is None


@pytest.mark.parametrize(
    ("text", "role", "value"),
    [
        ("公司正式员工（员工制）", None, "employee_model"),
        ("员工制", None, "employee_model"),
        ("签服务协议", None, "agency"),
        ("没有工作", None, "none"),
        ("是", "enterprise", "employee_model"),
        ("是员工制", "enterprise", "employee_model"),
        ("不是", "enterprise", "agency"),
        ("中介制", "enterprise", "agency"),
        ("没有", None, None),
        ("是", None, None),
        ("上班", None, None),
    ],
)
def test_a_choice_by_its_label_or_part_of_it(
    words: Vocabulary, text: str, role: str | None, value: str | None
) -> None:
    assert _answer(words, "employer_type", text, role) == value


@pytest.mark.parametrize(
    ("text", "value"), [("5", 5.0), ("5%", 5.0), ("百分之五", None), ("三十", 30.0)]
)
def test_a_number(words: Vocabulary, text: str, value: float | None) -> None:
    found = _answer(words, "layoff_rate", text)
    assert found == value if value is not None else found != 1.0


def test_none_of_them_excludes_what_was_offered_only(words: Vocabulary) -> None:
    offered = frozenset(("veteran", "disabled"))
    for text in ("都不是", "没有", "普通人"):
        assert _answer(words, "groups", text, offered=offered) == Groups(excluded=offered)


def _asked(node: Condition) -> set[str]:
    below = [*(node.all_ or ()), *(node.any_ or ()), *([node.not_] if node.not_ else [])]
    own = {node.includes} if node.includes else set()
    return own.union(*(_asked(child) for child in below))


def test_every_label_offered_is_understood_as_itself(
    words: Vocabulary, documents: Sequence[LoadedDocument]
) -> None:
    """What a person may tap must be read as what it says."""
    topics = {topic for role in words.facts["role"].options for topic in topics_for(role)}
    asked: set[str] = set()
    for loaded in documents:
        for provision in loaded.document.provisions:
            if provision.when is not None and topics & set(provision.topics[:2]):
                asked |= _asked(provision.when)
    assert len(asked) >= 10
    for fact in words.facts.values():
        for role in (None, *fact.asked_of):
            for value, label in fact.asked(role).options.items():
                assert _answer(words, fact.id, label, role) == value, label
    unread = []
    for group in (words.groups[one] for one in asked):
        found = _answer(words, "groups", group.label)
        if not isinstance(found, Groups) or group.id not in found.members:
            unread.append(group.label)
    assert not unread
    for occupation in words.occupations.values():
        if _answer(words, "occupation", occupation.label) != occupation.id:
            unread.append(occupation.label)
    assert not unread


@pytest.mark.parametrize("named", ["我妈", "我妈妈", "俺娘", "我母亲", "我老妈"])
def test_one_mother(named: str) -> None:
    assert relative(named) == "我妈"


@pytest.mark.parametrize(
    ("named", "name"),
    [("我丈母娘", "我岳母"), ("我媳妇", "我老婆"), ("我闺女", "我女儿"), ("我同事", "我同事")],
)
def test_other_relatives(named: str, name: str) -> None:
    assert relative(named) == name


@pytest.mark.parametrize("text", ["不对，我在广州", "说错了", "不是，是长治"])
def test_corrections(text: str) -> None:
    assert says("correction", text)


def test_values_are_facts(words: Vocabulary) -> None:
    value: FactValue = True
    assert _answer(words, "certificate", "考到证了") == value


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("家嫂分几星", ("星",)),
        ("要培训多少人次、建几个基地", ("人次", "个")),
        ("补多少钱", ()),
        ("几天内报告", ()),
    ],
)
def test_what_is_to_be_counted(text: str, counted: tuple[str, ...]) -> None:
    assert how_many(text) == counted
