"""What a message gives of a permit, and what it never is."""

from __future__ import annotations

import pytest

from dialogs.permits.reading import beginning, given_in, id_number_in

WHOLE = "GZ1565643791K"  # its check symbol is right; the number is made up


@pytest.mark.parametrize(
    ("text", "name", "last4"),
    [
        ("GZ 15656 43791 K 李梅", "李梅", None),
        (f"证号{WHOLE}，叫李梅", "李梅", None),
        (f"证号是{WHOLE}，姓名是测试李志强，麻烦查一下", "测试李志强", None),
        (f"李梅阿姨 {WHOLE}", "李梅", None),
        (f"{WHOLE} 其其格·测试", "其其格·测试", None),
        (f"{WHOLE} 劉美玲", "劉美玲", None),
        (f"{WHOLE} 尾号 123X", None, "123X"),
        (f"{WHOLE} 123x", None, "123X"),
        (f"{WHOLE} 身份证后四位是１２３４", None, "1234"),
        (f"{WHOLE}这个证是真的吗", None, None),
        (f"{WHOLE} 李阿姨", None, None),
    ],
)
def test_a_number_and_what_stands_beside_it(text: str, name: str | None, last4: str | None) -> None:
    given = given_in(text)
    assert len(given.numbers) == 1
    assert (given.name, given.last4) == (name, last4)


@pytest.mark.parametrize(
    "text", ["GZ 一五六五六四三七九一 K", "ＧＺ１５６５６４３７９１Ｋ", WHOLE.lower()]
)
def test_a_number_as_it_is_typed_or_spoken(text: str) -> None:
    assert given_in(f"帮我查 {text} 李梅").numbers == (text,)


@pytest.mark.parametrize(
    "text",
    ["13812345678", "138 1234 5678", "440106198001011234", "44010619800101123X", "020-83181234"],
)
def test_telephone_and_id_numbers_are_no_permit_numbers(text: str) -> None:
    assert given_in(text).numbers == ()
    assert given_in(f"电话{text}，{WHOLE}").numbers == (WHOLE,)


def test_of_a_whole_id_number_only_the_last_four_are_taken() -> None:
    given = given_in(f"{WHOLE} 44010619800101123X")
    assert (given.numbers, given.last4, given.id_number) == ((WHOLE,), "123X", True)
    assert id_number_in("我的身份证是44010619800101123x") == "alone"
    assert id_number_in("我44010619800101123x，想问问长治的培训补贴") == "among words"
    assert id_number_in("长治的培训补贴，国办发〔2019〕30号") is None


def test_the_permits_own_tail_is_no_second_factor() -> None:
    assert given_in(f"{WHOLE}，证号后四位791K").last4 is None


@pytest.mark.parametrize(
    "text", ["谢谢", "那长治呢", "多少钱", "马上", "高级的呢", "李姐", "免费吗", "好的"]
)
def test_words_that_are_no_name(text: str) -> None:
    assert given_in(text).name is None


def test_half_a_number_and_its_rest() -> None:
    assert given_in("GZ 15656").half == "GZ 15656"
    assert given_in("GZ 15656").half_alone
    assert given_in("后面是 43791 K").rest == "43791 K"
    assert beginning("GZ 15656 43")
    assert not beginning("GO 15656 43")
    assert not beginning(WHOLE)


def test_nothing_given_can_be_seen_in_a_log() -> None:
    shown = repr(given_in(f"{WHOLE} 李梅 尾号 4821"))
    assert not any(part in shown for part in (WHOLE, "李梅", "4821"))
