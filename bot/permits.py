"""Permit checks put together: the registry's verifier, the seal, and permits to try it with."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from sqlalchemy import select

from bot.sealing import Seal
from dialogs.permits.checks import Permits
from knowledge.registry.demo import seed_demo
from knowledge.registry.server.registry import Registry
from knowledge.registry.server.tables import PermitRow
from knowledge.registry.settings import (
    RegistrySettings,
    embedded_client,
    open_registry,
    open_verifier,
)

_SHOWN = 3


def open_embedded(
    address: str, registry_settings: RegistrySettings, progress: Callable[[str], None]
) -> Registry | None:
    """The registry in this process, whose pages are at `address`; None where a remote one is set.
    One that holds nothing yet is given made-up permits; `progress` says how to try some."""
    if registry_settings.url:
        return None
    registry = open_registry(registry_settings, address)
    if _is_empty(registry):
        _seed(registry, progress)
    return registry


def open_permits(
    seal: Seal, registry_settings: RegistrySettings, registry: Registry | None
) -> Permits:
    """Checks against `registry` in this process, or without one against the remote one."""
    if registry is None:
        verifier = open_verifier(registry_settings)
    else:
        verifier = open_verifier(registry_settings, embedded_client(registry))
        registry.issuing.listen(verifier.changed)
    if registry is None:
        return Permits(verifier, seal)
    pages = registry.core.pages_url
    return Permits(verifier, seal, f"{pages}/mine", local=is_local(pages))


def is_local(address: str) -> bool:
    """Whether an address leads to this machine, whoever follows it."""
    return urlsplit(address).hostname in ("127.0.0.1", "localhost", "::1")


def _is_empty(registry: Registry) -> bool:
    with registry.core.session() as session:
        return session.scalar(select(PermitRow.id).limit(1)) is None


def _seed(registry: Registry, progress: Callable[[str], None]) -> None:
    made_up = seed_demo(registry)
    progress(f"permit registry: {len(made_up)} made-up permits issued, such as")
    kinds = {permit.kind: permit for permit in made_up}
    for permit in list(kinds.values())[:_SHOWN]:
        progress(
            f"  {permit.number.written}  {permit.full_name}  last four {permit.id_last4}  "
            f"PIN {permit.pin}  ({permit.kind})"
        )
    progress("  (anxin registry seed makes and shows more)")
