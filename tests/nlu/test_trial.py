"""When a newly trained model may take the place of the old one."""

from __future__ import annotations

import pytest

from nlu.trial import Change, Figures, Tried


@pytest.mark.parametrize(
    ("lost", "won", "worse"),
    [
        (0, 0, False),
        (0, 9, False),
        (1, 0, False),  # a sound label that moves one message at the border
        (3, 0, False),
        (4, 0, True),
        (40, 0, True),
        (6, 5, False),
        (11, 4, True),
        (500, 450, True),
        (500, 480, False),
    ],
)
def test_a_loss_counts_when_it_is_hardly_chance(lost: int, won: int, worse: bool) -> None:
    assert Change(lost, won, messages=5000).worse is worse


def test_much_lost_of_few_messages_counts() -> None:
    assert Change(1, 0, messages=7).worse
    assert not Change(1, 0, messages=100).worse
    assert not Change(2, 2, messages=7).worse


def test_either_loss_keeps_the_old_model() -> None:
    tried = Tried(right=90, in_scope=100, far_answered=1, far=50)

    def figures(in_scope: Change, far: Change) -> Figures:
        return Figures(tried, tried, 0, 1000, in_scope=in_scope, far=far)

    assert not figures(Change(1, 0, 100), Change(1, 0, 100)).worse
    assert figures(Change(9, 1), Change(0, 0)).worse
    assert figures(Change(0, 9), Change(5, 0)).worse
