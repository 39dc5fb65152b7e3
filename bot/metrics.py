"""Figures for Prometheus. Nothing personal is in a label: each has a small closed set of values.

What this process counts is kept by `Metrics`; what the database knows (`state_of`) is read when
somebody asks. With PROMETHEUS_MULTIPROC_DIR set before the start, the counts of all processes that
share that folder are given as one.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from dialogs.reply import Message, Reply
from knowledge.library import Library
from knowledge.registry.outcome import Verdict
from nlu.intents import intents

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 4.3, 10.0)
_COUNTS = {
    "anxin_outbox_parcels": (
        "Parcels not delivered, by state; dead ones were given up",
        "SELECT state, count(*) FROM outbox WHERE state <> 'sent' GROUP BY state",
        ("waiting", "held", "dead"),
    ),
    "anxin_handovers_open": (
        "Conversations handed over and not closed, by state",
        "SELECT state, count(*) FROM handover WHERE state <> 'closed' GROUP BY state",
        ("waiting", "staff", "contact"),
    ),
}
_log = structlog.get_logger()


class Metrics:
    """What this process counts, in a registry of its own."""

    def __init__(self) -> None:
        if folder := _shared_folder():
            folder.mkdir(parents=True, exist_ok=True)
        self._registry = CollectorRegistry()
        self._messages = self._counter(
            "anxin_messages", "Messages answered", "channel", "status", "kind"
        )
        self._seconds = Histogram(
            "anxin_turn_seconds",
            "Time from a message to its stored reply",
            ["channel"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._fallbacks = self._counter(
            "anxin_nlu_fallbacks", "Texts read by the embedded engine for another one", "engine"
        )
        self._checks = self._counter("anxin_permit_checks", "Permit checks by outcome", "outcome")
        self._refusals = self._counter(
            "anxin_http_refusals", "Requests refused at an entrance", "entrance", "reason"
        )

    def turn(self, message: Message, reply: Reply, seconds: float) -> None:
        """Count an answered message, and how long it took."""
        known = intents().get(reply.intent)
        kind = known.kind if known else "none"
        self._messages.labels(message.channel, reply.status.value, kind).inc()
        self._seconds.labels(message.channel).observe(seconds)

    def fallback(self, engine: str) -> None:
        """Count a text that `engine` did not read."""
        self._fallbacks.labels(engine).inc()

    def checked(self, verdict: Verdict) -> None:
        """Count a permit check."""
        self._checks.labels("NOT_ASKED" if verdict.needs else verdict.outcome.name).inc()

    def refused(self, entrance: str, reason: str) -> None:
        """Count a refused request. Both are words of the program's own."""
        self._refusals.labels(entrance, reason).inc()

    def exposition(self) -> bytes:
        """The counts in Prometheus' text format; of all processes, where they share a folder."""
        registry = self._registry
        if folder := _shared_folder():
            registry = CollectorRegistry()
            MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]
        return generate_latest(registry)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(name, meaning, labels, registry=self._registry)


def state_of(engine: Engine, library: Library) -> bytes:
    """What the database knows now, in the same format. What cannot be read is left out."""
    registry = CollectorRegistry()
    registry.register(_State(engine, library))
    return generate_latest(registry)


class _State(Collector):
    def __init__(self, engine: Engine, library: Library) -> None:
        self._engine = engine
        self._library = library

    def describe(self) -> list[Metric]:
        return []  # else the registry would read everything once more to learn the names

    def collect(self) -> Iterator[Metric]:
        build = InfoMetricFamily("anxin_build", "This program")
        build.add_metric([], {"version": version("anxin"), "python": platform.python_version()})
        yield build
        try:
            release = self._library.release()
            for name, (meaning, query, states) in _COUNTS.items():
                yield _gauge(name, meaning, dict.fromkeys(states, 0) | self._counts(query))
        except SQLAlchemyError as error:
            _log.error("metrics_database", kind=type(error).__name__)
            return
        if release is not None:
            served = InfoMetricFamily("anxin_library", "The release of the policy library")
            served.add_metric([], {"release": release.id})
            yield served

    def _counts(self, query: str) -> dict[str, int]:
        with self._engine.connect() as connection:
            return {str(row[0]): int(row[1]) for row in connection.execute(text(query))}


def _gauge(name: str, meaning: str, counts: Mapping[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, meaning, labels=["state"])
    for state, count in counts.items():
        family.add_metric([state], count)
    return family


def _shared_folder() -> Path | None:
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return Path(folder) if folder else None
