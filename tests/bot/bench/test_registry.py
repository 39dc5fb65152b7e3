"""The measurement of faults: it counts what it says, and would see a fooled verifier."""

from __future__ import annotations

import pytest

from bot.bench.registry import CASES, Report, registry_faults
from knowledge.registry.outcome import Outcome, Verdict
from knowledge.registry.verifier import Check, Verifier


def test_a_short_run_finds_nothing_and_counts_every_case() -> None:
    report = registry_faults(runs=48, seed=3)
    assert (report.false_valid, report.stale_valid, report.personal) == (0, 0, 0), report.text()
    assert report.problems == []
    assert dict(report.by_case) == dict.fromkeys(CASES, 4)
    assert report.outcomes.total() >= 48
    assert all(name in report.text() for name in CASES.values())


def test_too_many_checks_without_an_answer_are_no_pass() -> None:
    """How many there are depends on the machine, and so only the measurement itself tells."""
    assert Report(runs=200, seed=1, healthy=100, unanswered=2).passed
    assert not Report(runs=200, seed=1, healthy=100, unanswered=3).passed
    assert not Report(runs=200, seed=1, false_valid=1).passed


def test_a_verifier_that_always_says_valid_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def fooled(_self: Verifier, _check: Check) -> Verdict:
        return Verdict(Outcome.VALID, 0.0)

    monkeypatch.setattr(Verifier, "verify", fooled)
    report = registry_faults(runs=24, seed=3)
    assert report.false_valid > 5
    assert not report.passed


def test_a_reply_with_a_name_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[str] = []

    def telling(verdict: Verdict) -> list[str]:
        return [*given, verdict.outcome.name]

    def listening(self: Verifier, check: Check) -> Verdict:
        given[:] = [check.full_name or check.number or check.qr_text or ""]
        return Verdict(Outcome.NOT_CONFIRMED, 0.0)

    monkeypatch.setattr("bot.bench.registry.sentences", telling)
    monkeypatch.setattr(Verifier, "verify", listening)
    assert registry_faults(runs=24, seed=3).personal > 10
