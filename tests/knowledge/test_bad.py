"""Each file of `bad/` holds one error; the linter finds it, on its line, and says the mend.

A file's first line names what is expected: `# expect: <line>: <part of the message>`, the line with
`clauses:` before it where it is one of the clause file. A second line may change the surroundings:
`# beside: <good file>` puts another document into the folder, `# clauses: none` leaves the clause
file out, `# clauses: orphan` adds one that belongs to no document. A case without a clause file of
its own has that of `good.yaml`.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from knowledge.lint import lint_folder
from knowledge.strict_yaml import Problem

BAD = Path(__file__).parent / "bad"
GOOD = BAD / "good.yaml"
CASES = sorted(
    path
    for path in BAD.glob("*.yaml")
    if not path.name.startswith("good") and not path.name.endswith(".clauses.yaml")
)


@dataclass(frozen=True)
class Expected:
    line: int
    in_clauses: bool
    message: str
    beside: str | None
    clauses: str | None


def expected(case: Path) -> Expected:
    first, second = case.read_bytes().split(b"\n", 2)[:2]
    match = re.fullmatch(r"# expect: (clauses:)?(\d+): (.+)", first.decode())
    assert match, f"{case.name} does not say what is expected"
    more = re.fullmatch(rb"# (beside|clauses): (\w+)", second)
    option, value = (more[1].decode(), more[2].decode()) if more else (None, None)
    return Expected(
        line=int(match[2]),
        in_clauses=match[1] is not None,
        message=match[3],
        beside=value if option == "beside" else None,
        clauses=value if option == "clauses" else None,
    )


def clauses_of(document: Path) -> Path:
    return document.with_name(f"{document.stem}.clauses.yaml")


def lint_case(case: Path, folder: Path) -> list[Problem]:
    """The problems of the case in a folder of its own, under the name `document.yaml`."""
    want = expected(case)
    shutil.copy(case, folder / "document.yaml")
    if want.clauses != "none":
        own = clauses_of(case)
        source = own if own.exists() else clauses_of(GOOD)
        shutil.copy(source, folder / "document.clauses.yaml")
    if want.clauses == "orphan":
        (folder / "orphan.clauses.yaml").write_text("[]\n", encoding="utf-8")
    if want.beside is not None:
        for path in (BAD / f"{want.beside}.yaml", BAD / f"{want.beside}.clauses.yaml"):
            # Before the case in the folder's order: the second of two equals is the one at fault.
            shutil.copy(path, folder / f"a_{path.name}")
    return lint_folder(folder)


@pytest.mark.parametrize("names", [("good",), ("good", "good_sub"), ("good_wide",)])
def test_the_documents_they_start_from_have_no_fault(
    names: tuple[str, ...], tmp_path: Path
) -> None:
    for name in names:
        for path in (BAD / f"{name}.yaml", BAD / f"{name}.clauses.yaml"):
            shutil.copy(path, tmp_path)
    assert lint_folder(tmp_path) == []


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_the_error_is_found_where_it_stands(case: Path, tmp_path: Path) -> None:
    want = expected(case)
    problems = lint_case(case, tmp_path)
    matching = [problem for problem in problems if want.message in problem.message]
    assert len(matching) == 1, "\n".join(map(str, problems))
    # One error may be said in several ways (a value fits neither type it may have).
    assert {problem.line for problem in problems} == {want.line}
    problem = matching[0]
    orphan = want.clauses == "orphan"
    name = "orphan.clauses.yaml" if orphan else "document.yaml"
    assert problem.path.name == ("document.clauses.yaml" if want.in_clauses else name)
    # What to do is said in words of its own, not only what is wrong.
    assert len(problem.mend) >= 8
    assert problem.mend not in problem.message
    assert str(problem) == f"{problem.path}:{problem.line}: {problem.message} → {problem.mend}"


def test_an_empty_folder_is_not_an_empty_library(tmp_path: Path) -> None:
    (problem,) = lint_folder(tmp_path)
    assert "no document here" in problem.message


def test_a_file_with_the_wrong_ending_is_not_passed_over(tmp_path: Path) -> None:
    shutil.copy(GOOD, tmp_path)
    shutil.copy(clauses_of(GOOD), tmp_path)
    (tmp_path / "other.yml").write_text("id: other\n", encoding="utf-8")
    (problem,) = lint_folder(tmp_path)
    assert problem.path.name == "other.yml"
    assert ".yaml" in problem.message
