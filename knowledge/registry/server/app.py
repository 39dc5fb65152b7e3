"""The registry over HTTP: the contract's paths and bodies.

Numbers travel in bodies only, so that no address or access log ever holds one.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, cast
from uuid import UUID

import anyio
import anyio.to_thread
import httpx
import structlog
from fastapi import Depends, FastAPI, Header, Path, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from stdnum.iso7064 import mod_37_36

from knowledge.registry.contract import (
    Nonce,
    Strict,
    VerifyRequest,
    VerifyResponse,
)
from knowledge.registry.contract_service import (
    BatchItem,
    BatchRequest,
    BatchResponse,
    ErrorCode,
    Health,
)
from knowledge.registry.contract_worker import (
    ConsentCreated,
    ConsentDecision,
    ConsentRequest,
    ConsentView,
    Dispute,
    DisputeTicket,
    WorkerProof,
    WorkerView,
)
from knowledge.registry.server.answering import Client, Conflict
from knowledge.registry.server.consents import NoSuchConsent
from knowledge.registry.server.core import Scope
from knowledge.registry.server.problems import Refusal, handle_problems, problem, problems
from knowledge.registry.server.registry import Registry
from knowledge.registry.server.tables import ClientRow, PermitRow
from knowledge.registry.server.webhooks import deliver_due

log = structlog.get_logger(__name__)

LIST_LIFETIME_S = 300


class JwksDocument(Strict):
    """The registry's public keys, as JSON Web Keys."""

    keys: list[dict[str, Any]]


class Decided(Strict):
    """`done` is false alike for a wrong PIN, another's permit and a request that ran out."""

    done: bool


_AUTH = (ErrorCode.UNAUTHENTICATED, ErrorCode.SCOPE, ErrorCode.QUOTA)
_ASK = (*_AUTH, ErrorCode.CHECK_DIGIT)
_bearer = HTTPBearer(auto_error=False)


