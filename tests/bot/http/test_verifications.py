"""`POST /api/v1/verifications`: the registry's verdict for other programs."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from bot.api_keys import add_key
from bot.http import create_app
from knowledge.library import Library
from knowledge.registry.permit_number import generate
from knowledge.registry.quota import Limits
from knowledge.vocabulary import Vocabulary
from tests.bot.serving import NOW, app_on, copy_of, serving
from tests.knowledge.registry.conftest import GENEROUS
from tests.permit_desk import LAST4, NAME, Desk, open_desk

PATH = "/api/v1/verifications"
Keyed = tuple[httpx.Client, Desk]


@pytest.fixture(autouse=True)
def _way_open(keyed: Keyed) -> Iterator[None]:
    yield
    keyed[1].way.down = False


def check(keyed: Keyed, **given: Any) -> dict[str, Any]:
    sent = keyed[0].post(PATH, json=given)
    assert sent.status_code == 200, sent.text
    verdict: dict[str, Any] = sent.json()
    return verdict


@pytest.mark.parametrize("factor", [{"name": NAME}, {"id_last4": LAST4}])
def test_a_number_with_a_second_factor_holds(keyed: Keyed, factor: dict[str, str]) -> None:
    permit = keyed[1].issue()
    verdict = check(keyed, number=permit.number.written, **factor)
    assert (verdict["outcome"], verdict["positive"]) == ("VALID", True)
    assert verdict["permit"]["number"] == permit.number.masked
    assert verdict["code"]
    assert NAME not in json.dumps(verdict, ensure_ascii=False)


def test_a_photograph_holds_without_the_person(keyed: Keyed) -> None:
    photo = base64.b64encode(keyed[1].photo(keyed[1].issue())).decode()
    verdict = check(keyed, image=photo)
    assert (verdict["outcome"], verdict["positive"]) == ("PERSON_NOT_CHECKED", True)


def test_every_reason_not_to_confirm_looks_the_same(keyed: Keyed) -> None:
    permit = keyed[1].issue()
    wrong = check(keyed, number=permit.number.written, name="别人家")
    never = check(keyed, number=generate("GZ").written, name=NAME)
    for verdict in (wrong, never):
        assert verdict["outcome"] == "NOT_CONFIRMED"
        assert verdict["positive"] is False
        for own in ("code", "checked_at", "text"):
            del verdict[own]
    assert wrong == never


@pytest.mark.parametrize(
    ("given", "needs"),
    [
        ({}, ["number"]),
        ({"name": NAME}, ["number"]),
        ({"number": "", "name": NAME}, ["number"]),
    ],
)
def test_a_name_alone_finds_nobody(keyed: Keyed, given: dict[str, str], needs: list[str]) -> None:
    verdict = check(keyed, **given)
    assert (verdict["needs"], verdict["positive"]) == (needs, False)


def test_a_number_alone_tells_nothing(keyed: Keyed) -> None:
    verdict = check(keyed, number=keyed[1].issue().number.written)
    assert (verdict["needs"], verdict["positive"]) == (["factor"], False)
    assert verdict["permit"] is None


def test_a_slip_in_the_number_is_pointed_at(keyed: Keyed) -> None:
    written = keyed[1].issue().number.value
    slip = written[:5] + str((int(written[5]) + 1) % 10) + written[6:]
    verdict = check(keyed, number=slip, name=NAME)
    assert verdict["outcome"] == "BAD_NUMBER"
    assert verdict["number_fault"]


def test_a_picture_of_something_else_is_said_to_be_one(keyed: Keyed) -> None:
    verdict = check(keyed, image=base64.b64encode(b"no picture").decode())
    assert (verdict["outcome"], verdict["photo_fault"]) == ("UNREADABLE_PHOTO", "not_an_image")


def test_a_lost_registry_is_no_verdict(keyed: Keyed) -> None:
    permit = keyed[1].issue()
    keyed[1].way.down = True
    verdict = check(keyed, number=permit.number.written, name=NAME)
    assert (verdict["outcome"], verdict["positive"]) == ("UNAVAILABLE", False)
    assert verdict["permit"] is None


def test_an_id_twice_is_one_check_and_of_another_refused(keyed: Keyed) -> None:
    given = {"number": keyed[1].issue().number.written, "name": NAME, "id": "door-1"}
    asked = keyed[1].way.asked
    first, second = check(keyed, **given), check(keyed, **given)
    assert first == second
    assert keyed[1].way.asked == asked + 1
    other = keyed[0].post(PATH, json=given | {"name": "别人家"})
    assert other.status_code == 409
    assert other.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"number": 5}, "number"),
        ({"number": "1" * 201}, "number"),
        ({"name": "长" * 41}, "name"),
        ({"image": "not base64!"}, "image"),
        ({"purpose": "curiosity"}, "purpose"),
        ({"asker": "me"}, "asker"),
    ],
)
def test_a_wrong_field_is_named(keyed: Keyed, body: object, field: str) -> None:
    refused = keyed[0].post(PATH, json=body)
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == [field]


def test_nothing_personal_is_logged(keyed: Keyed) -> None:
    permit = keyed[1].issue()
    with capture_logs() as logs:
        check(keyed, number=permit.number.written, name="别人家")
        keyed[0].post(PATH, json={"number": permit.number.written, "name": ["别人家"]})
    told = json.dumps(logs, ensure_ascii=False, default=str)
    assert "别人家" not in told
    assert permit.number.value not in told
    assert permit.number.written not in told


def test_the_key_is_the_asker_and_has_everybodys_quota(
    library_file: Path, library: Library, words: Vocabulary, tmp_path: Path
) -> None:
    limits = replace(GENEROUS, asker=Limits().asker)
    with open_desk(tmp_path, library, words, limits) as desk:
        app = app_on(copy_of(library_file, tmp_path))
        app = replace(app, conversation=replace(app.conversation, permits=desk.permits))
        keys = [add_key(app.engine, name, 1000, NOW) for name in ("one", "two")]
        given = {"number": desk.issue().number.written, "name": NAME}
        with serving(create_app(app)) as url, httpx.Client(base_url=url) as client:
            first, second = ({"x-api-key": key} for key in keys)
            for _ in range(10):
                assert client.post(PATH, json=given, headers=first).status_code == 200
            refused = client.post(PATH, json=given, headers=first)
            assert refused.status_code == 429
            assert refused.headers["content-type"] == "application/problem+json"
            assert int(refused.headers["retry-after"]) >= 1
            assert client.post(PATH, json=given, headers=second).status_code == 200
        app.engine.dispose()
