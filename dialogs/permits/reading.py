"""What a message gives of a permit: its number or a part of it, a name, the last four, a PIN.

A number, a name and an ID number are read here and go no further than the check: nothing of this
module is ever logged or stored.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from knowledge.registry import permit_number
from knowledge.registry.permit_number import BadNumber
from knowledge.strict_yaml import read
from nlu.normalise import normalise

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003134f"
_DOT = "·•‧∙⋅・･．.᛫⸱"
_NAME = rf"[{_HAN}]{{1,12}}(?:[{_DOT}][{_HAN}]{{1,12}})+|测试[{_HAN}]{{2,4}}|[{_HAN}]{{2,4}}"
_PIECE = re.compile(rf"(?:{_NAME})")
_EDGE = rf"(?=[^{_HAN}{_DOT}]|$|的|身份证|证号|尾号|后四位)"
_LITTLE = 10  # characters around an ID number: 我的身份证号是……
_JOINERS = re.compile(r"[\s\-‐‑‒–—―−－_,，、。；;:：]+")


@dataclass(frozen=True)
class Given:
    """What one message gives. Every field may be personal."""

    numbers: tuple[str, ...] = field(default=(), repr=False)  # as written, right or wrong
    half: str | None = field(default=None, repr=False)  # the beginning of a number
    half_alone: bool = False  # and nothing beside it
    rest: str | None = field(default=None, repr=False)  # what may be the rest of one
    name: str | None = field(default=None, repr=False)
    last4: str | None = field(default=None, repr=False)
    pin: str | None = field(default=None, repr=False)
    id_number: bool = False
    phone: bool = False

    @property
    def factor(self) -> bool:
        """Whether there is a second factor."""
        return self.name is not None or self.last4 is not None


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = read(Path(__file__).with_name("reading.yaml")).data
    return data


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(_data()[name])


@cache
def _advice() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, re.compile(cue)) for name, cue in _data()["advice"].items())


@cache
def _filler() -> re.Pattern[str]:
    return re.compile(re.sub(r"\s", "", _data()["filler"]))


def permit_says(kind: str, text: str) -> bool:
    """Whether the normalised `text` says what the pattern `kind` of reading.yaml means."""
    return _pattern(kind).search(text) is not None


def advice_in(text: str) -> str | None:
    """Which general advice (complain, suspended …) the normalised `text` asks for."""
    return next((name for name, cue in _advice() if cue.search(text)), None)


def given_in(text: str) -> Given:
    """Everything of a permit that the message gives; `text` is as it was typed."""
    plain = unicodedata.normalize("NFKC", text).upper()
    id_number, phone = _pattern("id_number").search(plain), _pattern("phone").search(plain)
    if id_number is None and phone is None:
        # Positions in the text as typed: nothing has to be cut out of it.
        safe = text
    else:
        safe = _pattern("phone").sub("。", _pattern("id_number").sub("。", plain))
    found = [_split(stretch) for stretch in permit_number.find(safe)]
    around = safe
    for stretch in permit_number.find(safe):
        around = around.replace(stretch, "。", 1)
    folded = unicodedata.normalize("NFKC", around).upper()
    tails = [tail for _number, tail in found if tail]
    last4 = _last4(folded, id_number.group() if id_number else "")
    half = None if found else _pattern("half").search(folded)
    rest = None if found or half else _pattern("rest").search(folded)
    pin = _pattern("own_pin").search(folded)
    return Given(
        numbers=tuple(number for number, _tail in found),
        half=half.group() if half else None,
        half_alone=half is not None and half.group() == folded.strip(),
        rest=rest.group() if rest else None,
        name=_name(_half_out(around, half)),
        last4=last4 or next((tail for tail in tails if len(tail) == 4), None),
        pin=pin.group(1) if pin else next((tail for tail in tails if len(tail) == 6), None),
        id_number=id_number is not None,
        phone=phone is not None,
    )


def id_number_in(text: str) -> Literal["alone", "among words"] | None:
    """Whether the normalised `text` holds an ID number, and whether it says little else."""
    rest, count = _pattern("id_number").subn("", text.upper())
    if count == 0:
        return None
    return "alone" if len(rest) <= _LITTLE else "among words"


def is_whole(number: str) -> bool:
    """Whether `number` has as many symbols as a permit number."""
    return symbols_in(number) >= permit_number.LENGTH


def symbols_in(number: str) -> int:
    """How many symbols a number, or the part of one, has."""
    return len(_JOINERS.sub("", number))


def beginning(number: str) -> bool:
    """Whether `number` may be the beginning of one: letters and digits right, only too short."""
    try:
        permit_number.parse(number)
    except BadNumber as bad:
        return (
            bad.fault is permit_number.Fault.LENGTH
            and bad.symbols < permit_number.LENGTH
            and re.search("[A-Z]{2}[0-9]*$", _compact(number)) is not None
        )
    return False


def _compact(text: str) -> str:
    return _JOINERS.sub("", unicodedata.normalize("NFKC", text).upper())


def _split(stretch: str) -> tuple[str, str]:
    """A number and what was typed right behind it (last four, PIN), where the number is whole by
    itself: its check symbol has to agree, so nothing is cut to fit."""
    for match in _JOINERS.finditer(stretch):
        tail = _compact(stretch[match.end() :])
        if re.fullmatch("[0-9]{3}[0-9X]|[0-9]{6}", tail) is None:
            continue
        try:
            permit_number.parse(stretch[: match.start()])
        except BadNumber:
            continue
        return stretch[: match.start()], tail
    return stretch, ""


def _last4(folded: str, id_number: str) -> str | None:
    """The last four: said to be it, the end of an ID number sent whole, or four standing alone."""
    if id_number:
        return _compact(id_number)[-4:]
    said = _pattern("last4").search(folded)
    if said is not None:
        tail = _pattern("permit_tail").search(folded)
        return None if tail is not None and tail.start() <= said.start() else said.group(1)
    alone = _pattern("last4_alone").search(folded)
    return alone.group(1) if alone else None


def _half_out(around: str, half: re.Match[str] | None) -> str:
    if half is None:
        return around
    return unicodedata.normalize("NFKC", around).upper().replace(half.group(), "。", 1)


def _name(text: str) -> str | None:
    """The one name in the text: after 叫 or 姓名, or alone once the words around are taken away."""
    cued = re.search(rf"{_data()['name_cue']}({_NAME}?){_EDGE}", text)
    if cued is not None and _may_be_name(cued.group(1), cued=True):
        return cued.group(1)
    pieces = re.split(rf"[^{_HAN}{_DOT}]+", _filler().sub(" ", text))
    names = [piece.strip(_DOT) for piece in pieces if _may_be_name(piece.strip(_DOT))]
    return names[0] if len(names) == 1 else None


def _may_be_name(piece: str, *, cued: bool = False) -> bool:
    if _PIECE.fullmatch(piece) is None or _pattern("not_name").search(piece):
        return False
    dotted = any(dot in piece for dot in _DOT)
    return cued or dotted or normalise(piece[0]) in _data()["surnames"]
