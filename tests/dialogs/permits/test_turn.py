"""The permit conversation on a real registry: every way to ask, and every outcome."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dialogs.reply import Reply, Status
from dialogs.text import as_text
from dialogs.wording import say
from knowledge.library import Library
from knowledge.registry import permit_number, qr
from knowledge.registry.contract import Reason
from knowledge.registry.quota import Limits
from knowledge.vocabulary import Vocabulary
from tests.permit_desk import NAME, Desk, is_, labels, open_desk


def without_time_and_code(reply: Reply) -> str:
    return re.sub(r"[0-9-]{10} [0-9:]{5}，核验码 [A-Z2-7]{8}", "…", repr(reply))


# --- number and factor ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "{number} {name}",
        "证号{number}，叫{name}",
        "{written} 尾号 123X",
        "{number} 123x",
        "帮我查一下这个阿姨 {name} {number}",
    ],
)
def test_number_and_factor_in_one_message(desk: Desk, text: str) -> None:
    number = desk.issue().number
    reply = desk.say(text.format(number=number.value, written=number.written, name=NAME))
    is_(reply, "VALID")
    assert "核验码" in as_text(reply)
    assert labels(reply) == [say(f"permit_option.{n}") for n in ("ask_consent", "again", "another")]
    assert reply.blocks[0].mark == "good"


def test_a_number_alone_is_asked_for_the_factor(desk: Desk) -> None:
    number = desk.issue().number.value
    asked = desk.say(number)
    assert (asked.status, asked.missing) == (Status.NEEDS_INFO, ("permit_factor",))
    assert desk.way.asked == 0
    is_(desk.say(NAME), "VALID")


def test_the_last_four_after_the_number(desk: Desk) -> None:
    desk.say(desk.issue().number.value)
    is_(desk.say("后四位123X"), "VALID")


def test_a_name_finds_nobody_but_is_kept_for_the_number(desk: Desk) -> None:
    number = desk.issue().number.value
    asked = desk.say(f"帮我查一下{NAME}")
    assert asked.missing == ("permit_number",)
    is_(desk.say(number), "VALID")


def test_check_her_asks_for_number_or_photograph(desk: Desk) -> None:
    asked = desk.say("帮我查一下这个阿姨")
    assert asked.missing == ("permit_number",)
    assert "证号" in as_text(asked)
    assert "二维码" in as_text(asked)


def test_half_a_number_now_and_the_rest_later(desk: Desk) -> None:
    number = desk.issue().number.value
    half = desk.say(number[:7])
    assert half.missing == ("permit_number",)
    assert "7位" in as_text(half)
    more = desk.say(number[7:10])
    assert "10位" in as_text(more)
    desk.say(number[10:])
    is_(desk.say(NAME), "VALID")


def test_a_side_question_is_answered_and_the_check_goes_on(desk: Desk) -> None:
    desk.say(desk.issue().number.value)
    assert desk.say("广州月嫂培训免费吗").intent == "training_subsidy"
    is_(desk.say(NAME), "VALID")


def test_a_worker_who_will_not_tell(desk: Desk) -> None:
    desk.say(desk.issue().number.value)
    assert "二维码" in as_text(desk.say("不知道"))


@pytest.mark.parametrize("word", ["算了", "取消", "不查了"])
def test_it_can_be_ended(desk: Desk, word: str) -> None:
    desk.say(desk.issue().number.value)
    assert desk.say(word).status is Status.ANSWERED
    assert desk.memory.permit is None


def test_another_permit_and_the_same_again(desk: Desk) -> None:
    first, second = desk.issue(), desk.issue(full_name="测试王芳")
    desk.say(f"{first.number.value} {NAME}")
    is_(desk.say("2"), "VALID")  # 再查一次
    desk.say("换一个证号")
    is_(desk.say(f"{second.number.value} 测试王芳"), "VALID")
    assert desk.way.asked == 3


def test_one_permit_at_a_time(desk: Desk) -> None:
    one, other = desk.issue().number.value, desk.issue().number.value
    assert desk.say(f"{one}，还有{other}").missing == ("permit_number",)
    assert desk.way.asked == 0


# --- outcomes ------------------------------------------------------------------------------------


def test_every_state_has_its_verdict_and_next_step(desk: Desk) -> None:
    change = desk.registry.issuing.change
    suspended, lost, revoked = (desk.issue().number for _ in range(3))
    change(suspended, "suspend", Reason.COMPLAINT_HOLD)
    change(lost, "report_lost")
    change(revoked, "revoke")
    for number, outcome in (
        (suspended, "SUSPENDED"),
        (lost, "SUSPENDED"),
        (revoked, "REVOKED"),
    ):
        is_(desk.say(f"{number.value} {NAME}"), outcome)
    reply = desk.say("暂停了怎么办")
    assert "暂时不建议" in as_text(reply)
    assert "12345" in as_text(desk.say("怎么投诉她"))


def test_what_cannot_be_confirmed_is_one_and_the_same(desk: Desk) -> None:
    issued = desk.issue().number
    withheld = desk.issue().number
    desk.registry.issuing.withhold(withheld)
    never = permit_number.generate("GZ")
    wrong_name = desk.anew().say(f"{issued.value} 测试王芳")
    unknown = desk.anew().say(f"{never.value} {NAME}")
    wrong_last4 = desk.anew().say(f"{issued.value} 尾号9999")
    is_(wrong_name, "NOT_CONFIRMED")
    assert without_time_and_code(wrong_name) == without_time_and_code(unknown)
    assert without_time_and_code(wrong_name) == without_time_and_code(wrong_last4)
    held_back = desk.anew().say(f"{withheld.value} {NAME}")
    assert without_time_and_code(wrong_name) == without_time_and_code(held_back)
    assert "GZ" not in repr(wrong_name)
    assert NAME not in repr(wrong_name)


def test_after_a_wrong_name_the_right_one_is_enough(desk: Desk) -> None:
    is_(desk.say(f"{desk.issue().number.value} 测试王芳"), "NOT_CONFIRMED")
    is_(desk.say(NAME), "VALID")


def test_a_miscopied_number_is_told_without_asking(desk: Desk) -> None:
    number = desk.issue().number.value
    wrong = number[:5] + str((int(number[5]) + 1) % 10) + number[6:]
    is_(desk.say(f"{wrong} {NAME}"), "BAD_NUMBER", Status.NEEDS_INFO)
    assert desk.way.asked == 0
    is_(desk.say(number), "VALID")  # the name was given before


def test_out_of_checks(tmp_path: Path, library: Library, words: Vocabulary) -> None:
    limits = Limits(failures="2/day")
    with open_desk(tmp_path, library, words, limits) as desk:
        number = desk.issue().number.value
        for _ in range(2):
            is_(desk.say(f"{number} 测试王芳"), "NOT_CONFIRMED")
        reply = desk.say(f"{number} {NAME}")
        is_(reply, "TOO_MANY", Status.REFUSED)
        assert not reply.options


# --- photographs ---------------------------------------------------------------------------------


def test_a_photograph_then_the_name(desk: Desk) -> None:
    photo = desk.photo(desk.issue())
    reply = desk.say("", photo)
    is_(reply, "PERSON_NOT_CHECKED")
    assert reply.blocks[0].mark == "warn"
    is_(desk.say(NAME), "VALID")
    is_(desk.anew().say(f"叫{NAME}", photo), "VALID")


def test_a_wrong_name_after_a_photograph(desk: Desk) -> None:
    desk.say("", desk.photo(desk.issue()))
    is_(desk.say("测试王芳"), "NOT_CONFIRMED")
    is_(desk.say(NAME), "VALID")


def test_the_code_of_another_issuer_is_named(
    desk: Desk, tmp_path: Path, library: Library, words: Vocabulary
) -> None:
    is_(desk.say("", qr.draw("https://example.com/pay?to=x")), "BAD_QR")
    (tmp_path / "other").mkdir()
    with open_desk(tmp_path / "other", library, words) as other:
        foreign = other.photo(other.issue())
    is_(desk.say("", foreign), "BAD_QR")


def test_several_codes_none_and_no_picture(desk: Desk) -> None:
    photo = desk.photo(desk.issue())
    for images in ((photo, photo), (b"no picture",), (b"",)):
        is_(desk.say("", *images), "UNREADABLE_PHOTO", Status.NEEDS_INFO)


@pytest.mark.parametrize(
    "doubt", ["那这个能用吗", "好了吗", "那她能上岗吗", "我不信，你再说一遍有效吗", "到底有没有效"]
)
def test_a_verdict_that_is_doubted_is_looked_up_again(desk: Desk, doubt: str) -> None:
    """With what the registry says by then: never the old verdict repeated."""
    permit = desk.issue()
    is_(desk.say(f"{permit.number.value} {NAME}"), "VALID", Status.VERDICT)
    desk.registry.issuing.change(permit.number, "suspend", Reason.COMPLAINT_HOLD)
    reply = desk.say(doubt)
    is_(reply, "SUSPENDED", Status.VERDICT)
    assert as_text(reply).startswith(say("permit.once_more"))


def test_who_she_is_is_not_told(desk: Desk) -> None:
    desk.say(f"{desk.issue().number.value} {NAME}")
    reply = desk.say("她叫啥名字")
    assert reply.status is Status.REFUSED
    assert NAME not in as_text(reply)


def test_a_question_about_something_else_is_no_doubt(desk: Desk) -> None:
    desk.say(f"{desk.issue().number.value} {NAME}")
    assert desk.say("社保补贴能领吗").status is not Status.VERDICT
