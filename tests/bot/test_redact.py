"""Personal numbers go, in whatever writing; numbers that tell nothing about a person stay."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.redact import CARD, ID_NUMBER, LONG_NUMBER, PHONE, redact, redact_json
from knowledge.loader import LoadedDocument

FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
SPOKEN = str.maketrans("0123456789", "〇一二三四五六七八九")
MASK = re.compile("〔[^〕]*〕")

digits = st.text("0123456789", min_size=1)


def number(length: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=length, max_size=length)


id_numbers = st.one_of(
    number(18),
    number(15),
    st.tuples(number(17), st.sampled_from("Xx")).map("".join),
    number(17),  # one digit forgotten
    number(19),  # one digit twice
)
mobiles = st.tuples(st.sampled_from("3456789"), number(9)).map(lambda parts: "1" + "".join(parts))
separators = st.sampled_from([" ", "-", "  ", "－", "—", "\u200b", "\u3000", "\n", "."])
# What may stand beside a number in a sentence.
around = st.sampled_from(
    ["", "我的是", "，", "。", "能领补贴吗", "（", "）", "No:", "身份证:", "\n"]
)


def survivors(text: str) -> int:
    """The digits left outside the masks, in any script."""
    return sum(char.isdigit() for char in MASK.sub("", text))


@given(around, id_numbers, around)
def test_an_id_number_of_any_digits_goes_whole(before: str, found: str, after: str) -> None:
    redacted = redact(before + found + after)
    assert survivors(redacted) == 0
    assert redacted.startswith(before)
    assert redacted.endswith(after)


@given(around, id_numbers, around)
def test_a_full_width_id_number_goes_whole(before: str, found: str, after: str) -> None:
    assert survivors(redact(before + found.translate(FULL_WIDTH) + after)) == 0


@given(
    st.from_regex(r"[1-9]\d{5}", fullmatch=True),
    st.from_regex(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d)", fullmatch=True),
    st.from_regex(r"\d{3}[0-9Xx]", fullmatch=True),
    separators,
    separators,
)
def test_an_id_number_written_in_groups_goes_whole(
    area: str, birth: str, serial: str, first: str, second: str
) -> None:
    assert survivors(redact(f"{area}{first}{birth}{second}{serial}")) == 0
    assert survivors(redact(f"{area}{first}{birth[:4]}{second}{birth[4:]}{first}{serial}")) == 0


@given(number(18), separators)
def test_an_id_number_spelt_digit_by_digit_goes_whole(found: str, separator: str) -> None:
    assert survivors(redact(separator.join(found))) == 0


@given(around, mobiles, around)
def test_a_mobile_number_goes_whole(before: str, mobile: str, after: str) -> None:
    for written in (
        mobile,
        f"{mobile[:3]}-{mobile[3:7]}-{mobile[7:]}",
        f"{mobile[:3]} {mobile[3:7]} {mobile[7:]}",
        f"{mobile[:4]} {mobile[4:8]} {mobile[8:]}",
        " ".join(mobile),
        mobile.translate(FULL_WIDTH),
        mobile.translate(SPOKEN),
    ):
        redacted = redact(before + written + after)
        assert survivors(redacted) == 0, written
        assert not set("〇一二三四五六七八九") & set(MASK.sub("", redacted)), written


@given(mobiles)
def test_a_country_code_hides_no_number(mobile: str) -> None:
    for prefix in ("+86", "+86 ", "86-", "0086 "):
        for written in (mobile, f"{mobile[:3]} {mobile[3:7]} {mobile[7:]}"):
            left = MASK.sub("", redact(prefix + written))
            assert left in ("", "+", prefix)


@given(number(16) | number(19), separators)
def test_a_bank_card_goes_whole(rest: str, separator: str) -> None:
    card = "62" + rest[2:]
    groups = [card[start : start + 4] for start in range(0, len(card), 4)]
    assert survivors(redact(card)) == 0
    if not all(re.fullmatch(r"(19|20)\d\d|[1-9]\d*00", group) for group in groups):
        assert survivors(redact(separator.join(groups))) == 0


@given(st.text(st.characters(exclude_categories=()), max_size=80))
def test_any_text_is_taken_and_a_second_time_changes_nothing(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


@given(st.text("0123456789Xx -－一三八〇AGZ，〔〕+()年", max_size=60))
def test_number_soup_is_taken_and_a_second_time_changes_nothing(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


@given(st.text("0123456789", min_size=11, max_size=30))
def test_no_long_run_of_digits_is_left(found: str) -> None:
    assert survivors(redact(found)) == 0


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("440105199001011234", ID_NUMBER),
        ("44010519900101123x", ID_NUMBER),
        ("440105900101123", ID_NUMBER),
        ("４４０１０５１９９００１０１１２３Ｘ", ID_NUMBER),
        ("440105 1990 0101 123X", ID_NUMBER),
        ("440105-19900101-1234", ID_NUMBER),
        ("44O105199O01011234", ID_NUMBER),  # the letter O for a nought
        ("4401051990010112З4", f"{CARD}З4"),  # another alphabet's letter in it
        ("我电话138 0013 8000，打我", f"我电话{PHONE}，打我"),
        ("一三八零零一三八零零零", PHONE),
        ("0755-81234567", PHONE),
        ("（0755）8123 4567转8", f"{PHONE}转8"),
        ("010 81234567", PHONE),
        ("6222 0212 3456 7890 123", CARD),
        ("12345678901234567890123", LONG_NUMBER),
        ("证号GZ1234567890K", "证号〔证号尾号890K〕"),
        ("gz 12345 67890 k是真的吗", "〔证号尾号890K〕是真的吗"),
        ("ＧＺ１２３４５６７８９０Ｋ", "〔证号尾号890K〕"),
        ("GZ12345678905", "〔证号尾号8905〕"),
    ],
)
def test_each_kind_has_its_mask(text: str, redacted: str) -> None:
    assert redact(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "国办发〔2019〕30号",
        "穗人社函〔2020〕22号、人社部发〔2020〕73号",
        "打12333还是12345，12333 12345 12329 12348",
        "2021-2023年，2021年10月20日，2021-10-20 2023-12-31",
        "2019 2020 2021 2022 2023",
        "每人1500元，一共10000000元，5000 3000 2000 4000",
        "3.14、50%、1~2年、1～5星",
        "二〇二一年一月一日，一二三四五六七",
        "第15条第3款，changzhi/三/15",
        "45岁，干了10年，工资6000-8000",
        "110、119、120、96110",
    ],
)
def test_what_tells_nothing_about_a_person_stays(text: str) -> None:
    assert redact(text) == text


@given(
    st.lists(
        st.one_of(
            st.integers(1949, 2099).map(str),
            st.sampled_from(["12333", "12345", "12329", "110", "12393"]),
            st.integers(1, 999).map(lambda hundreds: f"{hundreds}00"),
        ),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from([" ", "、", "，", "元 "]),
)
def test_lists_of_years_hotlines_and_round_amounts_stay(groups: list[str], joint: str) -> None:
    text = joint.join(groups)
    # Three groups that together are as long as a mobile number, and begin as one, go with it.
    if PHONE not in redact(text):
        assert redact(text) == text


def test_the_documents_own_sentences_stay(documents: tuple[LoadedDocument, ...]) -> None:
    """What the library says in plain words is in stored replies, and must come back unchanged."""
    for loaded in documents:
        for provision in loaded.document.provisions:
            assert redact(provision.says) == provision.says
            assert redact(provision.quote) == provision.quote or "索引号" in provision.quote


def test_json_is_redacted_in_its_values_only() -> None:
    document = '{"question": "身份证440105199001011234", "age": 45, "list": ["13800138000", true]}'
    assert redact_json(document) == (
        f'{{"question": "身份证{ID_NUMBER}", "age": 45, "list": ["{PHONE}", true]}}'
    )


@given(st.text("0123456789Xx -－一三八〇OIl年AG", max_size=14))
def test_a_number_too_short_to_be_anybody_s_is_not_looked_at_in_vain(text: str) -> None:
    """What is passed over for want of digits holds nothing that would be taken out."""
    digits_apart = "。1。2。3。4。5。6。7"
    assert redact(text) + digits_apart == redact(text + digits_apart)
