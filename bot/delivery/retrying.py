"""When what could not be delivered is tried again, and when it is given up."""

from __future__ import annotations

import datetime as dt

from bot.delivery.parcels import Delivery, Parcel

# 2, 4, 8 … seconds between attempts, five minutes at most: given up after about twenty minutes.
MOST_ATTEMPTS = 10
_LONGEST_WAIT_S = 300.0


def outcome(parcel: Parcel, delivery: Delivery, now: dt.datetime) -> dict[str, object]:
    """What is written down of `parcel` after an attempt; its lease ends."""
    attempts = parcel.attempts + 1
    if delivery.parts_sent > parcel.parts_sent:
        attempts = 0  # it is going forward
    state, wait = delivery.state, delivery.after_s
    if state == "later" and attempts >= MOST_ATTEMPTS:
        state = "dead"
    if wait is None:
        wait = min(2.0**attempts, _LONGEST_WAIT_S)
    values: dict[str, object] = {
        "state": "waiting" if state == "later" else state,
        "parts_sent": max(parcel.parts_sent, delivery.parts_sent),
        "sending": delivery.maybe_sent,
        "attempts": attempts,
        "reason": delivery.reason[:100],
        "due_at": now + dt.timedelta(seconds=wait),
        "leased_by": None,
        "leased_until": None,
    }
    if state in ("sent", "dead"):
        values["finished_at"] = now
    if state == "sent":
        values["payload"] = None
    return values
