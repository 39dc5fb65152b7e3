"""What `anxin doctor` says of the WeChat channel."""

from __future__ import annotations

from collections.abc import Iterator

from bot.settings import Settings


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
