"""Carries parcels out of the outbox to the channels, beside the event loop's other work."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import anyio
import anyio.to_thread
import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.delivery.outbox import Outbox
from bot.delivery.parcels import Delivery, Parcel, Sender
from bot.logging import described

# Without a wake-up (another process put the parcel, or one is due again) it looks this often.
INTERVAL_S = 1.0

_log = structlog.get_logger()


class Courier:
    """One to a process; any number of processes may carry from one outbox."""

    def __init__(self, outbox: Outbox, senders: Sequence[Sender]) -> None:
        self._outbox = outbox
        self._senders = {sender.channel: sender for sender in senders}
        outbox.channels = frozenset(self._senders)

    async def run_due(self) -> int:
        """Carry what is due now; how many parcels were tried."""
        parcels = await anyio.to_thread.run_sync(self._outbox.claim)
        async with anyio.create_task_group() as tasks:
            for parcel in parcels:  # each of another person: their order does not matter
                tasks.start_soon(self._carry, parcel)
        return len(parcels)

    async def _carry(self, parcel: Parcel) -> None:
        # Also while the process is being stopped: what is begun is ended and written down, or
        # nobody would know whether it was sent.
        with anyio.CancelScope(shield=True):
            await self._deliver(parcel)

    async def _deliver(self, parcel: Parcel) -> None:
        ours = True

        async def announce(part: int) -> bool:
            nonlocal ours
            ours = await anyio.to_thread.run_sync(self._outbox.announce, parcel, part)
            return ours

        try:
            delivery = await self._senders[parcel.channel].send(parcel, announce)
        except Exception as error:
            # A sender raises for nothing foreseen: what is unforeseen must not stop the others.
            _log.error("delivery_broke", channel=parcel.channel, **described(error))
            delivery = Delivery("later", reason=type(error).__name__)
        if not ours:
            return  # the person was told another way
        if delivery.state != "sent":
            _log.warning(
                "delivery_failed",
                channel=parcel.channel,
                state=delivery.state,
                reason=delivery.reason,
            )
        await anyio.to_thread.run_sync(self._outbox.settle, parcel, delivery)

    async def run_for_ever(self) -> None:
        """Carry whatever comes, at once when something is put, until cancelled."""
        woken = anyio.Event()
        loop = asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon_threadsafe(lambda: woken.set())  # whichever thread put something

        self._outbox.wake = wake
        while True:
            try:
                tried = await self.run_due()
            except SQLAlchemyError as error:
                tried = 0
                _log.warning("courier_stalled", **described(error))
            if tried:
                continue  # the next one of the same person may be due
            with anyio.move_on_after(INTERVAL_S):
                await woken.wait()
            woken = anyio.Event()
