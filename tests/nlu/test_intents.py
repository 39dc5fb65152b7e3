from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.strict_yaml import DataError
from knowledge.vocabulary import vocabulary
from nlu.intents import intents, load_intents


def test_every_topic_is_an_intent_with_the_topics_label() -> None:
    topics = vocabulary().topics
    found = {name: intent for name, intent in intents().items() if intent.kind == "topic"}
    assert found.keys() == topics.keys()
    assert found["refresher"].label == topics["refresher"].label


def test_other_intents_have_labels_of_their_own() -> None:
    assert intents()["handoff"].label == "转人工"
    assert intents()["out_of_scope"].kind == "far"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("- {kind: topics, ids: [refresher]}", "unknown kind 'topics'"),
        ("- {kind: topic, ids: [refreshr]}", "no topic 'refreshr'"),
        ("- {kind: far, ids: {a: x}}\n- {kind: near, ids: {a: y}}", "'a' stands twice"),
    ],
)
def test_a_bad_list_is_refused(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "intents.yaml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        load_intents(file)
