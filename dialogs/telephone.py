"""A telephone number in what somebody says: typed, or dictated as it is spoken (幺三八，零零…)."""

from __future__ import annotations

import re

_SPOKEN = str.maketrans("〇零一二三四五六七八九幺洞拐", "00123456789107")
_PAUSE = r"[ ,，、.。…·—~()（）-]{0,3}"
_GAP = rf"{_PAUSE}(?:(?:嗯|呃|啊|哦|那个|这个|然后){_PAUSE})?"
_END = r"(?!\d(?![点号天个]))"  # …零零零三点以后打: the three is an hour


def _grouped(first: str, more: int) -> str:
    return rf"{first}(?:{_GAP}\d){{{more}}}"


_MOBILE = re.compile(rf"(?<!\d)(?:(?:00)?86{_GAP})?({_grouped(f'1{_GAP}[3-9]', 9)}){_END}")
# With its area code; 010 and 02x have three figures, and every number that follows one has eight.
_LANDLINE = re.compile(
    rf"(?<!\d)({_grouped(rf'0{_GAP}(?:10|2{_GAP}[0-9])', 8)}"
    rf"|{_grouped(rf'0{_GAP}[3-9]{_GAP}[0-9]{_GAP}[0-9]', 8)}"
    rf"|{_grouped(rf'0{_GAP}[3-9]{_GAP}[0-9]{_GAP}[0-9]', 7)}){_END}"
)
# Nothing else is said: so many figures, but not those of a telephone number.
_MISTAKEN = re.compile(
    r"(?:我的?)?(?:手机|座机|联系)?(?:电话|号码|号)?(?:号码|号)?[是为:：]?"
    rf"\d(?:{_GAP}\d){{5,13}}[。!！]?"
)


def telephone_in(text: str) -> str | None:
    """The first telephone number in the normalised `text`, in figures and nothing else."""
    figures = text.translate(_SPOKEN)
    found = _MOBILE.search(figures) or _LANDLINE.search(figures)
    return None if found is None else re.sub(r"\D", "", found[1])


def mistaken(text: str) -> bool:
    """Whether `text` is nothing but a number with a figure too many or too few."""
    return telephone_in(text) is None and bool(_MISTAKEN.fullmatch(text.translate(_SPOKEN).strip()))
