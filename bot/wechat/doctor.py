"""What `anxin doctor` says of the WeChat channel: it asks WeChat for a token, as the bot does."""

from __future__ import annotations

from collections.abc import Iterator

import anyio
import httpx

from bot.settings import Settings
from bot.wechat.api import ApiError, Unreachable, stable_token

# What an operator has to do; what is not here is told by WeChat's own words.
_MENDS = {
    40013: "correct ANXIN_WECHAT_APP_ID",
    40125: "correct ANXIN_WECHAT_APP_SECRET",
    40164: "put this machine's address into the account's IP 白名单",
}


def wechat_findings(settings: Settings) -> Iterator[tuple[bool, str, str]]:
    """Whether it is well, what was found, and how to mend it."""
    if not settings.wechat_token.get_secret_value():
        yield True, "WeChat: not connected (ANXIN_WECHAT_TOKEN is empty)", ""
        return
    safe = bool(settings.wechat_aes_key.get_secret_value())
    kind = "verified" if settings.wechat_verified else "not verified (passive replies only)"
    yield True, f"WeChat: /wechat is served, {'safe' if safe else 'plain'} mode, {kind}", ""
    if not safe:
        yield (
            False,
            "WeChat: messages are not encrypted",
            "choose 安全模式 for the account and set ANXIN_WECHAT_AES_KEY and _APP_ID",
        )
    if safe and settings.wechat_allow_plain:
        yield (
            False,
            "WeChat: plain messages are let in though a key is set",
            "unset ANXIN_WECHAT_ALLOW_PLAIN once the account is in 安全模式",
        )
    if settings.wechat_freshness_s == 0:
        yield False, "WeChat: old requests are let in", "set ANXIN_WECHAT_FRESHNESS_S to 300"
    yield from _of_api(settings)


def _of_api(settings: Settings) -> Iterator[tuple[bool, str, str]]:
    base, app_id = settings.wechat_api_base, settings.wechat_app_id
    secret = settings.wechat_app_secret.get_secret_value()
    if not (app_id and secret):
        return

    async def ask() -> None:
        async with httpx.AsyncClient() as http:
            await stable_token(http, base, app_id, secret, force=False)

    try:
        anyio.run(ask)
    except ApiError as error:
        mend = _MENDS.get(error.code, error.message)
        yield False, f"WeChat: the API refuses us (errcode {error.code})", mend
    except Unreachable as error:
        yield False, f"WeChat: the API is not reached at {base} ({error})", "let this machine out"
    else:
        yield True, f"WeChat: the API answers at {base}", ""
