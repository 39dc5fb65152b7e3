"""Permit checks put together: the registry's verifier, the seal, and permits to try it with."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select

from bot.sealing import Seal
from bot.settings import Settings
from dialogs.permits import Permits
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


def open_permits(
    settings: Settings, registry_settings: RegistrySettings, progress: Callable[[str], None]
) -> Permits:
    """Checks against the remote registry that is set, or against one in this process. One in this
    process that holds nothing yet is given made-up permits; `progress` says how to try some."""
    client = None
    if not registry_settings.url:
        registry = open_registry(registry_settings)
        if _is_empty(registry):
            _seed(registry, progress)
        client = embedded_client(registry)
    verifier = open_verifier(registry_settings, client)
    return Permits(verifier, Seal.at(settings.seal_key_file))


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
