"""The worker's pages over HTTP: her answer, her own record, and nothing for anybody else."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from knowledge.registry.contract import Purpose, VerifyRequest
from knowledge.registry.contract_worker import ConsentRequest, ConsentState, DetailScope
from knowledge.registry.permit_number import generate
from knowledge.registry.quota import Quota
from knowledge.registry.server import pages
from knowledge.registry.server.answering import Client
from knowledge.registry.server.consents import consent_named, link_token
from knowledge.registry.server.issuing import Issued
from knowledge.registry.server.registry import Registry
from tests.knowledge.registry.conftest import GENEROUS, FakeTime, Issue, served

ASKER = "a" * 64
LABEL = "一位雇主（测试）"
LIMITS = replace(GENEROUS, pins="6/day")


@pytest.fixture
def http(registry: Registry) -> Iterator[httpx.Client]:
    web = FastAPI()
    web.include_router(pages.router(registry, Quota(LIMITS)))
    with served(web) as address, httpx.Client(base_url=address, trust_env=False) as client:
        yield client


def wish(registry: Registry, number: str) -> str:
    """Ask for consent; the path of the link."""
    request = ConsentRequest(
        permit_no=number,
        asker_ref=ASKER,
        asker_label=LABEL,
        purpose=Purpose.PRE_HIRE,
        scopes=list(DetailScope),
    )
    link = registry.consents.ask(request, "test").deeplink
    assert link.startswith(registry.core.pages_url)
    return "/permit" + link.removeprefix(registry.core.pages_url)


def state(registry: Registry, path: str) -> ConsentState:
    consent_id = consent_named(path.rsplit("/", 1)[1])
    assert consent_id is not None
    return registry.consents.view(consent_id, "test").state


def filled(permit: Issued, answer: str = "yes", **changes: object) -> dict[str, object]:
    fields = {"number": permit.number.written, "pin": permit.pin, "answer": answer}
    return fields | {"scope": ["components", "star", "lists"]} | changes


def wrong_pin(permit: Issued) -> str:
    return "000000" if permit.pin != "000000" else "000001"


def test_the_link_says_who_asks_what_and_why(
    http: httpx.Client, registry: Registry, issue: Issue
) -> None:
    page = http.get(wish(registry, issue().number.value))
    assert page.status_code == 200
    assert LABEL in page.text
    for words in ("想请您干活", "体检", "星级", "黑榜", "同意", "不同意", "5分钟"):
        assert words in page.text
    assert "checked" not in page.text, "she ticks by herself"


@pytest.mark.parametrize(("answer", "after"), [("yes", "GRANTED"), ("no", "DENIED")])
def test_her_answer(
    http: httpx.Client, registry: Registry, issue: Issue, answer: str, after: str
) -> None:
    permit = issue()
    path = wish(registry, permit.number.value)
    sent = http.post(path, data=filled(permit, answer))
    assert sent.status_code == 303
    assert "您" in http.get(sent.headers["location"]).text
    assert state(registry, path) == after
    # Pressed twice it is the same answer; another one comes too late.
    assert http.post(path, data=filled(permit, answer)).status_code == 303
    other = http.post(path, data=filled(permit, "no" if answer == "yes" else "yes"))
    assert other.status_code == 404
    assert state(registry, path) == after


def test_only_what_she_ticks_is_opened(
    http: httpx.Client, registry: Registry, issue: Issue
) -> None:
    permit = issue()
    path = wish(registry, permit.number.value)
    none = http.post(path, data=filled(permit, scope=[]))
    assert "先在想给对方看的项目前打勾" in none.text
    assert state(registry, path) is ConsentState.PENDING
    assert http.post(path, data=filled(permit, scope=["star"])).status_code == 303
    consent_id = consent_named(path.rsplit("/", 1)[1])
    assert consent_id is not None
    assert registry.consents.view(consent_id, "test").scopes == [DetailScope.STAR]


def test_who_guesses_learns_nothing(
    http: httpx.Client, registry: Registry, issue: Issue, time_: FakeTime
) -> None:
    permit = issue()
    answered = wish(registry, permit.number.value)
    http.post(answered, data=filled(permit))
    late = wish(registry, permit.number.value)
    time_.move(301)
    unknown = f"/permit/consent/{link_token(uuid.uuid4())}"
    paths = (answered, late, unknown, "/permit/consent/x", "/permit/consent/" + "a" * 500)
    looks = [http.get(path) for path in paths]
    tries = [http.post(path, data=filled(permit, pin=wrong_pin(permit))) for path in paths]
    assert {(page.status_code, page.text) for page in looks + tries} == {(404, looks[0].text)}


def test_a_number_that_nobody_holds_looks_the_same(
    http: httpx.Client, registry: Registry, issue: Issue
) -> None:
    permit = issue()
    pages_seen = []
    for number in (permit.number.value, generate("GZ").value):
        path = wish(registry, number)
        asked = http.get(path)
        refused = http.post(path, data=filled(permit, pin=wrong_pin(permit)))
        assert "对不上" in refused.text
        pages_seen.append((asked.text, refused.text))
    assert pages_seen[0] == pages_seen[1]


def test_the_pin_is_tried_a_few_times_only(
    http: httpx.Client, registry: Registry, issue: Issue
) -> None:
    permit = issue()
    path = wish(registry, permit.number.value)
    for _ in range(5):
        last = http.post(path, data=filled(permit, pin=wrong_pin(permit)))
    assert last.status_code == 404, "this link is used up"
    path = wish(registry, permit.number.value)
    http.post(path, data=filled(permit, pin=wrong_pin(permit)))
    refused = http.post(path, data=filled(permit))
    assert refused.status_code == 429, "and so is this address"
    assert "试的次数太多" in refused.text
    assert http.post("/permit/mine", data=filled(permit)).status_code == 429
    assert state(registry, path) is ConsentState.PENDING


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("number", "GZ123", "证号的写法不对"),
        ("number", "", "证号的写法不对"),
        ("pin", "12345", "密码是6位数字"),
        ("pin", "abcdef", "密码是6位数字"),
        ("answer", "maybe", "请点"),
    ],
)
def test_what_is_filled_in_wrong_is_said(
    http: httpx.Client, registry: Registry, issue: Issue, field: str, value: str, said: str
) -> None:
    permit = issue()
    page = http.post(wish(registry, permit.number.value), data=filled(permit, **{field: value}))
    assert page.status_code == 200
    assert said in page.text
    assert permit.pin not in page.text
    assert 'value="components" checked' in page.text, "what she ticked stays ticked"


def test_full_width_digits_are_digits(http: httpx.Client, registry: Registry, issue: Issue) -> None:
    permit = issue()
    wide = permit.pin.translate({ord("0") + n: ord("０") + n for n in range(10)})
    sent = http.post(wish(registry, permit.number.value), data=filled(permit, pin=wide))
    assert sent.status_code == 303


def test_her_own_record(
    http: httpx.Client, registry: Registry, issue: Issue, time_: FakeTime
) -> None:
    permit = issue(components={"health": time_.today})
    client = Client("test", "测试用户端", ["permit.status"])
    asked = VerifyRequest(
        permit_no=permit.number.value,
        factor={"full_name": "测试李梅"},
        purpose=Purpose.AT_DOOR,
        asker_ref=ASKER,
    )
    registry.answering.verify(asked, client, "n" * 32, uuid.uuid4())
    assert "对不上" in http.post("/permit/mine", data=filled(permit, pin=wrong_pin(permit))).text
    assert (
        "对不上" in http.post("/permit/mine", data=filled(permit, number=generate("GZ").value)).text
    )
    page = http.post("/permit/mine", data=filled(permit)).text
    for words in ("我的证：有效", "上门时核验", "测试用户端", "只看了证的状态", "体检：快到期"):
        assert words in page
    for secret in (permit.number.value, permit.number.written, permit.pin, "测试李梅"):
        assert secret not in page


def test_she_takes_a_consent_back(
    http: httpx.Client, registry: Registry, issue: Issue, time_: FakeTime
) -> None:
    permit, other = issue(), issue()
    path = wish(registry, permit.number.value)
    assert path in http.post("/permit/mine", data=filled(permit)).text, (
        "she finds it without the link"
    )
    http.post(path, data=filled(permit))
    page = http.post("/permit/mine", data=filled(permit)).text
    proof, consent = (re.search(rf'name="{n}" value="([^"]+)"', page) for n in ("proof", "consent"))
    assert proof is not None
    assert consent is not None
    fields = {"proof": proof.group(1), "consent": consent.group(1)}
    strangers = http.post("/permit/mine", data=filled(other)).text
    assert consent.group(1) not in strangers
    for changed in ({"proof": "x"}, {"consent": "x"}, {"proof": ""}):
        assert "时间到了" in http.post("/permit/mine/withdraw", data=fields | changed).text
    assert state(registry, path) is ConsentState.GRANTED
    taken = http.post("/permit/mine/withdraw", data=fields).text
    assert "已经收回" in taken
    assert consent.group(1) not in taken
    assert state(registry, path) is ConsentState.WITHDRAWN
    time_.move(601)
    assert "时间到了" in http.post("/permit/mine/withdraw", data=fields).text


def test_a_proof_is_for_one_permit(http: httpx.Client, registry: Registry, issue: Issue) -> None:
    permit, other = issue(), issue()
    for each in (permit, other):
        path = wish(registry, each.number.value)
        http.post(path, data=filled(each))
    page = http.post("/permit/mine", data=filled(permit)).text
    proof = re.search(r'name="proof" value="([^"]+)"', page)
    assert proof
    fields = {"proof": proof.group(1), "consent": path.rsplit("/", 1)[1]}
    assert "已经收回" not in http.post("/permit/mine/withdraw", data=fields).text
    assert state(registry, path) is ConsentState.GRANTED


def test_headers_keep_the_link_and_the_page_private(
    http: httpx.Client, registry: Registry, issue: Issue
) -> None:
    for path in (wish(registry, issue().number.value), "/permit/mine", "/permit/consent/x"):
        headers = http.get(path).headers
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "script-src" not in headers["content-security-policy"]
        assert "set-cookie" not in headers
    page = http.get("/permit/mine").text
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|https?://", page)


@hypothesis_settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.one_of(
        st.binary(max_size=300),
        st.text(max_size=100).map(
            lambda t: f"number={t}&pin={t}&answer=yes&scope=star&proof={t}".encode()
        ),
        st.just(b"&".join(b"a=1" for _ in range(40))),
    ),
    path=st.sampled_from(["/permit/mine", "/permit/mine/withdraw", "/permit/consent/" + "a" * 32]),
)
def test_whatever_is_posted_is_answered_with_a_page(
    http: httpx.Client, body: bytes, path: str
) -> None:
    page = http.post(path, content=body, headers={"content-type": "text/plain"})
    assert page.status_code in (200, 404, 429)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