def known_client(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Client:
    """The client whose token the request bears."""
    if credentials is None:
        raise Refusal(ErrorCode.UNAUTHENTICATED)
    digest = hashlib.sha256(credentials.credentials.encode()).hexdigest()
    registry: Registry = request.app.state.registry
    with registry.core.session() as session:
        row = session.scalar(select(ClientRow).where(ClientRow.token_hash == digest))
    if row is None:
        raise Refusal(ErrorCode.UNAUTHENTICATED)
    return Client(row.id, row.label, cast("list[Scope]", json.loads(row.scopes)))


KnownClient = Annotated[Client, Depends(known_client)]
RequestId = Annotated[UUID, Header(alias="X-Request-Id")]
NonceHeader = Annotated[Nonce, Header(alias="X-Nonce")]


def create_app(registry: Registry, webhook_interval_s: float | None = None) -> FastAPI:
    """The registry as an ASGI application, to be served alone or asked in process.

    With `webhook_interval_s` its lifespan sends due notices that often; without, whoever runs it
    calls `deliver_due`.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with anyio.create_task_group() as tasks:
            if webhook_interval_s is not None:
                tasks.start_soon(_deliver_for_ever, registry, webhook_interval_s)
            yield
            tasks.cancel_scope.cancel()

    app = FastAPI(
        title="Permit registry",
        version="1",
        description="Checks permits of domestic-service workers; version 1 of the contract.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.registry = registry
    limiter = MovingWindowRateLimiter(MemoryStorage())
    per_asker = parse_many(registry.asker_limits)
    per_client = parse_many(registry.client_limits)

    def hit(items: list[RateLimitItem], *key: str) -> None:
        for item in items:
            if not limiter.hit(item, *key):
                reset = limiter.get_window_stats(item, *key).reset_time
                wait = int(reset - time.time()) + 1
                raise Refusal(ErrorCode.QUOTA, retry_after=max(1, wait))

    def may(client: Client, scope: Scope, asker: str = "") -> None:
        if scope not in client.scopes:
            raise Refusal(ErrorCode.SCOPE)
        hit(per_client, "client", client.id)
        if asker:
            hit(per_asker, "asker", client.id, asker)

    def whole(number: str | None) -> None:
        if number is not None and not mod_37_36.is_valid(number):
            raise Refusal(ErrorCode.CHECK_DIGIT)

    def answer(body: VerifyRequest, client: Client, nonce: str, request_id: UUID) -> VerifyResponse:
        whole(body.permit_no)
        try:
            return registry.answering.verify(body, client, nonce, request_id)
        except Conflict as error:
            raise Refusal(ErrorCode.IDEMPOTENCY_CONFLICT) from error

    @app.post(
        "/permits:verify",
        response_model_exclude_none=True,
        responses=problems(*_ASK, ErrorCode.IDEMPOTENCY_CONFLICT),
    )
    def verify(
        body: VerifyRequest, client: KnownClient, x_nonce: NonceHeader, x_request_id: RequestId
    ) -> VerifyResponse:
        """The permit's status now, as far as the asker may know it."""
        may(client, "permit.status", body.asker_ref)
        return answer(body, client, x_nonce, x_request_id)

    @app.post(
        "/permits:verifyBatch",
        response_model_exclude_none=True,
        responses=problems(*_ASK, ErrorCode.IDEMPOTENCY_CONFLICT),
    )
    def verify_batch(
        body: BatchRequest, client: KnownClient, x_nonce: NonceHeader, x_request_id: RequestId
    ) -> BatchResponse:
        """Many at once, for agencies: order kept, each with a result of its own."""
        may(client, "permit.batch")
        items = []
        for place, item in enumerate(body.items):
            own_id = UUID(int=(x_request_id.int + place) % 2**128)
            try:
                hit(per_asker, "asker", client.id, item.asker_ref)
                items.append(
                    BatchItem(http_status=200, result=answer(item, client, x_nonce, own_id))
                )
            except Refusal as refusal:
                refused = problem(refusal.code, refusal.retry_after, str(own_id))
                items.append(BatchItem(http_status=refused.status, problem=refused))
        return BatchResponse(items=items)

    @app.post("/consents", responses=problems(*_ASK))
    def ask_consent(body: ConsentRequest, client: KnownClient) -> ConsentCreated:
        """Ask a worker to open details to one asker, for one purpose."""
        may(client, "permit.status", body.asker_ref)
        whole(body.permit_no)
        return registry.consents.ask(body, client.id)

    @app.get(
        "/consents/{consent_id}",
        response_model_exclude_none=True,
        responses=problems(*_AUTH, ErrorCode.NOT_FOUND),
    )
    def view_consent(consent_id: Annotated[UUID, Path()], client: KnownClient) -> ConsentView:
        """Where a request for consent stands."""
        may(client, "permit.status")
        try:
            return registry.consents.view(consent_id, client.id)
        except NoSuchConsent as error:
            raise Refusal(ErrorCode.NOT_FOUND) from error

    @app.post("/consents/{consent_id}:decide", responses=problems(ErrorCode.QUOTA))
    def decide_consent(consent_id: Annotated[UUID, Path()], body: ConsentDecision) -> Decided:
        """The worker grants or denies, with her number and PIN."""
        hit(per_asker, "consent", str(consent_id))
        return Decided(done=registry.consents.decide(consent_id, body))

    @app.post("/consents/{consent_id}:withdraw", responses=problems(ErrorCode.QUOTA))
    def withdraw_consent(consent_id: Annotated[UUID, Path()], body: ConsentDecision) -> Decided:
        """The worker takes a consent back."""
        hit(per_asker, "consent", str(consent_id))
        return Decided(done=registry.consents.withdraw(consent_id, body))

    @app.post("/worker:view", response_model_exclude_none=True, responses=problems(*_ASK))
    def worker_view(body: WorkerProof, client: KnownClient) -> WorkerView:
        """A worker's own record and who looked at it."""
        may(client, "permit.status")
        hit(per_asker, "pin", client.id, body.asker_ref)
        return registry.workers.view(body)

    @app.post("/disputes", responses=problems(*_ASK))
    def dispute(body: Dispute, client: KnownClient) -> DisputeTicket:
        """A worker objects to what is recorded of her."""
        may(client, "permit.status")
        hit(per_asker, "pin", client.id, body.asker_ref)
        return registry.workers.dispute(body)

    @app.get(
        "/status-lists/{list_id}",
        response_class=Response,
        responses={
            200: {
                "description": "the signed list",
                "content": {"application/statuslist+jwt": {"schema": {"type": "string"}}},
            },
            304: {"description": "unchanged"},
            **problems(ErrorCode.NOT_FOUND),
        },
    )
    def get_status_list(
        list_id: str, if_none_match: Annotated[str | None, Header()] = None
    ) -> Response:
        """All permits' statuses, two bits each, signed."""
        if list_id != "1":
            raise Refusal(ErrorCode.NOT_FOUND)
        token, etag = registry.status_list(LIST_LIFETIME_S)
        if if_none_match == etag:
            return Response(status_code=304, headers={"etag": etag})
        return Response(token, media_type="application/statuslist+jwt", headers={"etag": etag})

    @app.get("/.well-known/jwks.json", responses=problems())
    def jwks() -> JwksDocument:
        """The public keys that tokens of this registry are checked with."""
        return JwksDocument(keys=registry.keys.current().jwks["keys"])

    @app.get("/health", responses=problems(ErrorCode.MAINTENANCE))
    def health() -> Health:
        """Whether the registry can answer; it is its own source, so it never lags."""
        with registry.core.session() as session:
            session.execute(select(PermitRow.id).limit(1))
        now = dt.datetime.fromtimestamp(int(registry.core.now()), dt.UTC)
        return Health(ok=True, last_sync_at=now, lag_s=0.0)

    handle_problems(app)
    return app


async def _deliver_for_ever(registry: Registry, interval_s: float) -> None:
    with httpx.Client(follow_redirects=False, trust_env=False) as client:
        while True:
            try:
                await anyio.to_thread.run_sync(deliver_due, registry.core, client)
            except SQLAlchemyError:
                log.warning("registry_webhooks_stalled")
            await anyio.sleep(interval_s)
