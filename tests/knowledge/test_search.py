"""Full-text search on both engines: the right clause, quoted as it stands, whatever is typed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.library import Library
from knowledge.loader import LoadedDocument
from knowledge.vocabulary import Vocabulary

# Question, area, and the clause that answers it.
QUESTIONS = [
    ("长治的“回炉”培训每年几次", "140400", "changzhi/三/2"),
    ("免费远程培训在哪个平台学", "140400", "changzhi/三/2"),
    ("和家政公司签服务协议能不能参加社会保险", "140400", "changzhi/三/15"),
    ("员工制企业签了劳动合同可以享受社会保险补贴吗", "140400", "changzhi/三/15"),
    ("黑名单红名单是谁管的", "140400", "changzhi/三/14"),
    ("取得证书有没有培训补贴", "140400", "changzhi/五/2"),
    ("不是员工制的工伤保险怎么办", "140400", "changzhi/五/2"),
    ("脱贫人口和零就业家庭有什么帮扶", "140400", "changzhi/三/9"),
    ("医疗护理员要培训多少人次", "140400", "changzhi/四/4"),
    ("整理收纳师的培训", "140400", "changzhi/四/2"),
    ("家政服务超市和零工市场", "140400", "changzhi/三/7"),
    ("打击非法职业中介和欺诈", "140400", "changzhi/三/13"),
    ("家政技能竞赛优胜选手晋升技能等级", "140400", "changzhi/三/11"),
    ("促进就业券一共发放多少份", "150203", "kundulun/三/14"),
    ("居民家庭50元服务费用减免", "150203", "kundulun/三/15"),
    ("商业意外伤害保险补贴百分之五十和健康体检", "150203", "kundulun/三/2"),
    ("裁员率放宽到多少可以返还失业保险费", "150203", "kundulun/三/3"),
    ("创业担保贷款全额贴息", "150203", "kundulun/三/1"),
    ("公文时效废止", "150203", "kundulun/页首"),
    ("广州上门服务证发放多少张", "440100", "guangzhou/3/二/4"),
    ("员工制家政企业员工免费岗前培训", "440100", "guangzhou/3/二/10"),
    ("家政服务责任保险意外伤害保险产品统一投保", "440100", "guangzhou/3/二/16"),
    ("月嫂合同示范文本", "440100", "guangzhou/3/二/17"),
    ("家政企业等级评定和从业人员星级评定", "440100", "guangzhou/3/二/5"),
    ("积分落户照顾哪些家政人员", "440100", "guangzhou/3/二/7"),
    ("社区家政养老服务新模式和基层家政服务站", "440100", "guangzhou/3/二/1"),
    ("学徒中途离职几日内报告", "440100", "guangzhou/4/二/3"),
    ("学徒培训补贴多少日内申请", "440100", "guangzhou/4/二/7"),
    ("同一职业同一等级能不能重复享受技能晋升补贴", "440100", "guangzhou/4/三/4"),
    ("预支补贴资金20%", "440100", "guangzhou/4/二/5"),
    ("虚报套取骗取补贴怎么处理", "440100", "guangzhou/4/四/3"),
    ("盲人保健按摩培训", "440100", "guangzhou/10/三/3"),
    ("残疾人可以申请职业培训补贴和生活费补贴吗", "440100", "guangzhou/10/七/2"),
    ("自主就业退役军人适应性培训", "440100", "guangzhou/7/二"),
    ("两后生入读职业院校免学费生活补助", "440100", "guangzhou/8/二"),
    ("特种作业操作证要高中以上文化程度", "440100", "guangzhou/9/六"),
    ("粤菜师傅一次性创业资助和租金补贴", "440100", "guangzhou/2/二/6"),
    ("领头雁农村青年返乡创业", "440100", "guangzhou/6/七"),
    ("农村电商培训", "440100", "guangzhou/6/四"),
    ("被裁员职工转岗培训家政服务养老护理", "440100", "guangzhou/5/四"),
    ("不得以户籍年龄缴纳社保为前提条件", "210000", "liaoning/三/2"),
    ("生活费（含交通费）补贴", "210000", "liaoning/三/2"),
    ("12333热线", "210000", "liaoning/三/4"),
    ("哪些工种列入培训项目补贴目录", "210000", "liaoning/二/2"),
    ("竞赛获奖选手奖励晋升技能等级", "210000", "liaoning/二/4"),
    ("肇庆家嫂商业意外险免费", "441200", "zhaoqing/3/3"),
    ("示范基地免收租金物管费", "441200", "zhaoqing/1/1"),
    ("精准扶贫对象免学费", "441200", "zhaoqing/1/4"),
    ("星级评定1~5星", "441200", "zhaoqing/3/4"),
    ("信用档案在哪个平台查询", "441200", "zhaoqing/3/1"),
]


@pytest.mark.parametrize(("question", "region", "clause"), QUESTIONS)
def test_the_clause_that_answers_comes_first_in_its_area(
    question: str, region: str, clause: str, any_library: Library
) -> None:
    hits = any_library.search(question, regions=[region])
    assert [hit.clause.id for hit in hits][:1] == [clause]


def test_without_an_area_it_is_among_the_first_three(any_library: Library) -> None:
    missed = [
        question
        for question, _, clause in QUESTIONS
        if clause not in [hit.clause.id for hit in any_library.search(question, limit=3)]
    ]
    assert len(missed) <= 1, missed


def test_a_hit_is_the_clause_as_it_stands(
    any_library: Library, documents: Sequence[LoadedDocument]
) -> None:
    texts = {c.id: c for loaded in documents for c in loaded.clauses.values()}
    for question, region, _ in QUESTIONS:
        hits = any_library.search(question, regions=[region], limit=10)
        assert 1 <= len(hits) <= 10
        scores = [hit.score for hit in hits]
        assert scores == sorted(scores, reverse=True)
        for hit in hits:
            assert hit.clause == texts[hit.clause.id]
            assert hit.clause.id.startswith(f"{hit.document.id}/")
            assert hit.document.region == region


def test_areas_are_kept_apart(any_library: Library, words: Vocabulary) -> None:
    regions = ["140400", "441200"]
    hits = any_library.search("家政培训", regions=regions, limit=50)
    assert {hit.document.region for hit in hits} == set(regions)
    assert any_library.search("家政培训", regions=["999999"]) == []
    everywhere = any_library.search("家政培训", limit=500)
    assert {hit.document.region for hit in everywhere} > set(regions)


def test_the_same_question_gets_the_same_answer(any_library: Library) -> None:
    first = any_library.search("培训 补贴", limit=100)
    assert any_library.search("培训 补贴", limit=100) == first
    assert any_library.search("培训 补贴", limit=10) == first[:10]


@pytest.mark.parametrize(
    "text",
    [
        '"',
        "'",
        "*",
        "(",
        ")",
        "-",
        ":",
        "AND",
        "OR",
        "NOT",
        "NEAR",
        "NEAR(a b, 5)",
        "a AND",
        "words:培训",
        "培训*",
        "^培训",
        "-培训",
        '"培训',
        "'培训",
        "培训' | '补贴",
        "培训 & !补贴 <-> \\",
        "'; DROP TABLE clause; --",
        "%s %(x)s :query ? $1",
        "\x00",
        "培训\x00补贴",
        "\ud800",
        "😀😀",
        "<script>alert(1)</script>",
        "a" * 10_000,
        "培训" * 5_000,
        "".join(chr(0x4E00 + i) for i in range(10_000)),
        "",
        " \n\t",
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_no_text_raises(text: str, any_library: Library) -> None:
    hits = any_library.search(text)
    assert len(hits) <= 5
    assert any_library.clause("changzhi/三/2") is not None  # and nothing was dropped


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.text(max_size=80))
def test_no_random_text_raises(any_library: Library, text: str) -> None:
    assert len(any_library.search(text, regions=["440100"])) <= 5
