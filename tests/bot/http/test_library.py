"""`/api/v1/library` and `/api/v1/documents`."""

from __future__ import annotations

import httpx
import pytest

SEARCH = "/api/v1/library/search"
DOCUMENTS = "/api/v1/documents"


def problem_fields(response: httpx.Response) -> list[str]:
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"
    return [error["field"] for error in response.json()["errors"]]


def test_search_finds_clauses_that_can_be_opened(client: httpx.Client) -> None:
    found = client.get(SEARCH, params={"q": "员工制 社会保险补贴", "limit": 3}).json()
    assert len(found["results"]) == 3
    assert found["as_of"] == "2026-11-21"
    scores = [result["score"] for result in found["results"]]
    assert scores == sorted(scores, reverse=True)
    for result in found["results"]:
        clause = client.get(f"/api/v1/clauses/{result['id']}").json()
        assert clause["text"] == result["text"]
        assert clause["standing"] == result["standing"]
        assert clause["document_id"] == result["document"]["id"]


def test_search_in_a_region_has_what_holds_there(client: httpx.Client) -> None:
    """沈阳 has no document of its own; Liaoning's hold there, Guangzhou's do not."""
    in_shenyang = client.get(SEARCH, params={"q": "培训补贴", "region": "210100"}).json()["results"]
    assert {result["region"] for result in in_shenyang} == {"210000"}


def test_search_on_a_day_leaves_out_what_came_later(client: httpx.Client) -> None:
    early: dict[str, str | int] = {"q": "家政 培训 补贴", "as_of": "2020-09-01", "limit": 50}
    then = client.get(SEARCH, params=early).json()["results"]
    now = client.get(SEARCH, params={**early, "as_of": "2026-11-21"}).json()["results"]
    assert {r["document"]["id"] for r in then} < {r["document"]["id"] for r in now}
    assert "changzhi" not in {result["document"]["id"] for result in then}


@pytest.mark.parametrize("odd", ["？？？", "\0", '" OR 1=1 --', "NEAR(", "的" * 200, "\U0010ffff"])
def test_odd_searches_are_answered(client: httpx.Client, odd: str) -> None:
    assert client.get(SEARCH, params={"q": odd}).status_code == 200


def test_documents_come_page_by_page(client: httpx.Client) -> None:
    whole = client.get(DOCUMENTS).json()
    assert whole["next"] is None
    ids = [document["id"] for document in whole["documents"]]
    assert len(set(ids)) == len(ids) > 10
    paged: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = client.get(DOCUMENTS, params={"limit": 4, **after}).json()
        paged += [document["id"] for document in page["documents"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert paged == ids


def test_documents_of_a_region_and_day(client: httpx.Client) -> None:
    own = client.get(DOCUMENTS, params={"region": "140400"}).json()["documents"]
    assert [document["id"] for document in own] == ["changzhi"]
    assert own[0]["standing"] == "target_period_ended"
    early = {"region": "140400", "as_of": "2021-10-19"}
    assert client.get(DOCUMENTS, params=early).json()["documents"] == []


def test_a_document_lists_its_clauses(client: httpx.Client) -> None:
    found = client.get(f"{DOCUMENTS}/guangzhou/3", params={"as_of": "2021-01-01"}).json()
    assert found["existed"] is True
    assert found["document"]["standing"] == "in_force"
    assert found["document"]["region"] == {"id": "440100", "name": "广州市"}
    assert len(found["clauses"]) > 20
    first = found["clauses"][0]
    assert client.get(f"/api/v1/clauses/{first['id']}").json()["heading"] == first["heading"]
    before = client.get(f"{DOCUMENTS}/guangzhou/3", params={"as_of": "2019-01-01"}).json()
    assert before["existed"] is False


@pytest.mark.parametrize(
    ("path", "params", "field"),
    [
        (SEARCH, {}, "q"),
        (SEARCH, {"q": ""}, "q"),
        (SEARCH, {"q": "长" * 201}, "q"),
        (SEARCH, {"q": "补贴", "limit": 0}, "limit"),
        (SEARCH, {"q": "补贴", "region": "guangzhou"}, "region"),
        (SEARCH, {"q": "补贴", "region": "999999"}, "region"),
        (SEARCH, {"q": "补贴", "as_of": "0"}, "as_of"),
        (DOCUMENTS, {"region": "999999"}, "region"),
        (DOCUMENTS, {"after": "长" * 201}, "after"),
        (DOCUMENTS, {"limit": 501}, "limit"),
        (f"{DOCUMENTS}/changzhi", {"as_of": "2021-02-30"}, "as_of"),
    ],
)
def test_a_wrong_parameter_is_named(
    client: httpx.Client, path: str, params: dict[str, str], field: str
) -> None:
    assert problem_fields(client.get(path, params=params)) == [field]


@pytest.mark.parametrize("name", ["nowhere", "guangzhou", "%00", "..%2f..%2fetc", "%ff"])
def test_an_unknown_document_is_not_found(client: httpx.Client, name: str) -> None:
    refused = client.get(f"{DOCUMENTS}/{name}")
    assert refused.status_code == 404
    assert refused.headers["content-type"] == "application/problem+json"
