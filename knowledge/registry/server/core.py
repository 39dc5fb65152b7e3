"""What every part of the registry works with: its database, its secret and its clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from knowledge.registry.server.secrets import Secret
from knowledge.strict_yaml import read

Scope = Literal["permit.status", "permit.detail", "permit.batch", "permit.manage"]


class City(BaseModel):
    """A city whose permits this registry keeps."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    region: str
    name: str
    permit: str
    authority: str


@cache
def cities() -> dict[str, City]:
    """The cities by the two letters of their numbers."""
    rows = read(Path(__file__).parents[1] / "cities.yaml").data
    return {letters: City.model_validate(row) for letters, row in rows.items()}


@dataclass(frozen=True)
class Core:
    """`now` gives Unix seconds; it is handed in so that a test can be any day. `pages_url` is where
    workers find their pages (pages.py)."""

    engine: Engine
    secret: Secret
    now: Callable[[], float] = time.time
    base_url: str = "https://registry.example/v1"
    pages_url: str = "https://registry.example/permit"

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session in one transaction: committed at the end, rolled back on an exception."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session
