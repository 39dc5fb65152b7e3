"""Messages are labelled, and labels make a file of training data."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from sqlalchemy import Engine

from bot.review import deciding, labels
from bot.review.doubt import contradicted
from bot.review.labels import Decision, LabelError
from bot.review.likeness import key_of
from bot.review.taught import export, training_rows
from nlu.intents import intents
from nlu.labels import LABELS_NAME, as_training_file, with_labels
from nlu.report import apart_messages
from nlu.training_data import TrainingData, read_files, read_training_data
from nlu.understanding import Score
from tests.bot.review.reviewing import TEST_MESSAGE, decide
from tests.bot.review.teaching import sources
from tests.bot.serving import NOW
from tests.nlu.conftest import SMALL


@pytest.fixture
def held(tmp_path: Path) -> tuple[object, ...]:
    """The small test set's messages."""
    return apart_messages(sources(tmp_path / "held").evaluation)


def code_of(engine: Engine, text: str, decision: Decision, tests: object = ()) -> str:
    with pytest.raises(LabelError) as caught:
        decide(engine, text, decision, tests)
    return caught.value.code


def test_a_decision_counts_for_all_who_ask_so_and_can_be_changed(engine: Engine) -> None:
    pk, _ = decide(engine, "工龄补贴有没有？", Decision("intent", "living_subsidy"))
    again, _ = decide(engine, "工龄补贴 有没有", Decision("library", note="没有工龄补贴的条文"))
    assert again == pk
    with engine.begin() as connection:
        assert labels.decided(connection) == {key_of("工龄补贴有没有")}
        found = labels.find(connection, pk)
        assert found is not None
        assert (found.kind, found.intent, found.staff) == ("library", None, "me")
        later = NOW + dt.timedelta(hours=1)
        deciding.change(connection, found, Decision("intent", "refresher"), "another", later, ())
        found = labels.find(connection, pk)
        assert found is not None
        assert (found.intent, found.note, found.staff, found.at) == (
            "refresher", "", "another", later
        )  # fmt: skip


def test_what_cannot_be_decided(sqlite_engine: Engine) -> None:
    def said(decision: Decision) -> str:
        return code_of(sqlite_engine, "工龄补贴有没有", decision)

    assert said(Decision("nonsense")) == "label_kind"  # type: ignore[arg-type]
    assert said(Decision("intent")) == "label_intent"
    assert said(Decision("intent", "no_such_intent")) == "label_intent"
    assert said(Decision("library", note="  ")) == "label_note"
    assert said(Decision("intent", "refresher", word="嘎啦")) == "label_word"
    assert said(Decision("intent", "refresher", word="嘎啦", meaning="x:y")) == "label_word"
    assert said(Decision("intent", "refresher", example="？！")) == "label_example"
    with sqlite_engine.begin() as connection, pytest.raises(LabelError, match="label_gone"):
        deciding.decide(connection, [], Decision("dismissed"), "me", NOW, ())


def test_a_test_message_is_never_taught(sqlite_engine: Engine, held: tuple[object, ...]) -> None:
    near = f"{TEST_MESSAGE}呀"
    taught = Decision("intent", "social_insurance_subsidy")
    assert code_of(sqlite_engine, near, taught, held) == "label_test"
    hidden = replace(taught, example=TEST_MESSAGE)
    assert code_of(sqlite_engine, "完全另一句话", hidden, held) == "label_test"
    decide(sqlite_engine, near, Decision("dismissed"), held)  # that teaches nothing
    with sqlite_engine.begin() as connection:
        both = [(near + "呀", None), ("社保补贴到账要不要短信", None)]
        kept, secret = deciding.decide(connection, both, taught, "me", NOW, held)  # type: ignore[arg-type]
        assert (len(kept), secret) == (1, 1)


def test_the_words_of_an_example_may_be_ones_own_and_are_redacted(sqlite_engine: Engine) -> None:
    given = Decision("intent", "refresher", example="回炉 找13812345678")
    pk, _ = decide(sqlite_engine, "我叫王秀英，回炉找谁", given)
    with sqlite_engine.begin() as connection:
        found = labels.find(connection, pk)
        assert found is not None
        assert found.text == "回炉 找〔电话〕"
        assert labels.decided(connection) == {key_of("我叫王秀英，回炉找谁")}


def test_an_exported_label_is_good_rasa_data_and_stays_as_it_is(sqlite_engine: Engine) -> None:
    word = Decision("intent", "refresher", word="回锅", meaning="occupation:maternity_care")
    pk, _ = decide(sqlite_engine, "回锅：要\n不要 # 钱", word)
    decide(sqlite_engine, "随便说说", Decision("dismissed"))
    with sqlite_engine.begin() as connection:
        patch = export(connection, NOW)
    assert yaml.safe_load(patch) == {
        "version": "3.1",
        "nlu": [
            {"intent": "refresher", "examples": "- 回锅：要 不要 # 钱\n"},
            {"synonym": "occupation:maternity_care", "examples": "- 回锅\n"},
        ],
    }
    with sqlite_engine.begin() as connection:
        assert export(connection, NOW) == ""
        assert export(connection, NOW, everything=True) == patch
        found = labels.find(connection, pk)
        assert found is not None
        assert found.exported_at == NOW
        with pytest.raises(LabelError, match="label_exported"):
            deciding.change(connection, found, Decision("dismissed"), "me", NOW, ())


