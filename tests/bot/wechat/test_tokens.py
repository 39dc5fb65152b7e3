"""The token of the way out: one for all processes, renewed in time, replaced when it is refused."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections import deque

import httpx
import pytest
from sqlalchemy import Engine, select

from bot.delivery.parcels import Delivery
from bot.wechat.sender import WeChatSender
from bot.wechat.tables import TokenRow, writing
from tests.bot.wechat.harness import ALICE, talk
from tests.bot.wechat.line import SEND, START, TOKEN, Line
from tests.simulators.wechat_platform import Account


def test_the_token_is_fetched_once_for_all_processes(line: Line) -> None:
    line.wrote()
    others = [line.process() for _ in range(5)]

    async def all_at_once() -> None:
        line.platform.delay = 0.05
        await asyncio.gather(*(one.send_text(ALICE, "好") for one in others))

    asyncio.run(all_at_once())
    assert line.platform.calls.count(TOKEN) == 1
    assert line.told == ["好"] * 5


def test_the_token_is_not_readable_in_the_database(line: Line) -> None:
    line.wrote()
    line.send(talk("好"))
    with line.engine.connect() as connection:
        stored = connection.execute(select(TokenRow.sealed)).scalar_one()
    assert line.platform.token is not None
    assert line.platform.token not in stored


@pytest.mark.parametrize("code", [40001, 40014, 42001])
def test_a_refused_token_is_replaced_once_and_the_call_made_once_more(
    line: Line, code: int
) -> None:
    line.wrote()
    line.send(talk("一"))
    line.platform.calls.clear()
    line.platform.fails[SEND].append(code)
    assert line.send(talk("二")).state == "sent"
    assert line.platform.calls.count(SEND) == 2
    assert line.told == ["一", "二"]


def test_a_token_that_is_refused_for_ever_is_not_asked_for_for_ever(line: Line) -> None:
    """wechatpy calls itself again without end here."""
    line.wrote()
    line.platform.fails[SEND] = deque([40001] * 100)
    delivery = line.send(talk("好"))
    assert (delivery.state, delivery.reason) == ("later", "token_refused")
    assert line.platform.calls.count(SEND) == 2
    assert line.platform.calls.count(TOKEN) <= 3
    line.send(talk("好"))
    assert line.platform.calls.count(TOKEN) <= 5  # forced once in two minutes at most


def test_a_token_that_the_platform_has_dropped_is_forced_anew(line: Line) -> None:
    line.wrote()
    line.send(talk("一"))
    given = line.platform.token
    line.platform.token = "another"  # it was replaced behind our back
    assert line.send(talk("二")).state == "sent"
    assert line.platform.token == "another" != given
    assert line.told == ["一", "二"]


def test_a_token_is_renewed_five_minutes_before_it_ends(line: Line) -> None:
    line.wrote()
    line.send(talk("一"))
    line.at += dt.timedelta(seconds=7200 - 301)
    line.send(talk("二"))
    assert line.platform.calls.count(TOKEN) == 1
    line.at += dt.timedelta(seconds=2)
    line.send(talk("三"))
    assert line.platform.calls.count(TOKEN) == 2
    assert line.told == ["一", "二", "三"]


def test_a_token_whose_fetcher_died_is_fetched_by_another(line: Line) -> None:
    with writing(line.engine) as connection:
        connection.execute(
            TokenRow.__table__.insert().values(  # type: ignore[attr-defined]
                app_id=line.account.app_id,
                sealed="",
                expires_at=START,
                leased_until=START + dt.timedelta(seconds=15),
                forced_at=START - dt.timedelta(days=1),
            )
        )
    line.wrote()

    async def scene() -> None:
        waiting = asyncio.create_task(line.api.send_text(ALICE, "好"))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        line.at += dt.timedelta(seconds=16)
        await waiting

    asyncio.run(scene())
    assert line.told == ["好"]


def test_a_wrong_secret_is_told_and_the_lease_given_back(engine: Engine) -> None:
    line = Line(engine)
    line.platform.account = Account(secret="other")
    line.wrote()
    assert line.send(talk("好")).state == "later"
    line.platform.account = line.account
    assert line.send(talk("好")).state == "sent"


def test_a_slow_platform_is_given_up_and_tried_later(line: Line) -> None:
    """wechatpy fetches the token without a time limit."""

    class Silent(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            timeout = request.extensions["timeout"]
            assert timeout["read"] == 5.0
            assert timeout["connect"] == 3.0
            raise httpx.ReadTimeout("slow", request=request)

    line.wrote()
    line.sender = WeChatSender(
        line.engine, line.process(httpx.AsyncClient(transport=Silent())), line.now
    )
    assert line.send(talk("好")) == Delivery("later", 0, None, "unreachable")


def test_nothing_of_the_token_is_logged(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    line.wrote()
    with caplog.at_level(logging.INFO):
        line.send(talk("好"))
    assert line.platform.token is not None
    assert line.platform.token not in caplog.text


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(502, text="<html>bad gateway</html>"),
        httpx.Response(200, text="not json"),
        httpx.Response(200, json=[1, 2]),
        httpx.Response(200, json={"expires_in": 7200}),
        httpx.Response(200, json={"access_token": "", "expires_in": 7200}),
        httpx.Response(302, headers={"location": "https://elsewhere.example/"}),
    ],
)
def test_what_is_no_answer_of_wechats_is_unreachable(
    engine: Engine, answer: httpx.Response
) -> None:
    line = Line(engine)
    client = httpx.AsyncClient(transport=httpx.MockTransport(lambda _request: answer))
    line.sender = WeChatSender(engine, line.process(client), line.now)
    line.wrote()
    assert line.send(talk("好")).reason == "unreachable"
