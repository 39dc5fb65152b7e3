"""`anxin telegram poll`: Telegram without an address of one's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import anyio
import typer
from telegram.error import InvalidToken

from bot import upkeep
from bot.app import App, assemble
from bot.delivery.courier import Courier
from bot.logging import configure_logging
from bot.recheck import Rechecker
from bot.settings import settings
from bot.telegram import polling
from bot.telegram.channel import TelegramChannel, open_channel

telegram_app = typer.Typer(no_args_is_help=True, add_completion=False)


@telegram_app.callback()
def _telegram() -> None:
    """The Telegram channel (docs/telegram.md)."""


@telegram_app.command()
def poll(
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Remove the webhook that the bot may have.")
    ] = False,
) -> None:
    """Ask Telegram for messages and answer them, until stopped. One process to a bot."""
    current = settings()
    configure_logging(current.log_level)
    if not current.telegram_token.get_secret_value():
        raise _fail("set ANXIN_TELEGRAM_TOKEN to the bot's token from @BotFather")
    app = assemble(current, typer.echo)
    channel = open_channel(app)
    assert channel is not None  # noqa: S101 - there is a token
    try:
        anyio.run(run_polling, app, channel, typer.echo, take_over)
    except InvalidToken:
        # The error's own text holds the token.
        raise _fail(
            "Telegram refuses the token: see ANXIN_TELEGRAM_TOKEN, or ask @BotFather"
        ) from None
    except polling.WebhookIsSet as error:
        raise _fail(
            f"this bot has a webhook ({error}), which polling would take away."
            " If that is meant: anxin telegram poll --take-over"
        ) from None
    except KeyboardInterrupt:
        typer.echo("stopped")


async def run_polling(
    app: App, channel: TelegramChannel, progress: Callable[[str], None], take_over: bool
) -> None:
    """Poll until cancelled, with all that a process does by itself beside it. Raises as
    `polling.connect` does."""
    try:
        name = await polling.connect(channel, progress, take_over=take_over)
        progress(f"@{name} answers at https://t.me/{name}  (Ctrl+C stops it)")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(Courier(app.outbox, [channel.sender]).run_for_ever)
            tasks.start_soon(upkeep.run_for_ever, app)
            permits = app.conversation.permits
            if permits is not None:
                rechecker = Rechecker(app.engine, permits, app.conversation.now, app.outbox)
                tasks.start_soon(rechecker.run_for_ever)
            await polling.poll(channel.telegram, progress)
            tasks.cancel_scope.cancel()
        raise InvalidToken
    finally:
        with anyio.CancelScope(shield=True):
            await channel.close()


def _fail(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(1)
