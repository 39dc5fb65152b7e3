"""Condition trees and what was decided of them, in words."""

from __future__ import annotations

from typing import Any

import pytest

from dialogs.conditions import describe, explain
from knowledge.rules import FactValue, Groups, Truth, determine
from knowledge.schema import Condition, Provision
from knowledge.vocabulary import Vocabulary

CONTRACT = {"fact": "labour_contract", "is": True}
MODEL = {"fact": "employer_type", "is": "employee_model"}
VETERAN = {"fact": "groups", "includes": "veteran"}
DISABLED = {"fact": "groups", "includes": "disabled"}
VAGUE = {"unspecified": "符合条件"}


def _tree(raw: dict[str, Any]) -> Condition:
    return Condition.model_validate(raw)


def _provision(raw: dict[str, Any]) -> Provision:
    return Provision.model_validate(
        {
            "id": "a/1#b",
            "clause": "a/1",
            "quote": "原文",
            "kind": "entitlement",
            "topics": ["permit"],
            "audience": ["worker"],
            "strength": "给予",
            "says": "给予。",
            "when": raw,
        }
    )


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (CONTRACT, "依法签了劳动合同"),
        ({"fact": "labour_contract", "is": False}, "没有：依法签了劳动合同"),
        (MODEL, "在员工制家政企业上班"),
        (VETERAN, "属于退役军人"),
        ({"fact": "layoff_rate", "at_most": 5.5}, "裁员率不超过5.5%"),
        ({"fact": "contract_years", "at_least": 1}, "劳动合同年限至少1年"),
        (VAGUE, "“符合条件”（具体怎么算，没写明）"),
        ({"not": CONTRACT}, "不能是“依法签了劳动合同”"),
        (
            {"all": [VAGUE, CONTRACT, VAGUE]},
            "依法签了劳动合同、“符合条件”“符合条件”（具体怎么算，没写明）",
        ),
        (MODEL | {"says": "公司实行员工制"}, "公司实行员工制"),
        ({"any": [VETERAN, DISABLED], "says": "是退役军人或残疾人"}, "是退役军人或残疾人"),
        ({"all": [CONTRACT, MODEL]}, "依法签了劳动合同、在员工制家政企业上班"),
        ({"any": [VETERAN, DISABLED]}, "下面任一条：属于退役军人；属于残疾人"),
    ],
)
def test_a_tree_in_words(words: Vocabulary, raw: dict[str, Any], text: str) -> None:
    assert describe(_tree(raw), words) == text


def test_of_a_long_list_the_first_few_and_no_figure_of_our_own(words: Vocabulary) -> None:
    text = describe(_tree({"fact": "occupation", "in": list(words.occupations)[:9]}), words)
    assert "9" not in text
    assert "都列在原文里" in text


def _explained(
    words: Vocabulary, raw: dict[str, Any], facts: dict[str, FactValue]
) -> dict[str, str]:
    """What is said, by its beginning."""
    sentences = explain(determine(_provision(raw), facts, words), words)
    starts = {
        "按您说的，这些条件符合": "met",
        "按您说的，这一条不符合": "not_met",
        "还要看": "open",
    }
    return {
        name: text.partition("：")[2].rstrip("。")
        for text, _ in sentences
        for start, name in starts.items()
        if text.startswith(start)
    }


def test_met_leaves_nothing_to_look_at(words: Vocabulary) -> None:
    found = _explained(words, {"any": [CONTRACT, VAGUE]}, {"labour_contract": True})
    assert found == {"met": "依法签了劳动合同"}


def test_open_alternatives_are_said_to_be_alternatives(words: Vocabulary) -> None:
    found = _explained(words, {"all": [CONTRACT, {"any": [VETERAN, DISABLED]}]}, {})
    assert found == {"open": "依法签了劳动合同、下面任一条：属于退役军人；属于残疾人"}


def test_a_settled_alternative_is_not_open(words: Vocabulary) -> None:
    raw = {"all": [CONTRACT, {"any": [VETERAN, DISABLED]}]}
    facts: dict[str, FactValue] = {"groups": Groups(frozenset(("veteran",)))}
    assert _explained(words, raw, facts) == {"met": "属于退役军人", "open": "依法签了劳动合同"}


def test_not_met_says_which(words: Vocabulary) -> None:
    found = _explained(words, {"all": [CONTRACT, MODEL]}, {"labour_contract": False})
    assert found == {"not_met": "依法签了劳动合同"}


def test_below_a_not_met_is_bad(words: Vocabulary) -> None:
    raw = {"not": CONTRACT}
    assert _explained(words, raw, {"labour_contract": True}) == {
        "not_met": "不能是“依法签了劳动合同”"
    }
    assert _explained(words, raw, {"labour_contract": False}) == {"met": "不能是“依法签了劳动合同”"}
    assert _explained(words, raw, {}) == {"open": "不能是“依法签了劳动合同”"}


def test_what_is_open_names_every_missing_fact(words: Vocabulary, documents: list[Any]) -> None:
    """For every tree of the library with nothing known, each missing fact is spoken of."""
    tried = 0
    for loaded in documents:
        for provision in loaded.document.provisions:
            if provision.when is None:
                continue
            determination = determine(provision, {}, words)
            assert determination.outcome is Truth.UNKNOWN
            (text, clauses), *more = explain(determination, words)
            assert not more
            assert clauses
            assert text == f"还要看：{describe(provision.when, words)}。"
            tried += 1
    assert tried >= 50
