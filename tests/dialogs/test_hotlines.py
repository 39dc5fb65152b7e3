"""No telephone number is named that the project does not know the basis of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conversing import hotlines

ROOT = Path(__file__).parents[2]
# 110 and its like, and the numbers of five digits; no years, sums, or parts of longer numbers.
_NUMBER = re.compile(r"(?<![\w.#-])(?<!\d,)(1[12]\d|1[12]\d{3}|9[56]\d{3})(?![\w.%-])", re.ASCII)
_SPOKEN = ("打", "热线", "电话", "短信", "报警")
FILES = sorted(
    path
    for pattern in ("dialogs/**/*.yaml", "bot/**/*.yaml", "bot/**/*.html")
    for path in ROOT.glob(pattern)
    if path.name != "hotlines.yaml"
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_number_named_is_known(path: Path) -> None:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if "cues:" not in line]
    named = {
        number
        for line in lines
        if any(word in line for word in _SPOKEN)
        for number in _NUMBER.findall(line)
    }
    assert named <= set(hotlines())


def test_each_has_a_basis() -> None:
    """What is said to be public can be looked up again; what could not be found says so."""
    for number, told in hotlines().items():
        assert told["basis"] in ("project", "public", "unchecked"), number
        assert (told["basis"] == "public") == ("seen_on" in told) == ("source" in told), number
        assert (told["basis"] == "unchecked") == ("sought_on" in told), number


def test_nothing_is_promised_that_a_hotline_does_not_keep() -> None:
    said = (ROOT / "dialogs" / "distress.yaml").read_text(encoding="utf-8")
    assert "24小时" not in said  # 12356 is not everywhere answered round the clock
    assert "12110后面加当地区号的后三位" in said
    assert said.index("110报警") < said.index("96110")  # which takes no reports
