"""`anxin wechat`: the account's menu, QR codes of topics, a platform to try it all without one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import httpx
import typer

from bot.wechat.api import ApiError, Unreachable, WeChatApi
from bot.wechat.content import asked_by_scene, menu, scenes

wechat_app = typer.Typer(no_args_is_help=True, add_completion=False)
menu_app = typer.Typer(no_args_is_help=True, add_completion=False)
wechat_app.add_typer(menu_app, name="menu", help="The account's menu (bot/wechat/menu.yaml).")

_T = TypeVar("_T")
_NO_MENU = 46003


@menu_app.command("push")
def push_menu() -> None:
    """Make the menu of bot/wechat/menu.yaml the account's. People see it within five minutes."""
    _with_api(lambda api: api.push_menu(menu()))
    typer.echo("menu pushed")


@menu_app.command("show")
def show_menu() -> None:
    """The menu as WeChat has it."""
    shown = _with_api(_shown)
    for button in shown:
        typer.echo(button["name"])
        for item in button.get("sub_button", []):
            typer.echo(f"  {item['name']}  ({item.get('type')} {item.get('key', '')})")
    if not shown:
        typer.echo("the account has no menu")


@wechat_app.command("qr")
def make_qr(
    scene: Annotated[str | None, typer.Argument(help="A scene of bot/wechat/menu.yaml.")] = None,
) -> None:
    """The address of a QR code that opens a topic; without a scene, which there are."""
    if scene is None:
        for name, question in scenes().items():
            typer.echo(f"{name}: {question}")
        return
    if asked_by_scene(scene) is None:
        raise typer.BadParameter(f"no scene {scene!r}; anxin wechat qr lists them")
    typer.echo(_with_api(lambda api: api.create_qr(scene)))


@wechat_app.command("simulate")
def simulate(
    url: Annotated[
        str | None,
        typer.Option(
            help="A running bot's /wechat (its ANXIN_WECHAT_ settings count); else one is started."
        ),
    ] = None,
    verified: Annotated[
        bool, typer.Option(help="As a verified account, with customer-service messages.")
    ] = True,
    plain: Annotated[bool, typer.Option(help="Plain mode; else safe mode.")] = False,
) -> None:
    """Be a WeChat user in the terminal, without an account: messages are signed and encrypted, and
    repeated when the bot takes longer than five seconds, as WeChat does it."""
    from bot.wechat.simulate import run_simulation

    run_simulation(url, verified=verified, plain=plain)


async def _shown(api: WeChatApi) -> list[dict[str, Any]]:
    try:
        given = await api.show_menu()
    except ApiError as error:
        if error.code == _NO_MENU:
            return []
        raise
    buttons: list[dict[str, Any]] = given.get("menu", {}).get("button", [])
    return buttons


def _with_api(work: Callable[[WeChatApi], Awaitable[_T]]) -> _T:
    """Do something with the account's API; a refusal is one clear line."""
    from bot.app import utc_now
    from bot.database import migrate, open_engine
    from bot.sealing import Seal
    from bot.settings import settings
    from bot.wechat.service import api_of

    current = settings()
    engine = open_engine(current.database_url)
    migrate(engine)

    async def run() -> _T:
        async with httpx.AsyncClient() as http:
            api = api_of(current, engine, Seal.at(current.seal_key_file), utc_now, http)
            if api is None:
                typer.echo("set ANXIN_WECHAT_APP_ID and ANXIN_WECHAT_APP_SECRET", err=True)
                raise typer.Exit(2)
            return await work(api)

    try:
        return asyncio.run(run())
    except ApiError as error:
        typer.echo(f"WeChat refused: errcode {error.code} {error.message}", err=True)
        raise typer.Exit(1) from error
    except Unreachable as error:
        typer.echo(f"WeChat cannot be reached at {current.wechat_api_base}: {error}", err=True)
        raise typer.Exit(1) from error
    finally:
        engine.dispose()
