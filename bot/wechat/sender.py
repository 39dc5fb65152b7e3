"""Customer-service messages: the way out for what cannot go back in a request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import anyio.to_thread
import structlog
from sqlalchemy import Engine

from bot.delivery.parcels import Announce, Delivery, Parcel
from bot.wechat import quota
from bot.wechat.api import TOKEN_REFUSED, ApiError, Unreachable, WeChatApi
from bot.wechat.content import say
from bot.wechat.tables import CHANNEL, writing
from bot.wechat.text import MOST_BYTES, Part, doubtful, parts_of, pieces

_log = structlog.get_logger()


@dataclass(frozen=True)
class _Verdict:
    """What an errcode means for a parcel. `alert`: an operator must do something."""

    state: Literal["later", "held", "dead"]
    reason: str
    after_s: float | None = None
    alert: bool = False


# `held`: this way is closed for now; the person gets it with the reply to what they write next.
_CODES = {
    40003: _Verdict("dead", "bad_openid"),
    40164: _Verdict("held", "ip_not_allowed", alert=True),
    43004: _Verdict("dead", "not_following"),
    45002: _Verdict("dead", "too_long"),
    45008: _Verdict("dead", "too_many_articles"),
    45009: _Verdict("held", "daily_quota", alert=True),
    45011: _Verdict("later", "too_fast", after_s=60.0),
    45015: _Verdict("held", "window_over"),
    45047: _Verdict("held", "quota_used_up"),
    48001: _Verdict("held", "api_not_authorised", alert=True),
    48002: _Verdict("dead", "refuses_messages"),
    50005: _Verdict("dead", "not_following"),
    **dict.fromkeys(TOKEN_REFUSED, _Verdict("later", "token_refused", alert=True)),
    -1: _Verdict("later", "platform_busy"),
}
_UNKNOWN = _Verdict("later", "errcode", alert=True)
# Menus: not for this account (40200), too many choices (45098), too long (45002).
_NO_MENU = frozenset((40200, 45098, 45002))


class WeChatSender:
    """Sends parcels. Without an API (an account that is not verified) everything is held for the
    person's next message."""

    channel = CHANNEL

    def __init__(self, engine: Engine, api: WeChatApi | None, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._api = api
        self._now = now
        self._menus = True  # until the platform says that this account may not
        self._authorised = True

    async def send(self, parcel: Parcel, announce: Announce) -> Delivery:
        """Send what is left of a parcel, one customer-service message a part. WeChat knows no
        message again: one that may have been sent is sent with a word of it."""
        sent, maybe = parcel.parts_sent, parcel.maybe_sent
        if self._api is None or not self._authorised:
            return Delivery("held", sent, reason="passive_only", maybe_sent=maybe)
        for part in parts_of(parcel.reply)[sent:]:
            if not await anyio.to_thread.run_sync(self._take_one, parcel.recipient):
                return Delivery("held", sent, reason="quota_used_up", maybe_sent=maybe)
            if not await announce(sent):
                await anyio.to_thread.run_sync(self._give_back, parcel.recipient)
                return Delivery("later", sent, reason="taken_over")
            try:
                await self._send(self._api, parcel.recipient, doubtful(part) if maybe else part)
            except Unreachable as error:
                if not error.asked:
                    await anyio.to_thread.run_sync(self._give_back, parcel.recipient)
                maybe = maybe or error.asked
                return Delivery("later", sent, reason="unreachable", maybe_sent=maybe)
            except ApiError as error:
                await anyio.to_thread.run_sync(self._give_back, parcel.recipient)
                refused = await self._refused(error, parcel.recipient, sent)
                return replace(refused, maybe_sent=maybe)
            sent, maybe = sent + 1, False
        return Delivery("sent", sent)

    async def _send(self, api: WeChatApi, openid: str, part: Part) -> None:
        if part.options and self._menus:
            labels = [option.label for option in part.options]
            try:
                await api.send_menu(openid, part.text or say("options_ask"), labels, "")
            except ApiError as error:
                if error.code not in _NO_MENU:
                    raise
                self._menus = self._menus and error.code != 40200
            else:
                return
        await self._send_texts(api, openid, [part.whole])

    async def _send_texts(self, api: WeChatApi, openid: str, texts: Sequence[str]) -> None:
        for number, text in enumerate(texts):
            if number and not await anyio.to_thread.run_sync(self._take_one, openid):
                raise ApiError(45047)
            try:
                await api.send_text(openid, text)
            except ApiError as error:
                if error.code != 45002 or len(texts) > 1:
                    raise
                await self._send_texts(api, openid, pieces(text, MOST_BYTES // 3))

    async def _refused(self, error: ApiError, openid: str, sent: int) -> Delivery:
        verdict = _CODES.get(error.code, _UNKNOWN)
        reason = verdict.reason if verdict is not _UNKNOWN else f"errcode_{error.code}"
        if verdict.alert:
            _log.error("wechat_api_refused", code=error.code, reason=reason)
        if error.code == 48001:
            self._authorised = False
        if error.code in (45047, 45015):
            await anyio.to_thread.run_sync(self._close, openid, error.code == 45015)
        return Delivery(verdict.state, sent, verdict.after_s, reason)

    def _take_one(self, openid: str) -> bool:
        with writing(self._engine) as connection:
            return quota.take_one(connection, openid, self._now())

    def _give_back(self, openid: str) -> None:
        with writing(self._engine) as connection:
            quota.give_back(connection, openid, self._now())

    def _close(self, openid: str, window: bool) -> None:
        with writing(self._engine) as connection:
            (quota.close if window else quota.use_up)(connection, openid)
