"""Reading YAML: nothing is lost silently, and every value has its line."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, ValidationError

from knowledge.strict_yaml import DataError, Problem, read, validation_problems


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "file.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def problems(folder: Path, content: str | bytes) -> list[tuple[int, str]]:
    with pytest.raises(DataError) as caught:
        read(write(folder, content))
    return [(problem.line, problem.message) for problem in caught.value.problems]


def test_every_value_has_its_line(tmp_path: Path) -> None:
    source = read(
        write(tmp_path, "a: 1\nb:\n\n  c: [x,\n      y]\nd: >-\n  long\n  text\ne:\n- f: 2\n")
    )
    assert source.data == {"a": 1, "b": {"c": ["x", "y"]}, "d": "long text", "e": [{"f": 2}]}
    assert source.line(("a",)) == 1
    assert source.line(("b",)) == 2  # the line of the key, not of the value below it
    assert source.line(("b", "c")) == 4
    assert source.line(("b", "c", 1)) == 5
    assert source.line(("d",)) == 6
    assert source.line(("e", 0, "f")) == 10


def test_a_place_that_is_not_there_has_the_line_above_it(tmp_path: Path) -> None:
    source = read(write(tmp_path, "\na:\n  b: 1\n"))
    assert source.line(("a", "missing", 3)) == 2
    assert source.line(("nowhere",)) == 2
    assert read(write(tmp_path, "")).line(("a",)) == 1


def test_an_empty_file_holds_nothing(tmp_path: Path) -> None:
    assert read(write(tmp_path, "")).data is None
    assert read(write(tmp_path, "# only a comment\n")).data is None


def test_a_byte_order_mark_is_no_content(tmp_path: Path) -> None:
    assert read(write(tmp_path, b"\xef\xbb\xbfa: 1\n")).data == {"a": 1}


def test_dates_are_dates(tmp_path: Path) -> None:
    assert read(write(tmp_path, "a: 2021-10-27")).data == {"a": dt.date(2021, 10, 27)}


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "duplicate key 'a'"),
        ("x:\n  a: 1\n  a:\n    b: 2\n", 3, "duplicate key 'a'"),
        ("{a: 1, a: 2}", 1, "duplicate key 'a'"),
        ("a: 1\nb: 2021-02-30\n", 2, "impossible value '2021-02-30'"),
        ("a: 1\n2021-02-30: b\n", 2, "impossible value '2021-02-30'"),
        ("a: [1\nb: 2\n", 2, "not valid YAML"),
        ("a: 1\n---\nb: 2\n", 2, "not valid YAML"),
        ("a: &x {b: 1}\nc: *x\n", 2, "an alias"),
        ("a: &x\n  b: *x\n", 2, "an alias"),
        ("a: 1\n? [b]\n: c\n", 2, "a key is not a plain word"),
        ("a: 1\nb: !!python/object:os.system x\n", 2, "impossible value 'x'"),
        ("a: !!bool x", 1, "impossible value 'x'"),
        ("a: !!int ''", 1, "impossible value ''"),
        ("a: !!timestamp x", 1, "impossible value 'x'"),
        ("字: 字\nb: \x07", 2, "not valid YAML: control characters"),
        (b"a: 1\nb: \xb0\xa1", 2, "not UTF-8"),
        (b"a: 1\n\nb: \xed\xa0\x80", 3, "not UTF-8"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(
    content: str | bytes, line: int, message: str, tmp_path: Path
) -> None:
    (found,) = problems(tmp_path, content)
    assert found[0] == line
    assert message in found[1]


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    found = problems(tmp_path, "a: 1\na: 2\nb: 2021-02-30\nb: 3\n")
    assert [line for line, _ in found] == [2, 3, 4]


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.dates(),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(), below, max_size=4),
    max_leaves=12,
)


@given(PLAIN)
def test_plain_data_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, data: object
) -> None:
    path = tmp_path_factory.getbasetemp() / "plain.yaml"
    dumper = type("Plain", (yaml.SafeDumper,), {"ignore_aliases": lambda *_: True})
    path.write_text(yaml.dump(data, Dumper=dumper), encoding="utf-8")
    assert read(path).data == data


@given(
    st.text(alphabet="a:b-[]{}&*!|>%@`'\"#,? \n\t0129.ü\u4e00", max_size=60)
    | st.binary(max_size=60)
)
def test_no_file_raises_anything_else(
    tmp_path_factory: pytest.TempPathFactory, content: str | bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    found: list[Problem] = []
    try:
        read(path)
    except DataError as error:
        found = error.problems
    assert all(problem.line >= 1 and problem.mend for problem in found)


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str
    size: int


def test_validation_errors_become_problems_with_lines(tmp_path: Path) -> None:
    source = read(write(tmp_path, "things:\n- name: a\n  size: big\n  colour: red\n"))
    with pytest.raises(ValidationError) as caught:
        Thing.model_validate(source.data["things"][0])
    found = validation_problems(source, caught.value, ("things", 0))
    assert [(problem.line, problem.message) for problem in sorted(found)] == [
        (3, "size: Input should be a valid integer"),
        (4, "unknown key 'colour'"),
    ]
    assert [problem.mend for problem in sorted(found)] == [
        "give a value of the right form (knowledge/schema.py)",
        "remove the key or correct its spelling",
    ]


def test_problems_sort_by_place_and_read_well() -> None:
    first = Problem(Path("a.yaml"), 2, "unknown key 'x'", "remove it")
    second = Problem(Path("a.yaml"), 10, "duplicate key 'y'", "keep one")
    assert sorted([second, first]) == [first, second]
    assert str(first) == "a.yaml:2: unknown key 'x' → remove it"
    assert str(DataError([first, second])) == f"{first}\n{second}"
