"""The registry's settings and what they put together: a reference registry and a verifier."""

from __future__ import annotations

from pathlib import Path

import httpx
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from knowledge.database import open_engine
from knowledge.registry.adapters import ContractAdapter
from knowledge.registry.audit import AuditLog
from knowledge.registry.client import Clock, RegistryClient
from knowledge.registry.quota import Quota
from knowledge.registry.server.app import create_app
from knowledge.registry.server.registry import BASE_URL, PAGES_URL, Registry
from knowledge.registry.server.secrets import load_or_create
from knowledge.registry.verifier import Verifier

_EMBEDDED = "anxin-embedded"


class RegistrySettings(BaseSettings):
    """What an operator may set of permits. The defaults run a registry in this process."""

    model_config = SettingsConfigDict(env_prefix="ANXIN_REGISTRY_", env_file=".env", extra="ignore")

    url: str = Field("", description="base address of a remote registry (…/v1); empty: embedded")
    client_id: str = Field(_EMBEDDED, description="our name at the registry")
    token: str = Field("", description="our token at a remote registry")
    qr_hosts: str = Field("", description="hosts of permit QR addresses, separated by commas")
    public_url: str = Field(
        BASE_URL, description="address under which the reference registry is known (…/v1)"
    )
    pages_url: str = Field(
        "",
        description="where workers find the reference registry's pages; empty: where it is served",
    )
    database_url: str = Field(
        "sqlite:///var/registry.db", description="the reference registry's own database"
    )
    secret_file: Path = Field(
        Path("var/registry.secret"), description="the reference registry's secret; made if missing"
    )
    key_file: Path = Field(
        Path("var/registry-client.key"),
        description="key of the digests in the record of checks; made if missing",
    )
    audit_database_url: str = Field(
        "sqlite:///var/registry-audit.db", description="database of the record of checks"
    )
    audit_anchor: Path = Field(
        Path("var/registry-audit.anchor"),
        description="file that holds the record's head; best on another disk than the database",
    )
    redis_url: str = Field("", description="Redis that shares the quotas; empty: each process")


def open_registry(settings: RegistrySettings, served_at: str = "") -> Registry:
    """The reference registry over its own database. `served_at` is the address of whoever serves
    its pages for workers."""
    engine = open_engine(settings.database_url)
    secret = load_or_create(settings.secret_file)
    return Registry(
        engine,
        secret,
        base_url=settings.public_url.rstrip("/"),
        pages_url=pages_url(settings, served_at),
    )


def pages_url(settings: RegistrySettings, served_at: str = "") -> str:
    """Where workers find the reference registry's pages."""
    served = f"{served_at.rstrip('/')}/permit" if served_at else PAGES_URL
    return settings.pages_url.rstrip("/") or served


def embedded_client(registry: Registry, clock: Clock | None = None) -> RegistryClient:
    """A client that asks `registry` in this process, over the same contract and the same checks."""
    token = registry.core.secret.mac("client-token", _EMBEDDED)  # the same in every process
    registry.add_client(_EMBEDDED, "安心问", ["permit.status"], token)
    transport = httpx.ASGITransport(create_app(registry), raise_app_exceptions=False)
    return RegistryClient(
        "http://registry.embedded",
        ContractAdapter(_EMBEDDED, token),
        transport=transport,
        list_uri=f"{registry.core.base_url}/status-lists/1",
        token=token,
        clock=clock,
    )


def open_client(settings: RegistrySettings) -> RegistryClient:
    """The client of the remote registry, or of the embedded one where no address is set."""
    if not settings.url:
        return embedded_client(open_registry(settings))
    adapter = ContractAdapter(settings.client_id, settings.token)
    return RegistryClient(settings.url, adapter, token=settings.token)


def open_verifier(settings: RegistrySettings, client: RegistryClient | None = None) -> Verifier:
    """Everything a dialogue needs to check permits. Close its `client` at the end."""
    key = load_or_create(settings.key_file)
    audit = AuditLog(open_engine(settings.audit_database_url), key, settings.audit_anchor)
    hosts = frozenset(host.strip().lower() for host in settings.qr_hosts.split(",") if host.strip())
    return Verifier(
        client or open_client(settings),
        Quota(redis_url=settings.redis_url or None),
        audit,
        key,
        qr_hosts=hosts,
    )
