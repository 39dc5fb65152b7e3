"""Sending against the platform's API, over the database: error codes, parts, menus."""

from __future__ import annotations

from collections import deque

import httpx
import pytest
from sqlalchemy import Engine

from bot.delivery.parcels import Delivery
from bot.wechat.content import say
from bot.wechat.quota import quota_left
from bot.wechat.sender import WeChatSender
from bot.wechat.text import MOST_BYTES, size
from tests.bot.wechat.harness import ALICE, talk
from tests.bot.wechat.line import SEND, Line


@pytest.mark.parametrize(
    ("code", "state", "reason"),
    [
        (-1, "later", "platform_busy"),
        (40003, "dead", "bad_openid"),
        (40164, "held", "ip_not_allowed"),
        (43004, "dead", "not_following"),
        (45008, "dead", "too_many_articles"),
        (45009, "held", "daily_quota"),
        (45011, "later", "too_fast"),
        (45015, "held", "window_over"),
        (45047, "held", "quota_used_up"),
        (48001, "held", "api_not_authorised"),
        (48002, "dead", "refuses_messages"),
        (50005, "dead", "not_following"),
        (99999, "later", "errcode_99999"),
    ],
)
def test_an_error_code_is_handled_as_it_should_be(
    line: Line, code: int, state: str, reason: str
) -> None:
    line.wrote()
    line.platform.fails[SEND].append(code)
    delivery = line.send(talk("好"))
    assert (delivery.state, delivery.reason) == (state, reason)
    assert line.told == []
    assert line.platform.calls.count(SEND) == 1


def test_too_fast_waits_a_minute(line: Line) -> None:
    line.wrote()
    line.platform.fails[SEND].append(45011)
    assert line.send(talk("好")).after_s == 60


def test_an_account_that_may_not_send_stops_trying(line: Line) -> None:
    line.wrote()
    line.platform.fails[SEND].append(48001)
    line.send(talk("好"))
    line.platform.calls.clear()
    assert line.send(talk("好")).reason == "passive_only"
    assert line.platform.calls == []


def test_a_text_that_is_too_long_after_all_is_cut_smaller(line: Line) -> None:
    line.wrote()
    line.platform.fails[SEND].append(45002)
    text = "一二三四五六七八九。" * 50
    assert line.send(talk(text)).state == "sent"
    assert len(line.told) == 3
    assert "".join(line.told) == text


def test_a_text_that_is_always_too_long_is_given_up(line: Line) -> None:
    line.wrote()
    line.platform.fails[SEND] = deque([45002] * 9)
    assert line.send(talk("一。" * 600)) == Delivery("dead", 0, None, "too_long")


def test_without_the_api_everything_is_held(engine: Engine) -> None:
    line = Line(engine)
    line.sender = WeChatSender(engine, None, line.now)
    assert line.send(talk("好")) == Delivery("held", 0, None, "passive_only")


# --- parts, menus -------------------------------------------------------------------------------

LONG = "".join(f"第{n}条：这是一句不长不短的话，说的是第{n}件事。" for n in range(1, 120))


def test_a_long_reply_goes_out_in_parts_that_are_resumed(line: Line) -> None:
    line.wrote()
    line.platform.fails[SEND] = deque([0, -1])
    first = line.send(talk(LONG))
    assert (first.state, first.parts_sent) == ("later", 1)
    again = line.send(talk(LONG), first.parts_sent)
    assert again.state == "sent"
    assert "".join(line.told) == LONG
    assert all(size(text) <= MOST_BYTES for text in line.told)


def test_each_part_is_announced_before_it_is_sent(line: Line) -> None:
    line.wrote()
    line.send(talk(LONG))
    assert line.announced == list(range(len(line.told)))
    line.wrote()
    line.taken_over, told = True, len(line.told)
    assert line.send(talk(LONG)).reason == "taken_over"
    assert len(line.told) == told
    assert quota_left(line.engine, ALICE, line.at).left == 5


def test_what_may_have_come_comes_again_with_a_word_of_it(line: Line) -> None:
    line.wrote()
    line.send(talk("您在哪里？", "广州"), maybe_sent=True)
    line.send(talk(LONG), maybe_sent=True)
    maybe = say("pending.maybe")
    assert line.told[0] == f"{maybe}\n您在哪里？\n· 广州"
    assert [text.startswith(maybe) for text in line.told[1:]] == [
        True,
        *[False] * len(line.told[2:]),
    ]
    assert all(size(text) <= MOST_BYTES for text in line.told)


@pytest.mark.parametrize(
    ("error", "maybe_sent", "left"),
    [(httpx.ConnectError, False, 5), (httpx.ReadTimeout, True, 4), (httpx.ReadError, True, 4)],
)
def test_an_answer_that_got_lost_leaves_a_doubt(
    line: Line, error: type[httpx.HTTPError], maybe_sent: bool, left: int
) -> None:
    line.wrote()
    line.send(talk("好"))  # there is a token
    line.wrote()

    class Broken(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            raise error("x", request=request)  # type: ignore[call-arg]

    line.sender = WeChatSender(
        line.engine, line.process(httpx.AsyncClient(transport=Broken())), line.now
    )
    delivery = line.send(talk("好"))
    assert delivery == Delivery("later", 0, None, "unreachable", maybe_sent)
    assert quota_left(line.engine, ALICE, line.at).left == left


def test_options_are_a_menu_to_tap(line: Line) -> None:
    line.wrote()
    line.send(talk("您在哪里？", "广州", "长治"))
    (sent,) = line.platform.delivered
    assert sent.kind == "msgmenu"
    assert sent.content["head_content"] == "您在哪里？"
    assert [item["content"] for item in sent.content["list"]] == ["广州", "长治"]


def test_an_account_without_menus_gets_a_numbered_list_and_does_not_ask_again(line: Line) -> None:
    line.wrote()
    line.platform.menus_allowed = False
    line.send(talk("您在哪里？", "广州", "长治"))
    line.send(talk("您在哪里？", "广州", "长治"))
    assert line.told == ["您在哪里？\n1. 广州\n2. 长治"] * 2
    assert line.platform.calls.count(SEND) == 3
