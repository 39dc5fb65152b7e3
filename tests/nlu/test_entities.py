from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.loader import LoadedDocument
from knowledge.rules import Groups
from knowledge.strict_yaml import read
from knowledge.vocabulary import vocabulary
from nlu import entities as module
from nlu.entities import entities_of, facts_of
from nlu.normalise import normalise
from nlu.shapes import number
from nlu.understanding import Score, Understanding

DOCUMENTS = Path(module.__file__).with_name("documents.yaml")


def found(text: str) -> set[tuple[str, str]]:
    return {
        (("not_" if entity.negated else "") + entity.kind, str(entity.value))
        for entity in entities_of(normalise(text))
    }


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("昆区有没有补贴", "region", "150203"),
        ("鹿城的家政公司", "region", "150200"),
        ("羊城家政", "region", "440100"),
        ("潞州区怎么报名", "region", "140403"),
        ("我想学月嫂", "occupation", "maternity_care"),
        ("陪月员培训", "occupation", "maternity_care"),
        ("考个高级工", "level", "level_3"),
        ("我是退伍兵", "group", "veteran"),
        ("我不是残疾人", "not_group", "disabled"),
        ("没有残疾证能参加吗", "not_group", "disabled"),
        ("是不是残疾人才能报", "group", "disabled"),
        ("我今年52岁", "age", "52.0"),
        ("俺妈五十三岁了", "age", "53.0"),
        ("我今年四十九了还能学吗", "age", "49.0"),
        ("欠我三千五不给", "money", "3500.0"),
        ("一个月6000块", "money", "6000.0"),
        ("学费一万二", "money", "12000.0"),
        ("两百五十块钱", "money", "250.0"),
        ("2021年5月1日的文件", "date", "2021-05-01"),
        ("2020年那份", "date", "2020"),
        ("ＧＺ１２３４５６７８９０Ａ", "permit_number", "GZ1234567890A"),
        ("证号 gz 12345-67890 a", "permit_number", "GZ1234567890A"),
        ("证号GZ一二三四五六七八九〇A", "permit_number", "GZ1234567890A"),
        ("太行家政工程现在还有效吗", "document", "changzhi"),
        ("昆区的方案是哪年的", "document", "kundulun"),
        ("十大计划都有啥", "document", "guangzhou/0"),
        ("穗人社函〔2020〕22号", "document", "guangzhou/0"),
        ("南粤家政羊城行动", "document", "guangzhou/3"),
        ("辽宁那份通知", "document", "liaoning"),
        ("肇庆家嫂", "document", "zhaoqing"),
        ("我妈想学", "third_person", "我妈"),
        ("俺媳妇能去不", "third_person", "我媳妇"),
        ("公司没给我交社保", "fact", "employee_social_insurance=False"),
        ("公司一直给我们交社保", "fact", "employee_social_insurance=True"),
        ("签了三年劳动合同", "fact", "contract_years=3"),
        ("我自己接活", "fact", "employer_type=independent"),
        ("在中介接单干活", "fact", "employer_type=agency"),
        ("证已经考下来了", "fact", "certificate=True"),
        ("还没考证", "fact", "certificate=False"),
        ("我们公司想申请", "fact", "role=enterprise"),
        ("我家想请个月嫂", "fact", "role=household"),
        ("裁员率4.5%", "fact", "layoff_rate=4.5"),
        ("初中毕业", "fact", "education=below_high_school"),
        ("下岗在家", "fact", "employment=unemployed"),
        ("想开家政公司", "fact", "business_intent=True"),
    ],
)
def test_it_is_found_in_canonical_form(text: str, kind: str, value: str) -> None:
    assert (kind, value) in found(text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("失业金怎么领", "group"),
        ("国家给不给补贴", "region"),
        ("服务要高要求", "region"),
        ("残疾二级", "level"),
        ("二十多岁能学吗", "age"),
        ("快五十岁了", "age"),
        ("照顾80岁老人", "age"),
        ("宝宝15岁", "age"),
        ("3岁娃", "age"),
        ("几百块钱", "money"),
        ("电话13800000000", "permit_number"),
        ("AB testing words", "permit_number"),
        ("签了合同吗", "fact"),
        ("是不是要交了社保才行", "fact"),
        ("还有社保补贴吗", "fact"),
    ],
)
def test_what_only_looks_alike_is_not_taken(text: str, kind: str) -> None:
    assert kind not in {found_kind for found_kind, _ in found(text)}


