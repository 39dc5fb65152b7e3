from __future__ import annotations

import pytest

from nlu.normalise import normalise
from nlu.places import placeless, without_places
from nlu.training_data import TrainingData
from nlu.understand import Understander
from nlu.understanding import Score
from tests.nlu.conftest import Said, example


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("长治学几天", "学几天"),
        ("请问广州市，怎么报名", "怎么报名"),
        ("我在肇庆，想学月嫂", "想学月嫂"),
        ("我是长治的，想学月嫂", "想学月嫂"),
        ("学几天，辽宁的", "学几天"),
        ("昆区政府免费教吗", "政府免费教吗"),
        ("四川人来广州做保姆", "四川人来做保姆"),
        ("长治好工作怎么登录", "长治好工作怎么登录"),
        ("那广州的呢", "那广州的呢"),
        ("长治", "长治"),
        ("学几天", "学几天"),
    ],
)
def test_a_text_without_its_places(said: str, left: str) -> None:
    assert without_places(normalise(said)) == left


def test_examples_that_differ_in_their_place_are_one() -> None:
    data = TrainingData((example("长治学几天"), example("肇庆学几天"), example("怎么报名")))
    assert [one.text for one in placeless(data).examples] == ["学几天", "怎么报名"]


@pytest.mark.parametrize("place", ["长治", "昆区", "肇庆", "我在沈阳，", "请问广州"])
def test_the_engine_is_asked_without_the_place(place: str) -> None:
    engine = Said(lambda _: (Score("enrolment", 1.0),))
    understood = Understander(engine).understand_whole(f"{place}学几天")
    assert set(engine.asked) == {"学几天"}
    assert [entity.kind for entity in understood.entities] == ["region"]
