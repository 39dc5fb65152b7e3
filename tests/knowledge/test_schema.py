"""What the models refuse, and that nothing is lost on the way through the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import ValidationError

from knowledge.loader import LoadedDocument
from knowledge.schema import Amount, Condition, Document, Provision


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "given", "text": "5万元", "value": 50000},
        {"state": "given", "text": "5万元", "unit": "元"},
        {"state": "given", "value": 5, "unit": "元"},
        {"state": "free"},
        {"state": "set_elsewhere"},
        {"state": "not_given", "value": 5},
        {"state": "free", "text": "免费", "value": 0},
        {"state": "given", "text": "5", "value": float("nan"), "unit": "元"},
        {"state": "given", "text": "5", "value": float("inf"), "unit": "元"},
        {"state": "given", "text": "5", "value": True, "unit": "元"},
        {"state": "given", "text": "5", "value": "5", "unit": "元"},
        {"state": "given", "text": "5", "value": 5, "unit": "元", "bound": "about"},
        {"state": "secret"},
    ],
)
def test_an_amount_is_whole_or_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Amount.model_validate({"of": "培训补贴", **fields})


LEAF = {"fact": "certificate", "is": True}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"all": []},
        {"any": []},
        {"all": [LEAF], "any": [LEAF]},
        {"not": LEAF, "unspecified": "符合条件的"},
        {"fact": "certificate"},
        {"fact": "age", "at_least": 1, "at_most": 2},
        {"fact": "age", "at_least": True},
        {"fact": "age", "at_least": float("nan")},
        {"fact": "employment", "in": []},
        {"fact": ""},
        {"is": True},
        {"unspecified": "符合条件的", "is": True},
        {"all_": [LEAF]},
        {"fact": "certificate", "is_": True},
        {"not": {}},
        {"clause": "good/1"},
    ],
)
def test_a_condition_has_exactly_one_shape(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Condition.model_validate(fields)


def test_no_is_a_comparison_like_any_other() -> None:
    assert Condition.model_validate({"fact": "certificate", "is": False}).is_ is False
    assert Condition.model_validate({"fact": "age", "at_least": 0}).at_least == 0


def test_models_cannot_be_changed() -> None:
    condition = Condition.model_validate(LEAF)
    with pytest.raises(ValidationError, match="frozen"):
        condition.fact = "age"  # type: ignore[misc]


def test_everything_survives_being_stored(documents: Sequence[LoadedDocument]) -> None:
    for loaded in documents:
        document = loaded.document
        assert Document.model_validate_json(document.model_dump_json(by_alias=True)) == document
        for provision in document.provisions:
            stored = provision.model_dump_json(by_alias=True, exclude_none=True)
            assert Provision.model_validate_json(stored) == provision
