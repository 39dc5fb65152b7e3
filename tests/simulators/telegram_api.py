"""A Telegram Bot API on a port of this machine: for tests, and to talk to the bot by hand.

By hand, in one terminal:

    .venv/bin/python -m tests.simulators.telegram_api

and in another, as it says there:

    ANXIN_TELEGRAM_TOKEN=… ANXIN_TELEGRAM_API_BASE=… .venv/bin/anxin telegram poll

Then write as a person would on Telegram. `/tap 2` taps the second button, `/photo file` sends a
picture, `/sticker` a sticker; other lines, also /start and the like, are sent as they are.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import typer
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.simulators.telegram_chats import TOKEN, Chats, Refusal, Sent

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
_JSON = frozenset(("commands", "reply_markup", "allowed_updates", "link_preview_options"))


def bot_api(chats: Chats, token: str = TOKEN) -> Starlette:
    """The server's application."""

    async def call(request: Request) -> Response:
        if request.path_params["token"] != token:
            return _refused(Refusal(401, "Unauthorized"))
        given = await _given(request)
        method = request.path_params["method"]
        try:
            result = chats.call(method, given)
            if method == "getUpdates":
                result = await _long_poll(chats, request, given, result)
        except Refusal as refusal:
            return _refused(refusal)
        return JSONResponse({"ok": True, "result": result})

    async def download(request: Request) -> Response:
        name = Path(request.path_params["path"]).stem
        if request.path_params["token"] != token or name not in chats.files:
            return _refused(Refusal(404, "Not Found"))
        return Response(chats.files[name])

    return Starlette(
        routes=[
            Route("/bot{token}/{method}", call, methods=["GET", "POST"]),
            Route("/file/bot{token}/{path:path}", download),
        ]
    )


async def _given(request: Request) -> dict[str, Any]:
    form = dict(await request.form())
    return {
        name: json.loads(str(value)) if name in _JSON or name == "offset" else str(value)
        for name, value in form.items()
    }


async def _long_poll(chats: Chats, request: Request, given: dict[str, Any], found: Any) -> Any:
    until = time.monotonic() + float(given.get("timeout", 0))
    while not found and time.monotonic() < until and not chats.closing:
        if await request.is_disconnected():
            break
        await asyncio.sleep(0.02)
        with chats.lock:
            found = chats._do("getUpdates", given)
    return found


def _refused(refusal: Refusal) -> JSONResponse:
    return JSONResponse(
        {
            "ok": False,
            "error_code": refusal.status,
            "description": refusal.description,
            **({"parameters": refusal.parameters} if refusal.parameters else {}),
        },
        status_code=refusal.status,
    )


@contextmanager
def running(chats: Chats, port: int = 0, token: str = TOKEN) -> Iterator[str]:
    """The server on a port (0: a free one) in a thread of its own; gives its address."""
    config = uvicorn.Config(
        bot_api(chats, token), port=port, log_level="error", access_log=False, lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the simulator did not start: is its port taken?")
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        chats.closing = server.should_exit = True
        thread.join(10)


def deliver(chats: Chats) -> list[int]:
    """Post what waits to the webhook that is set, in order, as Telegram does: an update that is not
    taken stays first. The statuses that came back."""
    statuses = []
    while chats.pending:
        response = httpx.post(
            chats.webhook["url"],
            json=chats.pending[0],
            headers={SECRET_HEADER: chats.webhook["secret"]},
            timeout=60,
            trust_env=False,
        )
        statuses.append(response.status_code)
        if not response.is_success:
            chats.last_error = f"Wrong response from the webhook: {response.status_code}"
            break
        chats.pending.popleft()
    return statuses


# --- by hand ---------------------------------------------------------------------------------


def _show(message: Sent) -> None:
    typer.echo(f"\n{message.text}")
    for number, label in enumerate(message.labels, 1):
        typer.echo(f"   [{number}] {label}")


def _watch(chats: Chats) -> None:
    shown, alerts = 0, 0
    while True:
        for message in chats.sent[shown:]:
            _show(message)
            shown += 1
        for answer in chats.answered[alerts:]:
            alerts += 1
            if answer.get("text"):
                typer.echo(f"\n（{answer['text']}）")
        if chats.webhook and chats.pending:
            try:
                deliver(chats)
            except httpx.HTTPError as error:
                typer.echo(f"the webhook does not answer: {type(error).__name__}", err=True)
                time.sleep(2)
        time.sleep(0.1)


def _type(chats: Chats, line: str, chat: int = 7) -> None:
    name, _, argument = line.partition(" ")
    if name == "/tap":
        offered = [message for message in chats.seen(chat) if message.labels]
        number = int(argument or "1") if argument.strip().isdigit() or not argument else 0
        if offered and 1 <= number <= len(offered[-1].labels):
            chats.tap(chat, offered[-1].labels[number - 1])
        else:
            typer.echo("no such button")
    elif name == "/photo":
        try:
            chats.photo(chat, Path(argument).expanduser().read_bytes())
        except OSError as error:
            typer.echo(f"cannot read it: {error.strerror}")
    elif name == "/sticker":
        chats.message(chat, sticker=_STICKER)
    else:
        chats.text(chat, line)


_STICKER = {
    "file_id": "s1",
    "file_unique_id": "us1",
    "type": "regular",
    "width": 512,
    "height": 512,
    "is_animated": False,
    "is_video": False,
}


def main() -> None:
    """Serve, and read the person's lines from standard input until its end."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--port", type=int, default=8081)
    chats = Chats()
    with running(chats, parser.parse_args().port) as address:
        typer.echo(
            "In another terminal:\n"
            f"  ANXIN_TELEGRAM_TOKEN={TOKEN} ANXIN_TELEGRAM_API_BASE={address}"
            " .venv/bin/anxin telegram poll\nThen write here; /tap 1 taps a button,"
            " /photo file sends a picture. Ctrl+D ends."
        )
        threading.Thread(target=_watch, args=(chats,), daemon=True).start()
        for line in sys.stdin:
            if line.strip():
                _type(chats, line.strip())
        time.sleep(1)  # what is on its way is still shown


if __name__ == "__main__":
    main()
