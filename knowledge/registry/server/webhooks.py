"""Telling subscribers of changes: from a table written with the change, so none is lost."""

from __future__ import annotations

import base64
import uuid
from urllib.parse import urlsplit

import httpx
from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.registry.contract_service import StatusChanged
from knowledge.registry.server.core import Core
from knowledge.registry.server.tables import DeliveryRow, PermitRow, SubscriptionRow
from knowledge.registry.webhook import permit_key, signature

_MOST_ATTEMPTS = 8
_FIRST_WAIT_S = 5
_AT_ONCE = 50
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def subscribe(core: Core, url: str, key: bytes) -> None:
    """Send notices of changes to `url` from now on. Raises `ValueError` for what is no address, and
    for plain http elsewhere than on this machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ValueError("a subscriber's address needs https")
    try:
        httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError("not an address") from error
    with core.session() as session:
        sealed = core.secret.seal({"key": base64.b64encode(key).decode()})
        session.add(SubscriptionRow(url=url, sealed_key=sealed))


def deliver_due(core: Core, client: httpx.Client) -> int:
    """Send what is due; what fails is tried again later, each time after twice as long. Returns how
    many were delivered."""
    delivered = 0
    now = int(core.now())
    with core.session() as session:
        due = session.execute(
            select(DeliveryRow, SubscriptionRow)
            .join(SubscriptionRow, SubscriptionRow.id == DeliveryRow.subscription_id)
            .where(
                DeliveryRow.delivered_at.is_(None),
                DeliveryRow.next_at <= now,
                DeliveryRow.attempts < _MOST_ATTEMPTS,
            )
            .order_by(DeliveryRow.id)
            .limit(_AT_ONCE)
            .with_for_update(skip_locked=True, of=DeliveryRow)
        ).all()
        for delivery, subscription in due:
            delivery.attempts += 1
            delivery.next_at = now + _FIRST_WAIT_S * 2**delivery.attempts
            if _send(core, session, client, delivery, subscription, now):
                delivery.delivered_at = now
                delivered += 1
    return delivered


def _send(
    core: Core,
    session: Session,
    client: httpx.Client,
    delivery: DeliveryRow,
    subscription: SubscriptionRow,
    now: int,
) -> bool:
    key = base64.b64decode(core.secret.unseal(subscription.sealed_key)["key"])
    number = session.scalar(select(PermitRow.number).where(PermitRow.id == delivery.permit_id))
    notice = StatusChanged(
        event_id=uuid.UUID(delivery.event_id),
        permit_hmac=permit_key(key, str(number)),
        status_version=delivery.version,
        at=delivery.at,
    )
    body = notice.model_dump_json().encode()
    headers = {
        "content-type": "application/json",
        "x-timestamp": str(now),
        "x-signature": signature(key, now, body),
    }
    try:
        response = client.post(subscription.url, content=body, headers=headers, timeout=5)
    except httpx.HTTPError:
        return False
    return response.is_success
