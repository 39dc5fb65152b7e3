from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from knowledge.lint import lint_folder
from knowledge.strength import phrase_of, verbs_of, weakest_hedge
from knowledge.vocabulary import Vocabulary

BAD = Path(__file__).parent / "bad"


@pytest.mark.parametrize(
    ("text", "quote", "phrase"),
    [
        ("鼓励投保，研究给予一定比例的补贴。", "给予一定比例的补贴", "研究给予一定比例的补贴"),
        ("研究方案。给予补贴", "给予补贴", "给予补贴"),
        ("支持建设（研究给予补贴）", "给予补贴", "研究给予补贴"),
        ("给予补贴", "给予补贴", "给予补贴"),
        ("没有这句话", "给予补贴", "给予补贴"),
    ],
)
def test_a_quote_brings_its_own_phrase_along(text: str, quote: str, phrase: str) -> None:
    assert phrase_of(text, quote) == phrase


@pytest.mark.parametrize(
    ("phrase", "verb"),
    [
        ("研究给予补贴", "研究"),
        ("力争建立基地", "力争"),
        ("鼓励和支持参加鉴定", "鼓励"),
        ("支持高校开设专业", "支持"),
        ("支持院校开设专业", "支持"),
        ("支持生产企业培训", "支持"),
        ("研究生产安全问题", "研究"),
        ("研究所需资金", "研究"),
        ("开展补贴业务试点", "试点"),
        ("按规定给予奖补", "按规定"),
        ("按规定时间给予补贴", None),
        ("开展支持性就业服务", None),
        ("推进实际操作考试点建设", None),
        ("面向试点高校给予奖补", None),
        ("研究生可享受补贴", None),
        ("给予补贴", None),
        ("", None),
    ],
)
def test_the_weakest_verb_holds_the_phrase_down(
    phrase: str, verb: str | None, words: Vocabulary
) -> None:
    found = weakest_hedge(phrase, words)
    assert (found and found[0]) == verb


@pytest.mark.parametrize(
    ("phrase", "verb"),
    [
        ("从失业保险基金支持职业技能提升行动专项资金中列支", None),
        ("失业保险基金支持企业培训", "支持"),
        ("提供开业指导、创业政策支持", None),
        ("优化提升就业创业支持政策", None),
        ("支持政策性保险", "支持"),
        ("享受创业担保贷款及贴息等创业扶持政策", None),
        ("将优秀机构纳入政策扶持范围", None),
        ("做好与信贷支持的衔接", None),
        ("由院校和行业企业共同研究制定培养方案", None),
        ("共同研究给予补贴", "研究"),
        ("研究制定具体措施", "研究"),
        ("加大政策引导和资金投入力度", None),
        ("政策引导企业投保", "引导"),
        ("给予资金扶持", None),
        ("并按政策予以相应资金扶持", "按政策"),
        ("资金扶持小微企业", "扶持"),
        ("扶持培育40个以上龙头企业", None),
        ("建设扶持10家以上龙头企业", None),
        ("重点扶持一批项目", "扶持"),
        # A noun takes only its own hedge away, not the one that governs it.
        ("研究给予资金扶持", "研究"),
        ("鼓励落实扶持政策", "鼓励"),
    ],
)
def test_a_noun_made_with_a_hedging_verb_hedges_nothing(
    phrase: str, verb: str | None, words: Vocabulary
) -> None:
    found = weakest_hedge(phrase, words)
    assert (found and found[0]) == verb


def test_a_noun_cut_out_leaves_no_verb_behind(words: Vocabulary) -> None:
    # Without something in its place, 研 and 究 around the noun would meet.
    assert verbs_of("研扶持政策究", words) == "研|究"


def _lint(tmp_path: Path, *changes: tuple[str, str], clauses: str | None = None) -> list[str]:
    """The messages about the good document after `changes`, over its clauses or those given."""
    text = (BAD / "good.yaml").read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    (tmp_path / "good.yaml").write_text(text, encoding="utf-8")
    shutil.copy(BAD / "good.clauses.yaml", tmp_path)
    if clauses is not None:
        (tmp_path / "good.clauses.yaml").write_text(clauses, encoding="utf-8")
    return [problem.message for problem in lint_folder(tmp_path)]


def test_a_figure_may_state_words_without_a_verb(tmp_path: Path) -> None:
    assert _lint(tmp_path, ("strength: 废止", "strength: 原文")) == []


def test_only_a_figure_may_do_without_a_verb(tmp_path: Path) -> None:
    (message,) = _lint(tmp_path, ("strength: 给予", "strength: 原文"))
    assert message == "原文 is no verb, and only a figure may do without one"


def test_a_figure_without_a_verb_is_still_held_down_by_a_hedge(tmp_path: Path) -> None:
    (message,) = _lint(
        tmp_path,
        ("quote: 研究给予住宿补贴\n  kind: entitlement", "quote: 研究给予住宿补贴\n  kind: figure"),
        ("strength: 研究", "strength: 原文"),
    )
    assert message == "strength 原文 is above the clause's verb 研究"


def test_a_verb_that_only_a_noun_holds_is_not_the_clauses_verb(tmp_path: Path) -> None:
    clauses = (BAD / "good.clauses.yaml").read_text(encoding="utf-8")
    assert clauses.count("研究给予住宿补贴") == 1
    changed = clauses.replace("研究给予住宿补贴", "落实扶持政策")
    (message,) = _lint(
        tmp_path,
        ("quote: 研究给予住宿补贴", "quote: 落实扶持政策"),
        ("strength: 研究", "strength: 扶持"),
        clauses=changed,
    )
    assert message == "the clause does not say 扶持 there: 落实扶持政策"
