"""The webhook's door: who may come in, what is no update, and the connection behind it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import anyio
import pytest
import uvicorn
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError
from structlog.testing import capture_logs

from bot.app import App
from bot.bench.process import free_port
from bot.delivery.courier import Courier
from bot.settings import Settings
from bot.telegram.channel import open_channel, secret
from bot.telegram.webhook import PATH
from tests.bot.telegram.conftest import World
from tests.bot.telegram.world import MEI, SECRET, process, telegram_app, web_app
from tests.simulators.telegram_api import SECRET_HEADER, deliver
from tests.simulators.telegram_chats import DATE, TOKEN, Chats

HEADERS = {SECRET_HEADER: SECRET}
CHAT = {"id": MEI, "type": "private", "first_name": "梅"}
PERSON = {"id": MEI, "is_bot": False, "first_name": "梅"}
MESSAGE: dict[str, Any] = {"message_id": 1, "date": DATE, "chat": CHAT, "from": PERSON}


def update(**message: Any) -> dict[str, Any]:
    return {"update_id": 1, "message": MESSAGE | message}


@pytest.mark.parametrize("given_secret", [None, "", "wrong", SECRET + "x", SECRET.upper(), "ü"])
def test_without_the_secret_nothing_comes_in(world: World, given_secret: str | None) -> None:
    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            name = SECRET_HEADER.encode()
            headers = {} if given_secret is None else {name: given_secret.encode()}
            body = json.dumps(world.chats.text(MEI, "你好"))
            response = await bot.web.post(PATH, content=body, headers=headers)
            assert response.status_code == 403
            assert response.headers["content-type"] == "application/problem+json"
            await bot.carry()
            assert world.chats.seen(MEI) == []

    anyio.run(scenario)


BODIES: dict[str, bytes] = {
    "empty": b"",
    "not json": b"{",
    "not utf-8": b'{"update_id": "\xff"}',
    "a list": b"[]",
    "null": b"null",
    "deep": b"[" * 60_000,
    "no id": b"{}",
    "text for an id": b'{"update_id": "1"}',
    "true for an id": b'{"update_id": true}',
    "negative id": b'{"update_id": -1}',
    "huge id": b'{"update_id": 1' + b"0" * 5000 + b"}",
    "message is text": b'{"update_id": 1, "message": "x"}',
    "message without chat": b'{"update_id": 1, "message": {"message_id": 1, "date": 1}}',
    "text is a number": json.dumps(update(text=5)).encode(),
    "chat is text": json.dumps(update(chat={"id": "7", "type": "private"})).encode(),
    "date beyond all": json.dumps(update(date=10**18, text="x")).encode(),
    "entity without offset": json.dumps(update(text="/x", entities=[{"type": "b"}])).encode(),
    "photo without id": json.dumps(update(photo=[{}])).encode(),
    "voice is empty": json.dumps(update(voice={})).encode() + b" ",
    "sticker is a list": json.dumps(update(sticker=[1])).encode(),
    "tap of nobody": b'{"update_id": 1, "callback_query": {"id": "1", "data": "k"}}',
}


@pytest.mark.parametrize("name", BODIES)
def test_what_is_no_update_is_a_bad_request(world: World, name: str) -> None:
    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            with capture_logs():
                response = await bot.web.post(PATH, content=BODIES[name], headers=HEADERS)
            expected = (200, 400) if name == "voice is empty" else (400,)
            assert response.status_code in expected
            if response.status_code == 400:
                assert response.json()["title"] == "Bad Request"

    anyio.run(scenario)


def test_a_body_that_is_too_large_is_refused(world: World) -> None:
    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            response = await bot.web.post(PATH, content=b" " * 2_000_000, headers=HEADERS)
            assert response.status_code == 413

    anyio.run(scenario)


def test_the_longest_update_that_telegram_makes_is_taken(world: World) -> None:
    """4,096 signs outside the basic plane, written as escapes, in answer to as many."""

    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            told = MESSAGE | {"message_id": 2, "text": "𠮷" * 4096}
            long = world.chats.message(MEI, text="𠮷" * 4096, reply_to_message=told)
            body = json.dumps(long)
            assert len(body) > 90_000
            response = await bot.web.post(PATH, content=body, headers=HEADERS)
            assert response.status_code == 200
            await bot.carry()
            assert "太长" in world.chats.seen(MEI)[-1].text

    anyio.run(scenario)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
FIELDS = ("text", "caption", "photo", "document", "entities", "contact", "from", "chat", "date")


KINDS = ("message", "edited_message", "callback_query")


def with_field(kind: str, field: str, value: Any) -> dict[str, Any]:
    message = MESSAGE | {"text": "你好", field: value}
    tap = {"id": "1", "from": PERSON, "chat_instance": "1", "message": message, "data": "k"}
    return {"update_id": 1, kind: tap if kind == "callback_query" else message}


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.builds(with_field, st.sampled_from(KINDS), st.sampled_from(FIELDS), JSON),
        min_size=5,
        max_size=30,
    )
)
def test_whatever_stands_in_a_field_is_answered_or_refused(
    world: World, updates: list[dict[str, Any]]
) -> None:
    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            for one in updates:
                with capture_logs():
                    response = await bot.web.post(PATH, content=json.dumps(one), headers=HEADERS)
                assert response.status_code in (200, 400), one

    anyio.run(scenario)


@pytest.mark.parametrize("kind", KINDS)
def test_the_updates_of_these_tests_are_good_ones(world: World, kind: str) -> None:
    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            assert (await bot.post(with_field(kind, "text", "你好"))).status_code == 200

    anyio.run(scenario)


def test_updates_of_a_kind_we_do_not_know_are_let_be(world: World) -> None:
    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            assert (
                await bot.post({"update_id": 1, "invented_in_2030": {"x": 1}})
            ).status_code == 200
            await bot.carry()
            assert world.chats.sent == []

    anyio.run(scenario)


def test_a_webhook_is_never_without_a_secret(world: World) -> None:
    app = telegram_app(world.app, world.clock, world.api, telegram_secret=SecretStr(""))
    made = secret(app.settings)
    assert len(made) == 64

    async def scenario() -> None:
        async with process(app, world.chats) as bot:
            assert (await bot.post(world.chats.text(MEI, "你好"), secret="")).status_code == 403
            assert (await bot.post(world.chats.text(MEI, "你好"), secret=made)).status_code == 200

    anyio.run(scenario)


def test_without_a_token_there_is_no_channel(app: App) -> None:
    assert open_channel(app) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("telegram_token", "a token"),
        ("telegram_token", "123:abc/../x"),
        ("telegram_secret", "ü"),
        ("telegram_secret", "x" * 257),
        ("telegram_webhook_url", "anxin.example"),
        ("telegram_proxy", "socks5://127.0.0.1:1"),
        ("telegram_api_base", ""),
    ],
)
def test_a_bad_setting_is_refused_without_showing_a_secret(name: str, value: str) -> None:
    with pytest.raises(ValidationError, match=name) as refused:
        Settings(**{name: value}, _env_file=None)  # type: ignore[arg-type]
    if name == "telegram_token":
        assert refused.value.errors()[0]["msg"].endswith("(123456:ABC-DEF…)")


# --- over real connections, both ways -----------------------------------------------------------


@contextmanager
def served(app: App, port: int) -> Iterator[None]:
    """The webhook on a port, with the channel and the courier running beside it."""
    channel = open_channel(app)
    assert channel is not None

    @asynccontextmanager
    async def lifespan(_web: FastAPI) -> AsyncIterator[None]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(channel.run_for_ever)
            tasks.start_soon(Courier(app.outbox, [channel.sender]).run_for_ever)
            yield
            tasks.cancel_scope.cancel()

    web = web_app(channel)
    web.router.lifespan_context = lifespan
    server = uvicorn.Server(uvicorn.Config(web, port=port, log_level="error", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        wait_until(lambda: server.started and channel.connected)
        yield
    finally:
        server.should_exit = True
        thread.join(10)


def wait_until(done: Any, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_telegram_is_told_the_webhook_and_posts_to_it(world: World) -> None:
    port = free_port()
    chats: Chats = world.chats
    url = f"http://127.0.0.1:{port}{PATH}"
    app = telegram_app(world.app, world.clock, world.api, telegram_webhook_url=url)
    chats.fails("getMe", 502, "Bad Gateway")  # at first Telegram is not there
    chats.text(MEI, "你好")
    with capture_logs() as logs, served(app, port):
        wait_until(lambda: chats.webhook)
        assert chats.webhook == {"url": url, "secret": SECRET}
        assert deliver(chats) == [200]
        wait_until(lambda: chats.seen(MEI))
        chats.text(MEI, "广州月嫂培训免费吗")
        chats.text(MEI, "帮我对条件")
        assert deliver(chats) == [200, 200]
        wait_until(lambda: len(chats.seen(MEI)) == 3)
        chats.tap(MEI, "自己接活")
        assert deliver(chats) == [200]
        wait_until(lambda: len(chats.seen(MEI)) == 4)
    events = [line["event"] for line in logs]
    assert "telegram_not_connected" in events
    assert "telegram_connected" in events
    assert TOKEN not in str(logs)
