"""The policy library as it is asked: provisions by topic and area, documents, clauses, search.

Everything is read from one release, the one being served or the one the library is pinned to.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass

from sqlalchemy import Engine

from knowledge.reading import Entry, Reader
from knowledge.releases import Release, served
from knowledge.schema import Clause, Document
from knowledge.word_index import nearest

__all__ = ["Entry", "Hit", "Library"]


@dataclass(frozen=True)
class Hit:
    """A clause found by search, with the engine's score."""

    clause: Clause
    document: Document
    score: float


class Library:
    """Reads the current release from a migrated database. Safe to share between threads.

    Which one is served is looked up again after `recheck_s` seconds: by default each time.
    """

    def __init__(self, engine: Engine, recheck_s: float = 0.0) -> None:
        self._engine = engine
        self._reader = Reader(engine)
        self._pinned: Release | None = None
        self._recheck_s = recheck_s
        self._seen: tuple[float, Release] | None = None  # when, by the monotonic clock

    def pinned(self) -> Library:
        """The library as it is now, whatever is loaded meanwhile: what one answer is made from.

        It shares what has been read. Before the first load it is this library itself.
        """
        release = self.release()
        if release is None:
            return self
        one = copy(self)
        one._pinned = release
        return one

    def release(self) -> Release | None:
        """The release being served; None before the first load."""
        if self._pinned is not None:
            return self._pinned
        seen, now = self._seen, time.monotonic()
        if seen is not None and now - seen[0] < self._recheck_s:
            return seen[1]
        release = served(self._engine)
        if release is not None:
            self._seen = (now, release)
        return release

    def provisions(self, topic: str, regions: Sequence[str]) -> list[Entry]:
        """The provisions that speak of `topic` in any of `regions`, in document order."""
        return list(self._reader.on_topic(self._id(), topic, tuple(regions)))

    def topic_regions(self, topic: str) -> list[str]:
        """The areas whose documents speak of `topic`."""
        return list(self._reader.topic_regions(self._id(), topic))

    def documents(self, regions: Sequence[str] | None = None) -> list[Document]:
        """The documents of the release, of `regions` if given, without their provisions."""
        chosen = None if regions is None else tuple(regions)
        return list(self._reader.documents(self._id(), chosen))

    def regions(self) -> tuple[str, ...]:
        """The areas that have documents of their own, in order of their codes."""
        return tuple(self._reader.head(self._id()).regions)

    def first_day(self) -> dt.date | None:
        """The day the oldest document was issued; None if no document says when it was."""
        return self._reader.head(self._id()).first_day

    def document(self, document_id: str) -> tuple[Document, list[Entry], list[Clause]] | None:
        """A document with its provisions and clauses, in order; None if the release lacks it."""
        found = self._reader.whole(self._id(), document_id)
        return found and (found[0], list(found[1]), list(found[2]))

    def clause(self, clause_id: str) -> tuple[Clause, Document] | None:
        """A clause of the release by its permanent id."""
        return self._reader.clause_named(self._id(), clause_id)

    def search(self, question: str, *, regions: Sequence[str] = (), limit: int = 5) -> list[Hit]:
        """The clauses nearest to `question`, best first."""
        scores = self._reader.scores(self._id(), question, regions, limit)
        return [Hit(*self._reader.clause(score.clause_pk), score.score) for score in scores]

    def provisions_near(
        self, words: Mapping[str, float], regions: Sequence[str], limit: int
    ) -> list[Entry]:
        """The provisions of `regions` nearest to weighed `words`, best first."""
        release = self._id()
        there = self._reader.head(release).regions
        places = dict.fromkeys(region for region in regions if region in there)
        indexes = [self._reader.index(release, region) for region in places]
        return self._reader.entries(nearest(indexes, words, limit))

    def _id(self) -> str:
        """The id of the release asked; of no release before the first load."""
        release = self.release()
        return release.id if release else ""
