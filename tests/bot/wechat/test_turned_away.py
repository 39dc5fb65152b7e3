"""Who may not come in, and what is kept of who may."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from sqlalchemy import select
from structlog.testing import capture_logs

from bot.wechat.tables import LateRow
from dialogs.memory import Memory
from dialogs.reply import Message, Reply
from tests.bot.wechat.harness import ALICE, Echo, bench, talk, until
from tests.simulators.wechat_platform import Account, Platform, as_xml, sha1


def test_bad_requests_are_refused_and_never_break_anything(tmp_path: Path, database: str) -> None:
    echo = Echo()
    with capture_logs() as logs, bench(tmp_path, database, answer=echo) as on:

        async def scene(platform: Platform) -> None:
            account, client = platform.account, platform.client
            fields = platform.message(ALICE, "text", Content="问")
            query, body = platform.request(fields)

            async def status(query: dict[str, str], body: bytes) -> int:
                response = await client.post("/wechat", params=query, content=body)
                if response.status_code != 200:
                    assert response.headers["content-type"] == "application/problem+json"
                    assert "Traceback" not in response.text
                return response.status_code

            old = str(int(time.time()) - 4000)
            stale = {"timestamp": old, "nonce": "1", "signature": sha1(account.token, old, "1")}
            assert await status(query, body) == 200
            assert await status(query | {"msg_signature": "0" * 40}, body) == 403
            assert await status({}, body) == 403
            assert await status(stale, body) == 403
            assert await status(query, b"<xml><Encrypt>") == 400
            assert await status(query, b'{"Encrypt": "x"}') == 400
            assert await status(query, b"<!DOCTYPE a>" + body) == 400
            assert await status(query, b"x" * (64 * 1024 + 1)) == 413
            good = await client.get("/wechat", params=_url_check(account, "echo123"))
            assert (good.status_code, good.text) == (200, "echo123")
            bad = await client.get("/wechat", params={"echostr": "echo123"})
            assert bad.status_code == 403

        on.run(scene)
    assert echo.asked == ["问"]
    assert ALICE not in str(logs)
    assert "request_failed" not in str(logs)


def _url_check(account: Account, echo: str) -> dict[str, str]:
    now = str(int(time.time()))
    return {
        "timestamp": now,
        "nonce": "n",
        "echostr": echo,
        "signature": sha1(account.token, now, "n"),
    }


def test_a_plain_signature_serves_for_one_message_only(tmp_path: Path, database: str) -> None:
    echo = Echo()
    with bench(tmp_path, database, Account(mode="plain"), echo) as on:

        async def scene(platform: Platform) -> None:
            fields = platform.message(ALICE, "text", Content="问")
            query, body = platform.request(fields)
            forged = as_xml({**fields, "MsgId": "5", "Content": "删除我的记录"}).encode()
            post = platform.client.post
            assert (await post("/wechat", params=query, content=body)).status_code == 200
            assert (await post("/wechat", params=query, content=forged)).status_code == 403
            assert (await post("/wechat", params=query, content=body)).status_code == 200

        on.run(scene)
    assert echo.asked == ["问"]


def test_what_is_kept_of_a_late_message_cannot_be_read(tmp_path: Path, database: str) -> None:
    go = threading.Event()

    def slow(_message: Message, _memory: Memory) -> Reply:
        assert go.wait(600)
        return talk("好")

    with bench(tmp_path, database, Account(verified=True), slow, short=True) as on:

        def sealed() -> str:
            with on.app.engine.connect() as connection:
                return connection.execute(select(LateRow.sealed)).scalar_one()

        async def scene(platform: Platform) -> None:
            await platform.say(ALICE, "我叫王小红，电话13800138000")
            assert sealed()
            assert "王小红" not in sealed()
            assert "13800138000" not in sealed()
            go.set()
            await until(lambda: bool(platform.api.delivered))
            assert sealed() == ""

        on.run(scene)