@given(st.text(max_size=60))
def test_entities_stand_where_they_say(text: str) -> None:
    plain = normalise(text)
    for entity in entities_of(plain):
        assert plain[entity.start : entity.end] == entity.text
        assert entity.text


@pytest.mark.parametrize(
    ("written", "value"),
    [("52", 52), ("1.5万", 15_000), ("十", 10), ("五十二", 52), ("一千二", 1200), ("三百零五", 305),
     ("一万二", 12_000), ("两万三千五", 23_500), ("二十", 20), ("3千", 3000)],
)  # fmt: skip
def test_numbers_spoken_and_written(written: str, value: float) -> None:
    assert number(written) == value


def test_facts_about_the_person() -> None:
    text = "我妈今年52岁，当过兵，不是残疾人，在长治做月嫂，没交社保"
    assert facts_of(entities_of(text)) == {
        "groups": Groups(frozenset({"veteran"}), frozenset({"disabled"})),
        "age": 52.0,
        "role": "worker",
        "employee_social_insurance": False,
        "occupation": "maternity_care",
    }


def test_a_household_does_not_do_the_work_it_asks_for() -> None:
    assert facts_of(entities_of("我家想请个月嫂")) == {"role": "household"}


def test_every_document_is_known_by_what_it_calls_itself(
    documents: Sequence[LoadedDocument],
) -> None:
    """By its id, its number and the name in its title's quotation marks."""
    rows = {row["document"]: row["called"] for row in read(DOCUMENTS).data}
    assert rows.keys() == {loaded.document.id for loaded in documents}
    numbers: dict[str, str] = {}
    for loaded in documents:
        document = loaded.document
        if document.doc_no:
            numbers.setdefault(document.doc_no, document.id)
        named = re.search("“(.+?)”", document.title)
        if named:
            assert ("document", document.id) in found(named[1] + "方案"), document.title
    for number_said, document_id in numbers.items():
        assert ("document", document_id) in found(f"{number_said}还有效吗")


def test_every_cue_names_a_fact_and_a_value_there_is() -> None:
    facts = vocabulary().facts
    for row in read(Path(module.__file__).with_name("cues.yaml")).data["cues"]:
        fact = facts[row["fact"]]
        if row.get("number"):
            assert fact.type == "number"
            assert all("(?P<n>" in cue for cue in row["cues"])
        elif fact.type == "yes_no":
            assert isinstance(row["value"], bool)
        else:
            assert row["value"] in fact.options
            assert not any("(?P<no>" in cue for cue in row["cues"])


def test_what_is_described_is_of_the_vocabulary() -> None:
    words = vocabulary()
    lists: dict[str, Collection[str]] = {
        "group": words.groups,
        "level": words.levels,
        "occupation": words.occupations,
    }
    for row in read(Path(module.__file__).with_name("described.yaml")).data:
        assert row["value"] in lists[row["kind"]]


@pytest.mark.parametrize("text", ["山西太原有没有回炉培训", "吉林长春补贴", "辽宁沈阳补贴"])
def test_a_province_and_its_city_in_one_word_are_both_found(text: str) -> None:
    assert [entity.kind for entity in entities_of(text)][:2] == ["region", "region"]


@pytest.mark.parametrize("text", ["医保定点医院", "从化解矛盾开始", "国内江湖规矩", "大连港附近"])
def test_a_place_torn_out_of_other_words_is_none(text: str) -> None:
    assert not {kind for kind, _ in found(text)} & {"region"}


@pytest.mark.parametrize("text", ["去长治学月嫂", "我在长治学手艺", "长治学家政", "长治人"])
def test_learning_somewhere_names_the_place(text: str) -> None:
    assert ("region", "140400") in found(text)


def test_another_place_s_household_is_no_denial_of_the_place() -> None:
    assert ("region", "440100") in found("非广州户口能领吗")
    assert ("not_region", "440100") in found("我不在广州")


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("四川人来广州能领补贴吗", ("440100",)),
        ("从湖南到佛山打工能参加培训吗", ("440600",)),
        ("我湖南过来肇庆的", ("441200",)),
        ("从广州回长治去哪学", ("140400",)),
        ("我是四川人", ("510000",)),  # nothing said of where to
        ("广州和长治的一样吗", ("440100", "140400")),
        ("广州人社局电话，长治的也要", ("440100", "140400")),
    ],
)
def test_where_somebody_comes_from_is_not_asked_of(text: str, asked: tuple[str, ...]) -> None:
    plain = normalise(text)
    one = Understanding(text, plain, (Score("", 1.0),), entities=entities_of(plain))
    assert one.values("region") == asked
