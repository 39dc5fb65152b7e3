"""The written-out featurizers are scikit-learn's, as Rasa configures them."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from nlu.features import Analyzer, CountFeatures, PatternFeatures
from nlu.tokens import tokens
from nlu.training_data import Pattern


@pytest.mark.parametrize("analyzer", get_args(Analyzer))
@given(
    words=st.lists(st.text(alphabet="补贴培训社保abC1 ，？", min_size=1, max_size=5), max_size=8),
    shortest=st.integers(1, 3),
    longer=st.integers(0, 3),
)
def test_counts_are_those_of_scikit_learn(
    analyzer: Analyzer, words: list[str], shortest: int, longer: int
) -> None:
    ours = CountFeatures(analyzer, shortest, shortest + longer)
    theirs = CountVectorizer(
        analyzer=analyzer,
        ngram_range=(shortest, shortest + longer),
        token_pattern=r"(?u)\b\w+\b" if analyzer == "word" else None,
    ).build_analyzer()
    # Rasa puts __NUMBER__ for figures before scikit-learn sees them.
    text = " ".join(words).replace("1", "x")
    assert sorted(ours.features(text, text.split(" "))) == sorted(theirs(text))


def test_patterns_are_found_once_each() -> None:
    patterns = (Pattern("wage", "工资|工钱"), Pattern("wage", "欠"), Pattern("latin", "gz"))
    found = PatternFeatures(patterns).features("欠工资和工钱 GZ", tokens("欠工资和工钱 GZ"))
    assert found == ["wage#0", "wage#1"]
    assert PatternFeatures(patterns, case_sensitive=False).features("GZ", ["GZ"]) == ["latin#2"]
