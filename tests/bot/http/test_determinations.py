"""`POST /api/v1/determinations`: the interview's decisions for other programs."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from knowledge.vocabulary import Vocabulary
from tests.permit_desk import Desk

PATH = "/api/v1/determinations"
Keyed = tuple[httpx.Client, Desk]
INSURANCE = {"region": "140400", "topics": ["social_insurance_subsidy"]}
ALL_MET = {
    "role": "worker",
    "employer_type": "employee_model",
    "labour_contract": True,
    "employee_social_insurance": True,
}


def decide(keyed: Keyed, **body: Any) -> dict[str, Any]:
    sent = keyed[0].post(PATH, json=body)
    assert sent.status_code == 200, sent.text
    given: dict[str, Any] = sent.json()
    return given


def only(given: dict[str, Any]) -> dict[str, Any]:
    (benefit,) = given["benefits"]
    return dict(benefit)


def test_all_conditions_met_is_met(keyed: Keyed) -> None:
    benefit = only(decide(keyed, **INSURANCE, facts=ALL_MET))
    assert benefit["outcome"] == "met"
    assert benefit["missing"] == []
    assert {step["outcome"] for step in benefit["steps"]} == {"met"}


def test_one_condition_against_it_is_not_met(keyed: Keyed) -> None:
    facts = ALL_MET | {"employee_social_insurance": False}
    benefit = only(decide(keyed, **INSURANCE, facts=facts))
    assert benefit["outcome"] == "not_met"
    against = [step["fact"] for step in benefit["steps"] if step["outcome"] == "not_met"]
    assert against == ["employee_social_insurance"]


def test_what_is_not_told_stays_unknown_and_is_asked_for(keyed: Keyed) -> None:
    given = decide(keyed, **INSURANCE, facts={"role": "worker"})
    benefit = only(given)
    assert benefit["outcome"] == "unknown"
    assert set(given["missing"]) == set(benefit["missing"])
    assert set(benefit["missing"]) == ALL_MET.keys() - {"role"}


def test_every_word_of_it_can_be_opened(keyed: Keyed) -> None:
    client, _ = keyed
    given = decide(keyed, region="440100", facts={"role": "worker"})
    assert len(given["benefits"]) > 3
    for benefit in given["benefits"]:
        quotes = [(benefit["clause"], benefit["quote"])]
        quotes += [(step["clause"], step["quote"]) for step in benefit["steps"]]
        for clause, quote in quotes:
            assert quote in client.get(f"/api/v1/clauses/{clause}").json()["text"]
        assert all(reason["clauses"] for reason in benefit["reasons"])
        assert benefit["binding"]


def test_an_amount_is_given_or_its_silence_is_told(keyed: Keyed) -> None:
    benefit = only(decide(keyed, **INSURANCE, facts=ALL_MET))
    assert [amount["state"] for amount in benefit["amounts"]] == ["not_given"]
    silent = [s for s in benefit["silences"] if "amount" in s["aspects"]]
    assert silent
    assert "没写" in silent[0]["text"]


def test_encouraged_is_not_given(keyed: Keyed) -> None:
    insurance = decide(keyed, region="440100", topics=["accident_insurance"])["benefits"]
    assert {b["verb"] for b in insurance if not b["gives"]} == {"鼓励", "研究"}
    assert "鼓励" not in {b["verb"] for b in insurance if b["gives"]}
    assert only(decide(keyed, **INSURANCE, facts=ALL_MET))["gives"] is True


def test_another_day_gets_that_days_standing(keyed: Keyed) -> None:
    then = decide(keyed, **INSURANCE, facts=ALL_MET, as_of="2022-06-01")
    assert only(then)["standing"] == "in_force"
    assert only(decide(keyed, **INSURANCE, facts=ALL_MET))["standing"] == "target_period_ended"
    before = decide(keyed, **INSURANCE, facts=ALL_MET, as_of="2021-01-01")
    assert before["benefits"] == []


def test_an_area_without_documents_is_not_covered(keyed: Keyed) -> None:
    given = decide(keyed, region="110000")
    assert given["covered"] is False
    assert given["benefits"] == []


def test_met_come_first(keyed: Keyed) -> None:
    given = decide(keyed, region="440100", facts=ALL_MET | {"groups": {"members": ["veteran"]}})
    outcomes = [benefit["outcome"] for benefit in given["benefits"]]
    assert outcomes == sorted(outcomes, key=["met", "unknown", "not_met"].index)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "region"),
        ({"region": "999999"}, "region"),
        ({"region": 440100}, "region"),
        ({"region": "440100", "topic": "x"}, "topic"),
        ({"region": "440100", "topics": ["wealth"]}, "topics.0"),
        ({"region": "440100", "facts": {"salary": 5}}, "facts.salary"),
        ({"region": "440100", "facts": {"employer_type": "boss"}}, "facts.employer_type"),
        ({"region": "440100", "facts": {"labour_contract": "yes"}}, "facts.labour_contract"),
        ({"region": "440100", "facts": {"labour_contract": 1}}, "facts.labour_contract"),
        ({"region": "440100", "facts": {"age": "45"}}, "facts.age"),
        ({"region": "440100", "facts": {"age": True}}, "facts.age"),
        ({"region": "440100", "facts": {"age": -1}}, "facts.age"),
        ({"region": "440100", "facts": {"age": None}}, "facts.age"),
        ({"region": "440100", "facts": {"groups": {"members": ["x"]}}}, "facts.groups.members.0"),
        ({"region": "440100", "as_of": 20210501}, "as_of"),
        ({"region": "440100", "as_of": "2021-05-01T00:00:00"}, "as_of"),
        (
            {
                "region": "440100",
                "facts": {"groups": {"members": ["blind"], "excluded": ["disabled"]}},
            },
            "facts.groups",
        ),
    ],
)
def test_what_is_unknown_is_refused_by_name(keyed: Keyed, body: object, field: str) -> None:
    refused = keyed[0].post(PATH, json=body)
    assert refused.status_code == 422, refused.text
    assert refused.headers["content-type"] == "application/problem+json"
    assert [error["field"] for error in refused.json()["errors"]] == [field]


def test_the_description_lists_every_fact_and_value(keyed: Keyed, words: Vocabulary) -> None:
    parts = keyed[0].get("/api/v1/openapi.json").json()["components"]["schemas"]
    facts = parts["Facts"]["properties"]
    assert facts.keys() == words.facts.keys()
    for fact in words.facts.values():
        if fact.options:
            assert facts[fact.id]["enum"] == list(fact.options)
    assert set(facts["occupation"]["enum"]) == words.occupations.keys()
