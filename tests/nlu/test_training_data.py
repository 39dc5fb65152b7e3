"""Each file of `bad_training/` holds one error, said in its first line; reading tells its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from knowledge.strict_yaml import DataError
from nlu.engine import TRAINING
from nlu.intents import intents
from nlu.training_data import Example, read_files, read_training_data, slips

BAD = Path(__file__).parent / "bad_training"
CASES = sorted(BAD.glob("*.yml"))


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_a_bad_file_is_refused_on_its_line_with_a_mend(case: Path) -> None:
    first = case.read_bytes().split(b"\n", 1)[0].decode()
    match = re.fullmatch(r"# expect: (\d+): (.+)", first)
    assert match, f"{case.name} does not say what is expected"
    with pytest.raises(DataError) as refused:
        read_files([case])
    assert len(refused.value.problems) == 1, refused.value
    problem = refused.value.problems[0]
    assert match[2] in problem.message
    assert problem.line == int(match[1])
    assert problem.path == case
    assert problem.mend


def test_all_problems_of_all_files_are_told_at_once() -> None:
    with pytest.raises(DataError) as refused:
        read_files([BAD / "unknown_intent.yml", BAD / "regex_impossible.yml"])
    assert len(refused.value.problems) == 2


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no training files"):
        read_training_data(tmp_path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_files([tmp_path / "none.yml"])


def test_examples_are_normalised_and_remember_where_they_stand(tmp_path: Path) -> None:
    file = tmp_path / "one.yml"
    file.write_text(
        'version: "3.1"\nnlu:\n- intent: refresher\n  examples: |\n    - 回爐要錢嗎?\n',
        encoding="utf-8",
    )
    (example,) = read_files([file]).examples
    assert example.text == "回炉要钱吗？"
    assert example.written == "回爐要錢嗎?"
    assert (example.path, example.line) == (file, 5)


def test_every_line_of_a_regex_is_a_pattern_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "one.yml"
    file.write_text(
        'version: "3.1"\nnlu:\n- regex: words\n  examples: |\n    - 回炉|复训\n    - 再培训\n',
        encoding="utf-8",
    )
    assert [p.pattern for p in read_files([file]).patterns] == ["回炉|复训", "再培训"]


def test_the_real_training_data_covers_every_intent() -> None:
    data = read_training_data(TRAINING)
    assert {example.intent for example in data.examples} == set(intents())
    assert data.patterns


def test_slips_are_one_character_away_and_do_not_hang_on_the_order() -> None:
    texts = [f"第{number}个月嫂怎么参加回炉培训" for number in range(60)]
    examples = [Example(text, "refresher", text, Path("x"), 1) for text in texts]
    found = slips(examples)
    assert 0 < len(found) < len(texts)
    for place, slip in found:
        assert slip.intent == "refresher"
        assert len(slip.text) == len(texts[place])
        changed = [a != b for a, b in zip(slip.text, texts[place], strict=True)]
        assert sum(changed) == 1
    turned = {slip.text for _, slip in slips(examples[::-1])}
    assert turned == {slip.text for _, slip in found}
    assert not {slip.text for _, slip in found} & set(texts)
