"""Permit numbers: read in every way they are written, never repaired."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_37_36

from knowledge.registry.permit_number import BadNumber, Fault, find, generate, mask, parse, read

GOOD = "GZ1565643791K"
digits = st.text("0123456789", min_size=10, max_size=10)
letters = st.text("ABCDEFGHJKLMNPQRSTUVWXYZ", min_size=2, max_size=2)


@st.composite
def numbers(draw: st.DrawFn) -> str:
    body = draw(letters) + draw(digits)
    check = mod_37_36.calc_check_digit(body)
    return body + check if check not in "OI" else GOOD


@given(numbers(), st.sampled_from([" ", "-", "—", "\u200b", "\u3000", "‑", "．"]))
def test_joiners_change_nothing(value: str, joiner: str) -> None:
    if joiner == "．":  # full-width stop is not among the joiners, and must not be dropped
        with pytest.raises(BadNumber):
            parse(joiner.join(value))
        return
    assert parse(joiner.join(value)).value == value


@given(numbers())
def test_width_and_case_change_nothing(value: str) -> None:
    wide = "".join(chr(ord(char) + 0xFEE0) for char in value)
    assert parse(wide).value == value
    assert parse(value.lower()).value == value


@given(numbers())
def test_spoken_digits_are_digits(value: str) -> None:
    spoken = value[2:12].translate(str.maketrans("0123456789", "〇幺二三四五六七八九"))
    assert parse(value[:2] + spoken + value[12]).value == value


@given(numbers(), st.integers(0, 12), st.sampled_from("OIoil²①С٣З½Ⅰ"))
def test_a_look_alike_is_refused_where_it_stands(value: str, place: int, symbol: str) -> None:
    if symbol in "l":
        symbol = "Ι"  # Greek iota: a Latin l is a letter that numbers may hold at their ends
    with pytest.raises(BadNumber) as caught:
        parse(value[:place] + symbol + value[place + 1 :])
    assert caught.value.fault is Fault.SYMBOL
    assert caught.value.position == place + 1


@given(numbers(), st.integers(0, 12), st.sampled_from("0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"))
def test_one_wrong_symbol_is_always_caught(value: str, place: int, symbol: str) -> None:
    wrong = value[:place] + symbol + value[place + 1 :]
    if wrong == value:
        assert parse(wrong).value == value
    else:
        with pytest.raises(BadNumber):
            parse(wrong)


@given(st.text())
def test_any_text_is_a_number_or_refused(text: str) -> None:
    try:
        number = read(text)
    except BadNumber:
        return
    assert re.fullmatch(r"[A-Z]{2}[0-9]{10}[0-9A-Z]", number.value)
    assert mod_37_36.is_valid(number.value)


@given(numbers(), st.text("的号证是，。查一下阿姨请问", max_size=8))
def test_a_number_is_found_within_a_sentence(value: str, around: str) -> None:
    assert read(around + value + around).value == value


@pytest.mark.parametrize(
    ("text", "fault", "position"),
    [
        ("", Fault.EMPTY, None),
        (" - ", Fault.EMPTY, None),
        (GOOD[:12], Fault.LENGTH, None),
        (GOOD + "1", Fault.LENGTH, None),
        ("1234567890123", Fault.SHAPE, 1),
        ("GZ15656A3791K", Fault.SHAPE, 8),
        ("GZ1565643792K", Fault.CHECK, None),
        ("GZ15656437O1K", Fault.SYMBOL, 11),
        ("\u202e" + GOOD, Fault.SYMBOL, 1),
        ("查不到", Fault.SYMBOL, 1),
    ],
)
def test_the_fault_is_named(text: str, fault: Fault, position: int | None) -> None:
    with pytest.raises(BadNumber) as caught:
        parse(text)
    assert (caught.value.fault, caught.value.position) == (fault, position)


@pytest.mark.parametrize(
    "text",
    [
        "13800138000",
        "44010119900101123X",
        "国办发〔2019〕30号",
        "一二三四五六七八九十",
        "hello everybody out there",
    ],
)
def test_other_numbers_are_not_taken_for_one(text: str) -> None:
    assert find(text) == []


def test_two_numbers_are_both_found_and_neither_is_chosen() -> None:
    text = f"{GOOD} 和 GZ11875405719"
    assert find(text) == [GOOD, "GZ11875405719"]
    with pytest.raises(BadNumber):
        read(text)


def test_shown_only_masked() -> None:
    number = parse(GOOD)
    assert number.masked == mask(GOOD) == "GZ****791K"
    assert GOOD not in f"{number} {number!r} {[number]}"
    assert number.written.replace(" ", "") == GOOD


def test_generated_numbers_are_whole_random_and_free_of_look_alikes() -> None:
    made = [generate("GZ", "1").value for _ in range(300)]
    assert len(set(made)) == 300
    assert all(parse(value).value == value and value[2] == "1" for value in made)
    assert not any(symbol in value for value in made for symbol in "OI")
