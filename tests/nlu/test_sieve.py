"""Patterns that a sieve leaves out never match."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.bench.answers import read_questions
from nlu.engine import TRAINING
from nlu.facts import cue_patterns
from nlu.normalise import normalise
from nlu.sieve import Sieve, needed_characters
from nlu.training_data import read_training_data


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        ("培训", "培"),
        ("(?:培训|学习)费", "费"),
        ("培训|学习", "培学"),
        ("[男女]", "男女"),
        ("[1-3]天", "天"),
        ("(家政)?[^，。]{0,4}(补贴)+", "补"),
        ("(?<!不)是", "是"),
        ("(?P<no>没)?交(?=社保)", "交"),
        ("(培|训)(?:社|保|险)", "培训"),
    ],
)
def test_what_a_pattern_needs(pattern: str, needed: str) -> None:
    assert needed_characters(re.compile(pattern)) == frozenset(needed)


@pytest.mark.parametrize(
    "pattern", ["", "补?", "补*贴*", ".", "[^补]", r"\d+", "补|", "(?!补)", "(?i:k)", "[一-龥]"]
)
def test_a_pattern_that_needs_nothing_in_particular(pattern: str) -> None:
    assert needed_characters(re.compile(pattern)) is None


def test_case_is_not_told_apart_by_characters() -> None:
    assert needed_characters(re.compile("k", re.IGNORECASE)) is None


_PIECE = st.recursive(
    st.sampled_from(["培", "训", "[补贴]", "[^补]", ".", r"\w", "(?=训)", "(?<!培)"]),
    lambda part: st.one_of(
        st.tuples(part, part).map("".join),
        st.tuples(part, part).map(lambda two: f"(?:{two[0]}|{two[1]})"),
        part.map(lambda one: f"(?:{one})?"),
        part.map(lambda one: f"(?:{one})+"),
        part.map(lambda one: f"({one}){{2}}"),
    ),
    max_leaves=6,
)


@given(st.lists(_PIECE, max_size=5), st.text(st.sampled_from("培训补贴的"), max_size=8))
def test_none_that_matches_is_left_out(pieces: list[str], text: str) -> None:
    patterns = [re.compile(piece) for piece in pieces]
    matching = {n for n, pattern in enumerate(patterns) if pattern.search(text)}
    assert matching <= set(Sieve(patterns).may_match(text))


def test_the_project_s_own_patterns_are_sifted_rightly_and_well() -> None:
    data = read_training_data(TRAINING)
    patterns = [*cue_patterns(), *(re.compile(one.pattern) for one in data.patterns)]
    sieve = Sieve(patterns)
    questions = read_questions(Path("tests/conversations/questions"))
    tried = 0
    for question in questions[::5]:
        text = normalise(question.text)
        left = sieve.may_match(text)
        assert left == sorted(left)
        tried += len(left)
        assert {n for n, one in enumerate(patterns) if one.search(text)} <= set(left)
    assert tried / len(questions[::5]) < len(patterns) / 3
