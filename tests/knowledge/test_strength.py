from __future__ import annotations

import pytest

from knowledge.strength import phrase_of, weakest_hedge
from knowledge.vocabulary import Vocabulary


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
