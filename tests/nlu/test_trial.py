"""When a newly trained model may take the place of the old one."""

from __future__ import annotations

from typing import Any

import pytest

from nlu.trial import Change, Figures, Tried

TRIED = Tried(right=90, in_scope=100, far_answered=1, far=50)


@pytest.mark.parametrize(
    ("shift", "error", "less_sure"),
    [
        (0.0, 0.0, False),
        (+2.0, 0.1, False),
        (-0.05, 0.001, False),  # beyond chance, and a trifle
        (-0.9, 1.0, False),  # what chance does
        (-1.3, 1.0, True),
        (-0.42, 0.26, True),  # three bad labels among 1,800 messages
        (-16.0, 2.7, True),
    ],
)
def test_less_certainty_counts_beyond_chance_and_trifles(
    shift: float, error: float, less_sure: bool
) -> None:
    assert Change(messages=1800, shift=shift, error=error).less_sure is less_sure


@pytest.mark.parametrize(
    ("lost", "won", "messages", "much"),
    [
        (0, 9, 1800, False),
        (5, 0, 1800, False),  # at the border some always change sides
        (10, 0, 1800, True),
        (17, 8, 1800, False),
        (1, 0, 7, True),
        (2, 2, 7, False),
    ],
)
def test_much_lost_counts_however_it_came(lost: int, won: int, messages: int, much: bool) -> None:
    assert Change(lost, won, messages).much_lost is much


def test_any_reason_keeps_the_old_model() -> None:
    def reasons(**changes: Any) -> tuple[str, ...]:
        figures = Figures(TRIED, TRIED, 0, 1000, **changes)
        assert figures.worse is bool(figures.reasons)
        return figures.reasons

    lost, unsure = Change(lost=9, messages=100), Change(messages=100, shift=-2.0, error=0.5)
    assert reasons() == ()
    assert reasons(in_scope=lost) == ("in_scope",)
    assert reasons(far=lost) == ("far",)
    assert reasons(whole=unsure) == ("less_sure",)
    assert reasons(taken_from=unsure) == ("taken_from",)
    assert reasons(in_scope=unsure, far=unsure) == ()  # counted in the whole