def test_a_label_that_is_doubted_leaves_when_it_is_confirmed(engine: Engine) -> None:
    sure = {"星级几年评一次": "star_rating", "补证去哪": "permit"}

    def doubts(text: str, intent: str) -> str | None:
        return sure[text] if sure[text] != intent else None

    def decided_on(text: str, intent: str) -> labels.Label:
        pk, _ = decide(engine, text, Decision("intent", intent), doubts=doubts)
        with engine.begin() as connection:
            found = labels.find(connection, pk)
            assert found is not None
            return found

    doubted = decided_on("星级几年评一次", "refresher")
    agreed = decided_on("补证去哪", "permit")
    assert (doubted.unconfirmed, agreed.unconfirmed) == (True, False)
    with engine.begin() as connection:
        assert training_rows(connection) == [("补证去哪", "permit")]
        assert "星级" not in export(connection, NOW, everything=True)
        for label, staff in ((doubted, "me"), (agreed, "you")):
            with pytest.raises(LabelError, match="label_own"):
                deciding.confirm(connection, label, staff, NOW)
        deciding.confirm(connection, doubted, "you", NOW)
        assert ("星级几年评一次", "refresher") in training_rows(connection)
        assert "星级" in export(connection, NOW, everything=True)


def _star_rating(_text: str, intent: str) -> str | None:
    return None if intent == "star_rating" else "star_rating"


def test_what_is_decided_anew_is_doubted_anew(engine: Engine) -> None:
    first = Decision("intent", "refresher")
    pk, _ = decide(engine, "星级几年评一次", first, doubts=_star_rating)
    with engine.begin() as connection:
        looked_at = labels.find(connection, pk)
        assert looked_at is not None
        later = NOW + dt.timedelta(minutes=1)
        another = Decision("intent", "permit")
        deciding.change(connection, looked_at, another, "me", later, (), _star_rating)
        with pytest.raises(LabelError, match="label_own"):  # not what was looked at
            deciding.confirm(connection, looked_at, "you", later)
        right = Decision("intent", "star_rating")
        deciding.change(connection, looked_at, right, "me", later, (), _star_rating)
        assert training_rows(connection) == [("星级几年评一次", "star_rating")]


@pytest.mark.parametrize(
    ("ranking", "doubted"),
    [
        ({"permit": 0.85, "star_rating": 0.1}, True),  # sure
        ({"permit": 0.45, "refresher": 0.4, "star_rating": 0.02}, True),  # unsure, but not of this
        ({"permit": 0.45, "star_rating": 0.1, "refresher": 0.05}, False),  # it may well be
        ({"star_rating": 0.3, "permit": 0.01}, False),  # the engine says so too
        ({"permit": 0.4}, False),  # an engine that tells the likeliest alone
        ({"permit": 0.4, "refresher": 0.01}, True),
    ],
)
def test_a_label_is_doubted_that_the_engine_is_sure_against_or_holds_for_impossible(
    ranking: dict[str, float], doubted: bool
) -> None:
    scores = [Score(intent, confidence) for intent, confidence in ranking.items()]
    assert contradicted(scores, "star_rating") == ("permit" if doubted else None)


def test_a_task_for_the_library_is_done_and_opened_again(sqlite_engine: Engine) -> None:
    task, _ = decide(sqlite_engine, "工龄补贴有没有", Decision("library", note="缺"))
    other, _ = decide(sqlite_engine, "别的事情", Decision("dismissed"))
    with sqlite_engine.begin() as connection:
        assert labels.set_done(connection, task, "you", NOW)
        assert labels.listed(connection, ("library",), only_open=True) == []
        assert labels.set_done(connection, task, "you", None)
        assert [one.pk for one in labels.listed(connection, ("library",), only_open=True)] == [task]
        assert not labels.set_done(connection, other, "you", NOW)


# --- the labels' file -----------------------------------------------------------------------------


def test_what_the_training_data_holds_already_is_left_out_of_the_labels(tmp_path: Path) -> None:
    file = tmp_path / LABELS_NAME
    rows = [("回炉要钱吗", "handoff"), ("上户烫了谁管", "accident_insurance"), ("没了", "gone")]
    file.write_text(as_training_file(rows), encoding="utf-8")
    assert [(e.text, e.intent) for e in read_files([file]).examples] == [
        ("上户烫了谁管", "accident_insurance"), ("回炉要钱吗", "handoff")
    ]  # fmt: skip
    data = read_training_data(SMALL)
    more = with_labels(data, file).examples[len(data.examples) :]
    assert [one.text for one in more] == ["上户烫了谁管"]
    assert with_labels(data, tmp_path / "none.yml") is data
    file.write_text("nlu: [", encoding="utf-8")
    assert with_labels(data, file) is data
    assert as_training_file([]) == ""


def test_labels_of_an_intent_that_is_no_more_are_left_out(tmp_path: Path) -> None:
    file = tmp_path / LABELS_NAME
    text = as_training_file([("上户烫了谁管", "accident_insurance")])
    file.write_text(text + "- intent: retired\n  examples: |\n    - 什么\n", encoding="utf-8")
    known = with_labels(TrainingData(()), file).examples
    assert [one.intent for one in known] == ["accident_insurance"]
    assert "retired" not in intents()
