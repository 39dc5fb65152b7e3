"""`anxin bench registry-faults`: thousands of seeded checks against a registry that misbehaves.

The truth is known in each run, so a verdict that says "valid" where it must not is seen at once.
The twelve cases are those of the requirements; a third of the runs combine several faults.
"""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import structlog

from bot.bench.registry_cases import TRIALS
from bot.bench.registry_world import Trial, World
from knowledge.registry.faults import NETWORK_FAULTS, RAW_FAULTS, SIGNED_FAULTS
from knowledge.registry.outcome import Outcome, Verdict
from knowledge.registry.verifier import Check, SameIdOtherCheck
from knowledge.registry.wording import sentences

CASES = {
    1: "timeouts and drips",
    2: "5xx, 429, recovery",
    3: "malformed answers",
    4: "clocks and calendar",
    5: "names",
    6: "numbers as written",
    7: "rollback and staleness",
    8: "replay",
    9: "forged QR",
    10: "enumeration",
    11: "duplicates",
    12: "bombs and injected text",
}

# Changes that change nothing where the permit is valid anyway, or asked for by its QR.
_HARMLESS = frozenset({"field_changed", "valid_not_checked"})
_NONE = frozenset({Outcome.UNAVAILABLE})


@dataclass
class Report:
    """What the runs gave. The three first figures must be 0."""

    runs: int
    seed: int
    false_valid: int = 0
    stale_valid: int = 0
    personal: int = 0
    problems: list[str] = field(default_factory=list)
    healthy: int = 0
    unanswered: int = 0
    by_case: Counter[int] = field(default_factory=Counter)
    combined: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether nothing happened that must not, and no more than one check in fifty of those
        without a fault stayed without an answer."""
        wrong = self.false_valid or self.stale_valid or self.personal or self.problems
        return not wrong and self.unanswered <= max(1, self.healthy / 50)

    def text(self) -> str:
        """One screen for a terminal."""
        lines = [
            f"registry faults: {self.runs} runs, seed {self.seed}, {self.seconds:.0f} s",
            f"  false valid {self.false_valid}   stale valid {self.stale_valid}   "
            f"personal data {self.personal}   other problems {len(self.problems)}",
            f"  combined faults in {self.combined} runs; slowest check {self.slowest_s:.2f} s",
            f"  without a fault {self.healthy} verdicts, of which too late {self.unanswered}",
            "  case                          runs",
            *(f"  {case:>2} {name:<26} {self.by_case[case]:>4}" for case, name in CASES.items()),
            "  outcomes: "
            + ", ".join(f"{name} {count}" for name, count in self.outcomes.most_common()),
            *(f"  PROBLEM {problem}" for problem in self.problems[:20]),
        ]
        return "\n".join(lines)


def registry_faults(
    runs: int = 5000, seed: int = 1, progress: Callable[[str], None] | None = None
) -> Report:
    """Run the seeded checks, case by case in turn, and count what must never happen."""
    report = Report(runs, seed)
    rng = random.Random(seed)  # noqa: S311  to repeat a run, not for secrets
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), rng)
        try:
            for run in range(runs):
                case = run % len(CASES) + 1
                _one(world, case, report)
                if progress is not None and (run + 1) % 500 == 0:
                    progress(f"{run + 1} of {runs}")
            for wrong in world.audit.verify():
                report.problems.append(f"audit: {wrong}")
        finally:
            world.client.close()
    report.seconds = time.monotonic() - started
    return report


def _one(world: World, case: int, report: Report) -> None:
    world.time.move(world.rng.uniform(61, 120))  # an open circuit has had its longest wait
    world.time.skew = 0.0
    world.transport.faults = []
    world.transport.captured = None
    trial = TRIALS[case](world)
    if case not in (10, 11) and world.rng.random() < 0.4:
        extra = world.rng.choice((*NETWORK_FAULTS, *RAW_FAULTS, *SIGNED_FAULTS))
        trial.faults.append(extra)
        trial.must_be = None
        report.combined += 1
    world.transport.faults = list(trial.faults)
    report.faults.update(trial.faults)
    report.by_case[case] += 1
    held, world.time.at = world.time.at, trial.at or world.time.at
    began = time.monotonic()
    with structlog.testing.capture_logs() as logs:
        verdicts = _verdicts(world, case, trial, report)
    world.time.at = held
    report.slowest_s = max(report.slowest_s, time.monotonic() - began)
    for verdict in verdicts:
        _judge(world, case, trial, verdict, logs, report)


def _verdicts(world: World, case: int, trial: Trial, report: Report) -> list[Verdict]:
    if case != 11:
        return [world.verifier.verify(trial.check)]
    # The same message three times at once, then with another content.
    before = world.transport.calls
    verdicts: list[Verdict] = []
    threads = [
        threading.Thread(target=lambda: verdicts.append(world.verifier.verify(trial.check)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len({_reply(v) for v in verdicts}) != 1 or len(verdicts) != 3:
        report.problems.append("case 11: one message, different replies")
    if world.transport.calls - before > 2:  # the second attempt bears the same request id
        report.problems.append("case 11: one message, several questions to the registry")
    try:
        world.verifier.verify(replace(trial.check, full_name="另一个人"))
        report.problems.append("case 11: a request id taken for another check")
    except SameIdOtherCheck:
        pass
    return verdicts


def _reply(verdict: Verdict) -> tuple[Outcome, str]:
    """What makes two replies the same."""
    return verdict.outcome, verdict.code


def _judge(
    world: World,
    case: int,
    trial: Trial,
    verdict: Verdict,
    logs: list[Any],
    report: Report,
) -> None:
    report.outcomes[verdict.outcome.name] += 1
    spoiled = world.transport.last is not None and world.transport.last not in _HARMLESS
    if verdict.positive and (not trial.may_be_valid or spoiled):
        if trial.stale:
            report.stale_valid += 1
        else:
            report.false_valid += 1
        report.problems.append(f"case {case}: {verdict.outcome.name} under {trial.faults}")
    no_fault = not trial.faults and trial.must_be != _NONE
    report.healthy += no_fault
    if no_fault and verdict.outcome is Outcome.UNAVAILABLE:
        report.unanswered += 1  # this machine was too slow; harmless, if it is rare
    elif trial.must_be is not None and verdict.outcome not in trial.must_be:
        names = ", ".join(sorted(outcome.name for outcome in trial.must_be))
        report.problems.append(
            f"case {case}: {verdict.outcome.name} instead of {names} under {trial.faults}: "
            + ", ".join(str(line.get("why") or line["event"]) for line in logs)
        )
    shown = "\n".join(sentences(verdict)) + repr(verdict) + repr(logs) + repr(trial.check)
    if _personal(world, trial.check, shown):
        report.personal += 1


def _personal(world: World, check: Check, shown: str) -> bool:
    """Whether anything of a person stands in a reply, a log line or a value to be logged."""
    bare = shown.replace(" ", "")
    words = [check.full_name, check.number and check.number.replace(" ", ""), check.qr_text]
    if any(word and len(word) > 1 and word in bare for word in words):
        return True
    return any(p.number.value in bare or p.full_name in bare for p in world.permits)
