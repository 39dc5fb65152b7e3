"""From what was received to what is said, without a thought for time: the webhook keeps that."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, TypeVar

import anyio
import anyio.to_thread
from sqlalchemy import Connection, Engine, bindparam, delete, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from bot.conversations.held import held
from bot.conversations.kept import history
from bot.conversations.retention import forget
from bot.conversations.rows import ConversationRow, TurnRow
from bot.conversations.stored import reply_from_json
from bot.delivery.parcels import OutboxRow
from bot.inbox import Inbox
from bot.wechat import content, quota
from bot.wechat.gate import Refused
from bot.wechat.inbound import Received
from bot.wechat.late import Late, LateTurns
from bot.wechat.passive import Passive
from bot.wechat.pictures import Pictures
from bot.wechat.tables import CHANNEL, AnswerRow, LateRow, LateState, QuotaRow, RequestRow, writing
from dialogs.reply import Message, Reply
from dialogs.text import as_text

# Threads that wait for turns; their own, so that slow turns leave the rest of the server its share.
_THREADS = 64
_KINDS = frozenset(("voice", "video", "location", "link"))
# Events that the person expects an answer to, and which open the small quota.
_ACTS = frozenset(("subscribe", "scan", "click", "scancode_waitmsg", "scancode_push"))

_T = TypeVar("_T")

_STORED = (
    select(TurnRow.reply)
    .join(ConversationRow, ConversationRow.pk == TurnRow.conversation_pk)
    .where(
        ConversationRow.channel == CHANNEL,
        ConversationRow.id == bindparam("person"),
        TurnRow.message_id == bindparam("message"),
    )
)


class GoesAnotherWay(Exception):
    """The answer goes, or went, through the outbox: a request must not bring it too."""


@dataclass
class Answering:
    """Answers messages of one account. `verified` accounts have the customer-service API."""

    engine: Engine
    inbox: Inbox
    passive: Passive
    late: LateTurns
    pictures: Pictures
    now: Callable[[], dt.datetime]
    verified: bool
    staff_has: Callable[[str], bool]  # whether staff have this person's conversation now

    def __post_init__(self) -> None:
        self._threads = anyio.CapacityLimiter(_THREADS)

    async def arrived(self, message: Received, plain_signature: str | None, again: bool) -> None:
        """Note what a message opens, unless it came before. Raises `Refused` for a plain signature
        that was used for another message."""
        acts = message.event in _ACTS or bool(message.menu_id)
        counts = self.verified and not again and (acts or message.kind != "event")
        if counts or plain_signature is not None:
            opens: Literal["acting", "writing"] | None = None
            if counts:
                opens = "acting" if acts else "writing"
            await self._in_thread(partial(self._arrived, message, plain_signature, opens))

    async def reply_to(self, message: Received) -> Reply | None:
        """The reply to a message, the same each time it is asked for; None: say nothing."""
        if message.kind == "event":
            return await self._reply_to_event(message)
        if message.kind == "image":
            picture = await self.pictures.of(message)
            if picture is None:
                return await self._cannot(message, "picture_lost")
            return await self._ask(message, "", (picture,))
        if message.kind == "text" or (message.kind == "voice" and message.text):
            return await self._reply_to_text(message)
        kind = "video" if message.kind == "shortvideo" else message.kind
        return await self._cannot(message, kind if kind in _KINDS else "other")

    async def said(
        self, message: Received, reply: Reply | None, *, in_time: bool, slow: bool
    ) -> str | None:
        """The text that goes back in the request (`Passive.said`); None: say nothing. Raises
        `GoesAnotherWay`. Without `in_time` WeChat has hardly waited for it; `slow`: another process
        may be about to send the answer another way."""
        return await self._in_thread(partial(self._said, message, reply, in_time, slow))

    async def ran_out(self, message: Received) -> Late | None:
        """A request ran out of time; how the message stands. None: its answer is there after all,
        and may have gone back in another request. Without the API that is no reason to forget it:
        WeChat asks again only for what it has not got."""
        return await self._in_thread(partial(self.late.ran_out, message, unless_over=self.verified))

    async def give_up(self, message: Received) -> LateState | None:
        """No request is to bring the answer any more, unless one has; how the message stands."""
        return await self._in_thread(partial(self.late.move, message.key, "late"))

    async def finish(self, key: str) -> None:
        """See a late message to its end: its answer goes into the outbox, once."""
        message = await self._in_thread(partial(self.late.take, key))
        if message is None:
            return
        reply = await self.reply_to(message)
        await self._in_thread(partial(self.passive.put_late, self.late, key, message.sender, reply))

    async def known(self, message: Received) -> Reply | None:
        """The reply that the message got before, without waiting for anybody's turn to end: a
        repeat of what was answered long ago must not run out of time. None: it is new."""
        return await self._in_thread(partial(self._stored, message))

    async def looked_up(self, message: Received) -> tuple[Reply | None, bool]:
        """The same, and whether other late messages of the person are to be finished first."""

        def look() -> tuple[Reply | None, bool]:
            return self._stored(message), bool(self.late.earlier(message))

        return await self._in_thread(look)

    async def finish_earlier(self, message: Received) -> None:
        """See the person's other late messages to their end first."""
        for key in await self._in_thread(partial(self.late.earlier, message)):
            await self.finish(key)

    async def finish_due(self, *, sweep: bool) -> None:
        """See to what nobody seems to be working at; `sweep` forgets what is long done."""
        for key in await self._in_thread(self.late.due):
            await self.finish(key)
        if sweep:
            await self._in_thread(self.late.sweep)

    # --- the reply ---------------------------------------------------------------------------

    async def _reply_to_text(self, message: Received) -> Reply | None:
        text = message.text
        if content.sticker(text):
            return await self._cannot(message, "sticker")
        if content.is_word("sources", text):
            return await self._in_thread(partial(self._sources, message.sender))
        number = content.is_word("number", text)
        if (number or content.is_word("collect", text)) and await self._in_thread(
            partial(self._only_collects, message, number)
        ):
            return None
        return await self._ask(message, text)

    async def _reply_to_event(self, message: Received) -> Reply | None:
        asked: str | None = None
        if message.event == "unsubscribe":
            await self._in_thread(partial(self._forget, message.sender))
        elif message.event == "subscribe":
            asked = content.asked_by_scene(message.event_key)
            if asked is None:
                return content.talk(content.say("greeting"))
        elif message.event == "scan":
            asked = content.asked_by_scene(message.event_key)
        elif message.event == "click":
            asked = content.asked_by_menu(message.event_key)
            if asked is None:
                return content.talk(content.say("kinds.menu_old"))
        elif message.event == "scancode_waitmsg":
            asked = message.scanned or None
        return None if asked is None else await self._ask(message, asked)

    async def _ask(
        self, message: Received, text: str, images: tuple[bytes, ...] = ()
    ) -> Reply | None:
        asked = Message(text, message.sender, message.key, CHANNEL, images=images)
        reply = await self._in_thread(partial(self.inbox.handle, asked))
        return reply if reply.blocks else None

    def _stored(self, message: Received) -> Reply | None:
        with self.engine.connect() as connection:
            asked = {"person": message.sender, "message": message.key}
            stored = connection.execute(_STORED, asked).scalar()
        return None if stored is None else reply_from_json(stored)

    async def _cannot(self, message: Received, kind: str) -> Reply | None:
        """Kind words for what cannot be read. A member of staff who has the conversation is told
        that it came, and then the bot is silent."""
        if await self._in_thread(partial(self.staff_has, message.sender)):
            return await self._ask(message, content.say(f"for_staff.{kind}"))
        return content.talk(content.say(f"kinds.{kind}"))

    def _sources(self, openid: str) -> Reply:
        """The clauses of the last answer, word for word."""
        for turn in reversed(history(self.engine, CHANNEL, openid, limit=10)):
            if turn.reply.citations:
                quoted = as_text(replace(turn.reply, blocks=(), options=()))
                return content.talk(quoted)
        return content.talk(content.say("sources.none"))

    def _only_collects(self, message: Received, number: bool) -> bool:
        """Whether the text does nothing but ask for what has been announced. A number may also be
        that of an option, unless an answer or its rest was announced after it."""
        with self.engine.connect() as connection:
            if connection.execute(
                select(AnswerRow.key).where(AnswerRow.key == message.key)
            ).scalar():
                return True  # a repeat
            announced = OutboxRow.key.startswith(f"{CHANNEL}:")
            waiting = connection.execute(
                select(func.count()).where(
                    OutboxRow.channel == CHANNEL,
                    OutboxRow.recipient == message.sender,
                    OutboxRow.state.in_(("waiting", "held")),
                    announced if number else or_(announced, OutboxRow.state == "held"),
                )
            ).scalar_one()
        return waiting > 0 or bool(self.late.earlier(message))

    def _said(
        self, message: Received, reply: Reply | None, in_time: bool, slow: bool
    ) -> str | None:
        claims = slow and in_time
        state = self.late.claim(message) if claims else self.late.state(message.key)
        if state == "slow" and in_time:
            state = self.late.move(message.key, "told")
        if state in ("late", "sent"):
            raise GoesAnotherWay
        return self.passive.said(message, reply)

    def _forget(self, openid: str) -> None:
        """Who unfollows is forgotten altogether, as Tencent asks of every account."""
        with held(self.engine, CHANNEL, openid, self.now()) as conversation:
            conversation.begin_writing()
            connection = conversation.connection
            forget(connection, conversation.pk)
            connection.execute(
                delete(OutboxRow).where(OutboxRow.channel == CHANNEL, OutboxRow.recipient == openid)
            )
            connection.execute(delete(LateRow).where(LateRow.openid == openid))
            connection.execute(delete(QuotaRow).where(QuotaRow.openid == openid))
            connection.execute(delete(ConversationRow).where(ConversationRow.pk == conversation.pk))

    # --- what comes in -------------------------------------------------------------------------

    def _arrived(
        self,
        message: Received,
        plain_signature: str | None,
        opens: Literal["acting", "writing"] | None,
    ) -> None:
        with writing(self.engine) as connection:
            if plain_signature is not None:
                self._once(connection, plain_signature, message.key)
            if opens is not None:
                quota.opened(connection, message.sender, opens, self.now())

    def _once(self, connection: Connection, sign: str, key: str) -> None:
        upsert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        connection.execute(
            upsert(RequestRow)
            .values(signature=sign[:40], key=key, at=self.now())
            .on_conflict_do_nothing()
        )
        used_for = connection.execute(
            select(RequestRow.key).where(RequestRow.signature == sign[:40])
        ).scalar_one()
        if used_for != key:
            raise Refused(403, "replayed")

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await anyio.to_thread.run_sync(work, limiter=self._threads)
