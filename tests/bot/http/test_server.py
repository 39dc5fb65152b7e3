"""The server stops while pages follow conversations."""

from __future__ import annotations

import threading
from functools import partial

import httpx
import pytest

from bot.app import App
from bot.http import create_app
from bot.http.server import Server
from tests.bot.serving import serving

CONVERSATION = "followed-until-the-server-stops"


def test_streams_end_and_the_server_stops(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    heard: list[str] = []
    listening = threading.Event()

    def follow(url: str) -> None:
        with httpx.stream("GET", f"{url}/api/v1/conversations/{CONVERSATION}/events") as stream:
            for line in stream.iter_lines():
                heard.append(line)
                listening.set()
        heard.append("the end")

    # However long it needs: without an end of its own the stream would stay for ten minutes.
    with serving(
        create_app(app), lifespan="on", graceful_s=None, kind=partial(Server, live=app.live)
    ) as url:
        httpx.post(f"{url}/api/v1/messages", json={"conversation": CONVERSATION, "text": "你好"})
        reader = threading.Thread(target=follow, args=(url,), daemon=True)
        reader.start()
        assert listening.wait(30)
    reader.join(30)
    assert heard[-1] == "the end"  # not cut off: that would have raised
    assert "Traceback" not in capsys.readouterr().err
