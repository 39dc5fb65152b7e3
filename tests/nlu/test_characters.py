"""The second opinion: what the characters and sounds of a message say, each weighed alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nlu import model as model_file
from nlu.characters import Characters, fit_characters, pairs_of_sounds
from nlu.engine import EmbeddedClassifier
from nlu.understand import Understander
from nlu.understanding import Score
from tests.nlu.conftest import Said, example


@pytest.fixture(scope="module")
def characters() -> Characters:
    said = {"work_injury": ["摔断了腿", "手烫了"], "wage_guidance": ["一月挣几千", "挣得少"]}
    examples = [example(text, intent) for intent, texts in said.items() for text in texts]
    return fit_characters(examples, tuple(said))


def test_characters_never_seen_beside_each_other_still_speak(characters: Characters) -> None:
    likely = characters.weights("烫断")
    assert likely["work_injury"] == 1.0
    assert likely["wage_guidance"] < 0.1


def test_unknown_characters_say_nothing(characters: Characters) -> None:
    assert characters.weights("") == characters.weights("xyz")
    assert set(characters.weights("xyz").values()) == {1.0}
    assert characters.weights("挣xyz") == characters.weights("挣")


def test_a_word_is_heard_however_it_is_written() -> None:
    said = {"refresher": ["回炉几次", "回炉要钱"], "permit": ["那证几次", "那证要钱"]}
    examples = [example(text, intent) for intent, texts in said.items() for text in texts]
    heard = fit_characters(examples, tuple(said))
    assert heard.weights("灰卢")["permit"] < 0.1  # neither character is in any example
    assert set(heard.weights("盘顶").values()) == {1.0}  # sounds of neither


def test_pairs_of_sounds_have_edges() -> None:
    assert pairs_of_sounds("会炉3") == {"| hui", "hui lu", "lu 3", "3 |"}
    assert pairs_of_sounds("") == {"| |"}


def test_the_shares_of_an_intent_are_shares(small: EmbeddedClassifier) -> None:
    known = small.model.characters
    for part in (known.single, known.heard):
        assert np.allclose(np.exp(part.log_shares).sum(axis=0), 1.0, atol=1e-5)


def test_saying_a_character_twice_is_no_second_witness(characters: Characters) -> None:
    assert characters.weights("挣挣挣") == characters.weights("挣")


def test_it_is_saved_with_the_model(small: EmbeddedClassifier, tmp_path: Path) -> None:
    small.save(tmp_path / "model.npz")
    loaded = model_file.load(tmp_path / "model.npz")
    assert loaded.characters.weights("回炉") == small.second_opinion("回炉")


def torn(_: str) -> tuple[Score, ...]:
    """What an engine says that cannot decide."""
    return (Score("wage_guidance", 0.5), Score("work_injury", 0.5))


class Second(Said):
    """An engine that also has an opinion, always the same."""

    def second_opinion(self, text: str) -> dict[str, float]:
        return {"work_injury": 1.0}


def test_the_second_opinion_settles_what_the_engine_cannot() -> None:
    alone = Understander(Said(torn)).understand_whole("疼")
    assert alone.confidence == 0.5
    heard = Understander(Said(torn), Second(torn)).understand_whole("疼")
    assert heard.intent == "work_injury"
    assert heard.confidence > 0.9
