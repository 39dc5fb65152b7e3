"""The second dialect, to prove the seam: `result: 0` in HTTP 200."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import Any

import httpx
import pytest

from knowledge.registry.adapters import Result0Adapter
from knowledge.registry.client import RegistryClient
from knowledge.registry.contract import SHANGHAI, Factor, Purpose, VerifyRequest
from knowledge.registry.outcome import Asked, Outcome, judge
from knowledge.registry.wire import Unavailable
from tests.knowledge.registry.conftest import FakeTime

NUMBER = "GZ1565643791K"
KEY = b"platform-key"
DATA = {
    "certNo": NUMBER, "holder": "测***", "city": "广州市", "startDate": "2026-01-01",
    "endDate": "2027-01-01", "service": ["家务服务"], "company": "示范家政（虚构）", "state": "1",
    "version": 4,
}  # fmt: skip


class Platform(httpx.AsyncBaseTransport):
    """Answers in the dialect; `change` is laid over the fields before or after signing."""

    def __init__(self, time_: FakeTime) -> None:
        self.time = time_
        self.change: dict[str, Any] = {}
        self.after: dict[str, Any] = {}
        self.data: dict[str, Any] | None = dict(DATA)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        asked = json.loads(await request.aread())
        moment = dt.datetime.fromtimestamp(self.time.at, SHANGHAI)
        fields = {
            "accessid": asked["accessid"], "random": asked["random"], "serial": asked["serial"],
            "result": 1 if self.data else 0, "msg": "OK" if self.data else "NO_DATA",
            "time": f"{moment:%Y-%m-%d %H:%M:%S%z}", "data": self.data,
        } | self.change  # fmt: skip
        signed = fields | {"sign": Result0Adapter("test", KEY).sign(fields)} | self.after
        content = json.dumps(signed).encode()
        return httpx.Response(
            200, headers={"content-type": "application/json"}, stream=httpx.ByteStream(content)
        )


@pytest.fixture
def platform(time_: FakeTime) -> Platform:
    return Platform(time_)


def ask(platform: Platform, **given: Any) -> Outcome:
    client = RegistryClient(
        "http://platform.test", Result0Adapter("test", KEY), transport=platform,
        clock=platform.time.clock,
    )  # fmt: skip
    request = VerifyRequest(
        purpose=Purpose.PRE_HIRE, asker_ref="a" * 64,
        **({"permit_no": NUMBER, "factor": Factor(full_name="测试李梅")} | given),
    )  # fmt: skip
    try:
        answer = client.ask(request, NUMBER, uuid.uuid4())
    finally:
        client.close()
    return judge(answer, Asked(False, True, False), platform.time.at).outcome


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        ("1", Outcome.VALID),
        ("2", Outcome.EXPIRED),
        ("3", Outcome.SUSPENDED),
        ("4", Outcome.REVOKED),
    ],
)
def test_states(platform: Platform, state: str, outcome: Outcome) -> None:
    platform.data = DATA | {"state": state}
    assert ask(platform) is outcome


def test_no_data_is_not_confirmed(platform: Platform) -> None:
    platform.data = None
    assert ask(platform) is Outcome.NOT_CONFIRMED


@pytest.mark.parametrize(
    "change",
    [
        {"result": 0},
        {"result": True},
        {"result": "1"},
        {"result": 0, "data": None, "msg": "系统繁忙"},
        {"random": "x" * 32},
        {"serial": str(uuid.uuid4())},
        {"accessid": "other"},
        {"time": "2026-11-20 12:00:00+0800"},
        {"time": "now"},
        {"data": DATA | {"state": "9"}},
        {"data": DATA | {"state": 1}},
        {"data": DATA | {"certNo": "GZ11875405719"}},
        {"data": DATA | {"holder": "测试李梅"}},
        {"data": DATA | {"endDate": "2027-02-30"}},
        {"data": DATA | {"version": 0}},
        {"data": DATA | {"more": 1}},
        {"data": []},
        {"more": 1},
    ],
)
def test_everything_else_is_no_answer(platform: Platform, change: dict[str, Any]) -> None:
    platform.change = change
    with pytest.raises(Unavailable):
        ask(platform)


@pytest.mark.parametrize(
    "after",
    [{"sign": "0" * 64}, {"sign": None}, {"msg": "changed"}, {"data": DATA | {"state": "4"}}],
)
def test_the_digest_must_hold(platform: Platform, after: dict[str, Any]) -> None:
    platform.after = after
    with pytest.raises(Unavailable):
        ask(platform)


@pytest.mark.parametrize(
    "given",
    [
        {"factor": None},
        {"factor": Factor(id_last4="1234")},
        {"permit_no": None, "qr_payload": "q" * 40},
    ],
)
def test_what_the_dialect_cannot_ask_is_not_asked(
    platform: Platform, given: dict[str, Any]
) -> None:
    with pytest.raises(Unavailable):
        ask(platform, **given)
