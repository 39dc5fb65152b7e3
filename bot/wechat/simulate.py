"""`anxin wechat simulate`: the test platform of tests/simulators in the terminal."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import httpx
import typer
import uvicorn
from pydantic import SecretStr

from bot.settings import Settings, settings

_CHECKOUT = Path(__file__).resolve().parents[2]
_PERSON = "oTerminalUser0000000000000001"
HELP = (
    "type a message, or: /follow  /scan SCENE  /menu KEY  /qr TEXT (scan a code by the menu)"
    "  /photo FILE  /voice  /help  /quit"
)


def run_simulation(url: str | None, *, verified: bool, plain: bool) -> None:
    """Read lines until the end of input; each is sent as WeChat would send it."""
    platform = _platform_module()
    current = settings()
    port = _free_port()
    if url is None:
        account = platform.Account(mode="plain" if plain else "safe", verified=verified)
        current = _made_up(current, account, port)
    else:
        port = urlsplit(current.wechat_api_base).port or port
        account = platform.Account(
            token=current.wechat_token.get_secret_value(),
            app_id=current.wechat_app_id,
            secret=current.wechat_app_secret.get_secret_value(),
            aes_key=current.wechat_aes_key.get_secret_value(),
            mode="safe" if current.wechat_aes_key.get_secret_value() else "plain",
            verified=current.wechat_verified,
        )
    client = httpx.AsyncClient(timeout=30)
    person = platform.Platform(account, client, url or "")
    with _serving(person.api.app(), port):
        if url is not None:
            asyncio.run(_talk(platform, person, client, port))
            return
        from bot.app import assemble
        from bot.http import create_app

        own = _free_port()
        with _serving(create_app(assemble(current, typer.echo)), own):
            person.url = f"http://127.0.0.1:{own}/wechat"
            asyncio.run(_talk(platform, person, client, port))


async def _talk(platform: ModuleType, person: Any, client: httpx.AsyncClient, port: int) -> None:
    async def show(delivered: Any) -> None:
        typer.echo(f"\n[客服消息]\n{delivered.text}\n")

    person.api.on_delivered = show
    typer.echo(HELP)
    async with client:
        while True:
            line = await asyncio.to_thread(_read)
            if line is None or line in ("/quit", "/exit"):
                return
            if not line:
                continue
            began = time.monotonic()
            try:
                outcome = await _send(person, line, port)
            except platform.Broken as broken:
                typer.echo(f"[the bot's answer is not what WeChat takes: {broken}]")
                continue
            except OSError as error:
                typer.echo(f"[{error}]")
                continue
            if outcome is None:
                typer.echo(HELP)
                continue
            took = f"{len(outcome.tries)} request(s), {time.monotonic() - began:.1f} s"
            shown = outcome.shown
            if outcome.failed:
                statuses = [one.status for one in outcome.tries]
                shown = f"该公众号暂时无法提供服务，请稍后再试 {statuses}"
            typer.echo(f"\n{shown}\n" if shown else "[nothing shown]")
            typer.echo(f"[{took}]")


async def _send(person: Any, line: str, port: int) -> Any:
    name, _, rest = line.partition(" ")
    rest = rest.strip()
    if not line.startswith("/"):
        return await person.say(_PERSON, line)
    if name == "/follow":
        return await person.event(_PERSON, "subscribe", EventKey="")
    if name == "/scan":
        return await person.event(_PERSON, "SCAN", EventKey=rest)
    if name == "/menu":
        return await person.event(_PERSON, "CLICK", EventKey=rest)
    if name == "/qr":
        return await person.event(_PERSON, "scancode_waitmsg", EventKey="scan", ScanResult=rest)
    if name == "/voice":
        voice = person.message(_PERSON, "voice", MediaId="voice", Format="amr", Recognition="")
        return await person.post(voice)
    if name == "/photo":
        path = Path(rest).expanduser()
        person.api.media[path.name] = path.read_bytes()
        address = f"http://127.0.0.1:{port}/picture/{path.name}"
        return await person.post(
            person.message(_PERSON, "image", PicUrl=address, MediaId=path.name)
        )
    return None


def _read() -> str | None:
    try:
        return input("> " if sys.stdin.isatty() else "").strip()
    except (EOFError, KeyboardInterrupt):
        return None


def _made_up(current: Settings, account: Any, port: int) -> Settings:
    """The settings of a bot for a made-up account whose API is on `port`."""
    return current.model_copy(
        update={
            "wechat_token": SecretStr(account.token),
            "wechat_app_id": account.app_id,
            "wechat_app_secret": SecretStr(account.secret),
            "wechat_aes_key": SecretStr("" if account.mode == "plain" else account.aes_key),
            "wechat_verified": account.verified,
            "wechat_api_base": f"http://127.0.0.1:{port}",
        }
    )


def _platform_module() -> ModuleType:
    """The platform is a part of the tests: it is there in a checkout only."""
    if not (_CHECKOUT / "tests" / "simulators" / "wechat_platform.py").exists():
        typer.echo("the simulator is a part of the source checkout (tests/simulators)", err=True)
        raise typer.Exit(2)
    if str(_CHECKOUT) not in sys.path:
        sys.path.insert(0, str(_CHECKOUT))
    from importlib import import_module

    return import_module("tests.simulators.wechat_platform")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def _serving(app: Any, port: int) -> Iterator[None]:
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", access_log=False)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    if not server.started:
        typer.echo(f"cannot listen on 127.0.0.1:{port}", err=True)
        raise typer.Exit(1)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)
