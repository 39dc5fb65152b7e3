"""`/wechat`: WeChat waits five seconds for an answer, and asks three times in all.

An answer goes back in the request while it may. When time runs out, a verified account says
`success` and the answer follows by customer-service message. An account that is not verified has
no such way: the request is left unanswered so that WeChat asks again, the third time the person is
told to come back for the answer, and the next message brings it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Literal

import anyio
import structlog
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import PlainTextResponse
from sqlalchemy.exc import SQLAlchemyError

from bot.logging import described
from bot.wechat.answering import Answering, GoesAnotherWay
from bot.wechat.content import say
from bot.wechat.gate import Gate, Opened, Refused
from bot.wechat.inbound import Received
from bot.wechat.xml import text_reply
from dialogs.reply import Reply

SUCCESS = "success"  # the answer of somebody who has nothing to say; never encrypted
_SWEEP_EVERY = 20

_log = structlog.get_logger()


@dataclass(frozen=True)
class Timing:
    """All in seconds. WeChat breaks off after 5 s, whatever it may be told then."""

    budget: float = 4.3  # an answer that takes longer does not go back in the request
    in_time: float = 4.9  # an answer given later than this was hardly waited for
    hold: float = 5.6  # so long a request is held that WeChat shall repeat
    give_up: float = 8.0  # after the first time out: the third request is the last
    look: float = 5.0  # between two looks for what another process left unfinished


_TRIES = 3


class _TooSlow(Exception):
    """Nothing to say in time: WeChat shall ask again."""


@dataclass
class _Run:
    """A turn that is being worked at. All requests for its message wait for the one task."""

    task: asyncio.Task[Reply | None]
    way: Literal["passive", "late"] | None = None


class Webhook:
    """The requests of one account, in one process."""

    def __init__(self, gate: Gate, answering: Answering, timing: Timing) -> None:
        self._gate = gate
        self._answering = answering
        self._timing = timing
        self._runs: dict[str, _Run] = {}
        self._newest: dict[str, asyncio.Task[Reply | None]] = {}  # of each person
        self._tasks: set[asyncio.Task[None]] = set()

    def routes(self) -> APIRouter:
        """`GET /wechat` (the check of the address) and `POST /wechat`."""
        routes = APIRouter(include_in_schema=False)

        @routes.get("/wechat")
        async def check(request: Request) -> Response:
            try:
                return PlainTextResponse(self._gate.echo(request.query_params))
            except Refused as refused:
                raise _refusal(refused) from None

        @routes.post("/wechat")
        async def receive(request: Request) -> Response:
            try:
                opened = self._gate.open(request.query_params, await request.body())
                said = await self._answer(opened)
            except Refused as refused:
                raise _refusal(refused) from None
            except _TooSlow:
                raise HTTPException(503, "the answer is not ready; ask again") from None
            if said is None:
                return PlainTextResponse(SUCCESS)
            message = opened.received
            now = int(self._answering.now().timestamp())
            xml = text_reply(message.sender, message.account, said, now)
            return Response(self._gate.close(xml, opened.cipher), media_type="text/xml")

        return routes

    async def _answer(self, opened: Opened) -> str | None:
        """What goes back in a request; None for nothing. Raises `Refused` and `_TooSlow`."""
        message, began = opened.received, _clock()
        plain = opened.signature if opened.cipher is None else None
        again = message.key in self._runs
        await self._answering.arrived(message, plain, again)
        run = self._runs.get(message.key) or self._begin(message)
        if await self._done(run, began + self._timing.budget):
            if run.way is None:
                run.way = "passive"
        elif run.way != "passive" and await self._is_late(message, run, began):
            return self._elsewhere()
        reply = run.task.result() if run.task.done() else await self._answering.known(message)
        took = _clock() - began
        try:
            return await self._answering.said(
                message,
                reply,
                in_time=took < self._timing.in_time,
                slow=took > self._timing.budget / 2,
            )
        except GoesAnotherWay:
            return self._elsewhere()

    async def _is_late(self, message: Received, run: _Run, began: float) -> bool:
        """Time ran out. Whether the answer goes another way now; else it is there after all.
        Raises `_TooSlow` where WeChat shall ask again."""
        if self._answering.verified:
            run.way = "late"
        late = await self._answering.ran_out(message)
        if late is None or (late.is_over and late.state in ("slow", "told")):
            run.way = "passive"
            return False
        waited = (self._answering.now() - late.came_at).total_seconds()
        last = late.tries >= _TRIES or waited >= self._timing.give_up
        if self._answering.verified or last:
            state = await self._answering.give_up(message)
            if state != "told":
                self._start(self._finish(message.key))
                return True
        if not await self._done(run, began + self._timing.hold):
            raise _TooSlow
        return False

    def _elsewhere(self) -> str | None:
        return None if self._answering.verified else say("pending.notice")

    async def _done(self, run: _Run, until: float) -> bool:
        await asyncio.wait({run.task}, timeout=max(0.0, until - _clock()))
        return run.task.done()

    def _begin(self, message: Received) -> _Run:
        before = self._newest.get(message.sender)
        task = asyncio.create_task(self._work(message, before))
        run = self._runs[message.key] = _Run(task)
        self._newest[message.sender] = task

        def ended(_task: asyncio.Task[Reply | None]) -> None:
            del self._runs[message.key]
            if self._newest.get(message.sender) is task:
                del self._newest[message.sender]
            if not task.cancelled() and (error := task.exception()) is not None:
                _log.error("wechat_turn_failed", **described(error))

        task.add_done_callback(ended)
        return run

    async def _work(
        self, message: Received, before: asyncio.Task[Reply | None] | None
    ) -> Reply | None:
        known, others = await self._answering.looked_up(message)
        if known is not None:
            return known if known.blocks else None
        if before is not None:
            await asyncio.wait({before})  # in the order they came
        if others or before is not None:
            await self._answering.finish_earlier(message)
        return await self._answering.reply_to(message)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _finish(self, key: str) -> None:
        run = self._runs.get(key)
        if run is not None:
            await asyncio.wait({run.task})
        try:
            await self._answering.finish(key)
        except SQLAlchemyError as error:
            _log.warning("wechat_late_stalled", **described(error))  # taken up by the next look

    async def run_for_ever(self) -> None:
        """Finish what this or another process left unfinished, until cancelled."""
        looks = 0
        try:
            while True:
                try:
                    await self._answering.finish_due(sweep=looks % _SWEEP_EVERY == 0)
                except SQLAlchemyError as error:
                    _log.warning("wechat_late_stalled", **described(error))
                looks += 1
                await anyio.sleep(self._timing.look)
        finally:
            left = {*self._tasks, *(run.task for run in self._runs.values())}
            for task in left:
                task.cancel()
            with anyio.CancelScope(shield=True):
                await asyncio.gather(*left, return_exceptions=True)


def _clock() -> float:
    return asyncio.get_running_loop().time()


def _refusal(refused: Refused) -> HTTPException:
    _log.warning("wechat_refused", status=refused.status, reason=refused.reason)
    return HTTPException(refused.status, refused.reason.replace("_", " "))
