"""Roles and pages, read from roles.yaml: which role may open which page."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from knowledge.strict_yaml import read

ADMINISTRATOR = "administrator"


@dataclass(frozen=True)
class Page:
    """A page of the console: its title in the navigation, where it is, and who may open it."""

    name: str
    title: str
    path: str
    roles: frozenset[str]
    nav: bool


@cache
def roles() -> dict[str, str]:
    """Every role and what it is called."""
    found: dict[str, str] = _data()["roles"]
    return found


@cache
def pages() -> dict[str, Page]:
    """Every page by its name, in the order of the navigation.

    Raises ValueError when a page names a role that there is not: a slip there would lock people out
    without a word."""
    found = {
        name: Page(
            name, row["title"], row["path"], frozenset(row["roles"]), bool(row.get("nav", True))
        )
        for name, row in _data()["pages"].items()
    }
    unknown = {role for page in found.values() for role in page.roles} - set(roles())
    if unknown:
        raise ValueError(f"roles.yaml: no such role: {', '.join(sorted(unknown))}")
    return found


def may_open(role: str, page: str) -> bool:
    """Whether `role` may open `page`. KeyError for an unknown page."""
    return role in pages()[page].roles


@cache
def _data() -> Any:
    return read(Path(__file__).with_name("roles.yaml")).data
