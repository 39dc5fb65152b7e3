"""The way out: token, error codes, quota. Against the platform's API, over the database."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx
import pytest
from sqlalchemy import Engine, select

from bot.delivery.parcels import Delivery, Parcel
from bot.sealing import Seal
from bot.wechat import quota
from bot.wechat.api import ApiError, Unreachable, WeChatApi, stable_token
from bot.wechat.content import menu, say
from bot.wechat.pictures import MOST_BYTES as MOST_PICTURE
from bot.wechat.pictures import Pictures
from bot.wechat.quota import quota_left
from bot.wechat.sender import WeChatSender
from bot.wechat.tables import TokenRow, writing
from bot.wechat.text import MOST_BYTES, size
from bot.wechat.tokens import Tokens
from dialogs.reply import Reply
from tests.bot.wechat.harness import ALICE, API, talk
from tests.simulators.wechat_platform import Account, Api

SEND = "/cgi-bin/message/custom/send"
TOKEN = "/cgi-bin/stable_token"
START = dt.datetime(2026, 11, 21, 8, 0, tzinfo=dt.UTC)


@dataclass
class Line:
    """The bot's side and the platform's, with one clock that the test turns."""

    engine: Engine
    account: Account = field(default_factory=Account)
    at: dt.datetime = START
    announced: list[int] = field(default_factory=list)
    taken_over: bool = False

    def __post_init__(self) -> None:
        self.platform = Api(self.account, lambda: self.at.timestamp())
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(self.platform.app()))
        self.api = self.process()
        self.sender = WeChatSender(self.engine, self.api, self.now)

    def now(self) -> dt.datetime:
        return self.at

    def process(self, http: httpx.AsyncClient | None = None) -> WeChatApi:
        """The API as one more process over the same database has it."""
        client = http or self.http

        async def fetch(force: bool) -> tuple[str, int]:
            return await stable_token(client, API, self.account.app_id, self.account.secret, force)

        tokens = Tokens(self.engine, Seal(b"k" * 32), self.account.app_id, self.now, fetch)
        return WeChatApi(client, API, tokens)

    def wrote(self, openid: str = ALICE, **more: str) -> None:
        """Somebody writes (or, with `Event`, does something): both sides count it."""
        fields = {"FromUserName": openid, "MsgType": "event" if "Event" in more else "text", **more}
        self.platform.opened(fields)
        with writing(self.engine) as connection:
            by = "acting" if "Event" in more or "bizmsgmenuid" in more else "writing"
            quota.opened(connection, openid, by, self.at)

    def send(self, reply: Reply, parts_sent: int = 0, *, maybe_sent: bool = False) -> Delivery:
        parcel = Parcel("k", "wechat", ALICE, reply, parts_sent, maybe_sent=maybe_sent)
        return self.run(lambda: self.sender.send(parcel, self.announce))

    async def announce(self, part: int) -> bool:
        self.announced.append(part)
        return not self.taken_over

    def run(self, work: Callable[[], Awaitable[Delivery]]) -> Delivery:
        return asyncio.run(_awaited(work))

    @property
    def told(self) -> list[str]:
        return [one.text for one in self.platform.delivered]


async def _awaited(work: Callable[[], Awaitable[Delivery]]) -> Delivery:
    return await work()


@pytest.fixture
def line(engine: Engine) -> Line:
    return Line(engine)


# --- token --------------------------------------------------------------------------------------


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


# --- error codes --------------------------------------------------------------------------------


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


# --- quota --------------------------------------------------------------------------------------


def test_five_messages_within_48_hours_of_a_message(line: Line) -> None:
    line.wrote()
    states = [line.send(talk("好")).state for _ in range(6)]
    assert states == ["sent"] * 5 + ["held"]
    assert len(line.told) == 5
    assert line.platform.calls.count(SEND) == 5  # the sixth is not even tried
    line.wrote()
    assert line.send(talk("好")).state == "sent"


def test_three_messages_within_a_minute_of_an_act(line: Line) -> None:
    line.wrote(Event="SCAN")
    states = [line.send(talk("好")).state for _ in range(4)]
    assert states == ["sent"] * 3 + ["held"]


def test_the_minute_is_used_up_before_the_48_hours(line: Line) -> None:
    line.wrote()
    line.wrote(Event="CLICK")
    for _ in range(3):
        line.send(talk("好"))
    line.at += dt.timedelta(minutes=2)
    assert quota_left(line.engine, ALICE, line.at).left == 5
    assert [line.send(talk("好")).state for _ in range(6)] == ["sent"] * 5 + ["held"]


def test_a_tap_on_a_menu_opens_the_minute_only(line: Line) -> None:
    line.wrote(bizmsgmenuid="1", MsgId="5")
    line.at += dt.timedelta(minutes=2)
    assert line.send(talk("好")).state == "held"


def test_what_is_left_is_shown_with_the_end_of_the_window(line: Line) -> None:
    assert quota_left(line.engine, ALICE, line.at) == quota.Quota(0, None)
    line.wrote()
    line.send(talk("好"))
    left = quota_left(line.engine, ALICE, line.at)
    assert left == quota.Quota(4, START + dt.timedelta(hours=48))
    line.at += dt.timedelta(hours=48)
    assert quota_left(line.engine, ALICE, line.at) == quota.Quota(0, None)
    assert line.send(talk("好")).state == "held"


def test_what_the_platform_says_is_believed(line: Line) -> None:
    line.wrote()
    line.platform.fails[SEND].append(45047)
    line.send(talk("好"))
    assert quota_left(line.engine, ALICE, line.at).left == 0
    line.wrote()
    line.platform.fails[SEND].append(45015)
    line.send(talk("好"))
    assert quota_left(line.engine, ALICE, line.at) == quota.Quota(0, None)


def test_a_message_that_was_not_sent_is_not_counted(line: Line) -> None:
    line.wrote()
    line.platform.fails[SEND].append(45011)
    line.send(talk("好"))
    assert quota_left(line.engine, ALICE, line.at).left == 5


# --- menu, QR, media ----------------------------------------------------------------------------


def test_the_menu_is_one_that_the_platform_takes(line: Line) -> None:
    asyncio.run(line.api.push_menu(menu()))
    assert asyncio.run(line.api.show_menu()) == {"menu": menu()}
    for button in menu()["button"]:
        assert len(button["name"]) <= 4
        assert all(len(item["name"]) <= 7 for item in button["sub_button"])


def test_a_qr_code_opens_a_scene(line: Line) -> None:
    address = asyncio.run(line.api.create_qr("permit"))
    assert address.endswith("showqrcode?ticket=ticket%2Bpermit%2F%3D")


def test_media_is_fetched_and_its_errors_are_told(line: Line) -> None:
    line.platform.media["photo"] = b"\xff\xd8picture"
    assert asyncio.run(line.api.media("photo", 100)) == b"\xff\xd8picture"
    with pytest.raises(ApiError) as error:
        asyncio.run(line.api.media("gone", 100))
    assert error.value.code == 40007
    with pytest.raises(Unreachable, match="too large"):
        asyncio.run(line.api.media("photo", 3))


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        ("http://mmbiz.qpic.cn/mmbiz_jpg/abc/0", True),
        ("https://mmbiz.qpic.cn/mmbiz_jpg/abc/0", True),
        ("https://qpic.cn/a", True),
        (f"{API}/picture/a", True),
        ("", False),
        ("this is a url", False),
        ("http://mmbiz.qpic.cn.evil.example/a", False),
        ("http://evilqpic.cn/a", False),
        ("http://mmbiz.qpic.cn:6379/a", False),
        ("http://mmbiz.qpic.cn@127.0.0.1/a", False),
        ("http://user:pass@mmbiz.qpic.cn/a", False),
        ("http://127.0.0.1:8000/metrics", False),
        ("http://169.254.169.254/latest/meta-data/", False),
        ("http://[::1]/", False),
        ("http://[::1", False),
        ("file:///etc/passwd", False),
        ("ftp://mmbiz.qpic.cn/a", False),
        ("http://mmbiz。qpic.cn/a", False),
        ("http://mmbiz.qpic.cn:99999/a", False),
    ],
)
def test_pictures_are_fetched_from_wechats_hosts_only(url: str, trusted: bool) -> None:
    assert Pictures(httpx.AsyncClient(), API, None).is_trusted(url) is trusted


def test_a_picture_that_is_too_large_or_redirected_is_not_taken(line: Line) -> None:
    answers = {
        "/large": httpx.Response(200, content=b"x" * (MOST_PICTURE + 1)),
        "/moved": httpx.Response(302, headers={"location": "http://127.0.0.1/secret"}),
    }
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return answers[request.url.path]

    pictures = Pictures(httpx.AsyncClient(transport=httpx.MockTransport(answer)), API, None)
    from bot.wechat.inbound import Received

    for path in answers:
        message = Received("1", ALICE, "gh", "image", picture_url=f"http://mmbiz.qpic.cn{path}")
        assert asyncio.run(pictures.of(message)) is None
    assert asked == ["http://mmbiz.qpic.cn/large", "http://mmbiz.qpic.cn/moved"]
