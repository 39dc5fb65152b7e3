"""What else the API does: menu, QR codes, media; and which pictures are fetched."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from bot.wechat.api import ApiError, Unreachable
from bot.wechat.content import menu
from bot.wechat.pictures import MOST_BYTES as MOST_PICTURE
from bot.wechat.pictures import Pictures
from tests.bot.wechat.harness import ALICE, API
from tests.bot.wechat.line import Line


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
