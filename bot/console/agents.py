"""A browser's description of itself, in words that its owner knows again."""

from __future__ import annotations

from bot.console.wording import say, table


def browser_of(user_agent: str) -> str:
    """Such as “Chrome浏览器，Windows”. Only for showing: anybody can claim to be any browser."""
    browser = _first("browser", user_agent) or say("unknown_browser")
    system = _first("system", user_agent) or say("unknown_system")
    return f"{browser}，{system}"


def _first(kind: str, user_agent: str) -> str | None:
    return next((name for sign, name in table(kind).items() if sign in user_agent), None)
