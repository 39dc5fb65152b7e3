"""The permit conversation on a real registry: every way to ask, every outcome, and what is kept."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.conversations.stored import memory_from_json, memory_to_json, redacted_reply
from bot.redact import redact
from bot.sealing import Seal
from dialogs.converse import Conversation
from dialogs.memory import Memory
from dialogs.permits import place_of
from dialogs.reply import Message, Reply, Status
from dialogs.text import as_text
from dialogs.wording import say
from knowledge.library import Library
from knowledge.registry import permit_number, qr
from knowledge.registry.contract import ConsentDecision, DetailScope, ListKind, Reason
from knowledge.registry.quota import Limits
from knowledge.registry.server.consents import consent_named
from knowledge.registry.server.issuing import Issued
from knowledge.vocabulary import Vocabulary
from tests.knowledge.registry.conftest import GENEROUS
from tests.permit_desk import LAST4, NAME, Desk, open_desk

ID_NUMBER = "44010619800101" + LAST4


@pytest.fixture
def desk(tmp_path: Path, library: Library, words: Vocabulary) -> Iterator[Desk]:
    with open_desk(tmp_path, library, words) as desk:
        yield desk


def heading(reply: Reply) -> str:
    """The verdict's heading; every verdict has one."""
    block = next(block for block in reply.blocks if block.kind == "verdict")
    assert block.heading is not None
    return block.heading


def is_(reply: Reply, outcome: str, status: Status = Status.VERDICT) -> None:
    assert (heading(reply), reply.status) == (say(f"permit_heading.{outcome}"), status)


def labels(reply: Reply) -> list[str]:
    return [option.label for option in reply.options]


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


# --- her consent, her own permit -----------------------------------------------------------------


def asked_for_consent(desk: Desk) -> uuid.UUID:
    """Ask for her consent; the id behind the link in the reply."""
    reply = desk.say("请她授权")
    found = re.search(r"https://registry\.example/permit/consent/([a-p]{32})(?=\s)", as_text(reply))
    assert found is not None
    assert redacted_reply(reply) == reply, "the stored reply is the one given"
    consent_id = consent_named(found.group(1))
    assert consent_id is not None
    return consent_id


def decide(desk: Desk, consent_id: uuid.UUID, permit: Issued, grant: bool) -> None:
    decision = ConsentDecision(permit_no=permit.number.value, pin=permit.pin, grant=grant)
    assert desk.registry.consents.decide(consent_id, decision)


def consent(desk: Desk, permit: Issued, grant: bool) -> None:
    consent_id = asked_for_consent(desk)
    assert say("permit_consent.PENDING") in as_text(desk.say("她同意了"))
    decide(desk, consent_id, permit, grant)


def look(desk: Desk) -> Reply | None:
    """What the bot tells by itself."""
    reply, desk.memory = desk.permits.look(
        place_of("web", "c"), desk.memory, desk.conversation.now(), None
    )
    return reply


@pytest.mark.parametrize("by_photo", [False, True])
def test_her_consent_opens_the_details(desk: Desk, by_photo: bool) -> None:
    permit = desk.issue()
    desk.registry.issuing.set_component(permit.number, "identity", desk.time.today, None)
    if by_photo:
        desk.say("", desk.photo(permit))
    else:
        desk.say(f"{permit.number.value} {NAME}")
    consent(desk, permit, True)
    reply = desk.say("她同意了")
    is_(reply, "COMPONENT_LAPSED")
    text = as_text(reply)
    assert "身份核验正常" in text
    assert "体检没有记录" in text
    assert say("permit_option.ask_consent") not in labels(reply)


def test_her_refusal_is_respected(desk: Desk) -> None:
    permit = desk.issue()
    desk.say(f"{permit.number.value} {NAME}")
    consent(desk, permit, False)
    assert say("permit_consent.DENIED") in as_text(desk.say("她同意了"))


@pytest.mark.parametrize("grant", [True, False])
def test_her_answer_is_told_by_itself_and_once(desk: Desk, grant: bool) -> None:
    permit = desk.issue()
    desk.registry.issuing.set_component(permit.number, "identity", desk.time.today, None)
    desk.say(f"{permit.number.value} {NAME}")
    consent_id = asked_for_consent(desk)
    assert look(desk) is None, "not yet time"
    desk.time.move(11)
    assert look(desk) is None, "she has not answered"
    desk.way.down = True
    desk.time.move(11)
    assert look(desk) is None, "nobody knows"
    desk.way.down = False
    decide(desk, consent_id, permit, grant)
    desk.time.move(11)
    told = look(desk)
    assert told is not None
    if grant:
        assert as_text(told).startswith(say("permit.consent_given"))
        assert "身份核验正常" in as_text(told)
        assert "体检没有记录" in as_text(told)
    else:
        assert say("permit_consent.DENIED") in as_text(told)
    desk.time.move(11)
    assert look(desk) is None
    assert say("permit.consent_none") in as_text(desk.say("她同意了"))


def test_a_request_nobody_answers_runs_out_and_that_is_told(desk: Desk) -> None:
    desk.say(f"{desk.issue().number.value} {NAME}")
    asked_for_consent(desk)
    desk.time.move(301)
    told = look(desk)
    assert told is not None
    assert say("permit_consent.EXPIRED") in as_text(told)
    assert desk.memory.consent is None
    desk.say("请她授权")
    desk.say("算了")
    desk.time.move(301)
    assert look(desk) is None, "given up"


def test_her_answer_does_not_change_what_is_talked_about_by_then(desk: Desk) -> None:
    permit = desk.issue()
    desk.say(f"{permit.number.value} {NAME}")
    consent_id = asked_for_consent(desk)
    other = desk.issue(full_name="测试王芳")
    assert desk.say(other.number.value).missing == ("permit_factor",)
    decide(desk, consent_id, permit, True)
    desk.time.move(11)
    assert look(desk) is not None
    is_(desk.say("测试王芳"), "VALID")


def test_what_she_does_not_open_stays_closed(desk: Desk) -> None:
    permit = desk.issue()
    desk.registry.issuing.grade(permit.number, 4, "示范办法", "示范市家协")
    desk.registry.issuing.enter_list(
        permit.number,
        ListKind.BLACK,
        "失信名单",
        "示范市商务局",
        desk.time.today,
        None,
        "https://a.example",
    )
    closed = desk.say(f"{permit.number.value} {NAME}")
    for hidden in ("失信名单", "4星", "没有记录"):
        assert hidden not in as_text(closed)
    consent_id = asked_for_consent(desk)
    decision = ConsentDecision(
        permit_no=permit.number.value, pin=permit.pin, grant=True, scopes=[DetailScope.LISTS]
    )
    assert desk.registry.consents.decide(consent_id, decision)
    opened = desk.say("她同意了")
    assert "失信名单" in as_text(opened)
    assert opened.blocks[0].mark == "bad"
    for hidden in ("4星", "没有记录"):
        assert hidden not in as_text(opened)


def test_a_star_and_a_red_list_alone(desk: Desk) -> None:
    permit = desk.issue()
    desk.registry.issuing.grade(permit.number, 4, "示范办法", "示范市家协")
    desk.registry.issuing.enter_list(
        permit.number,
        ListKind.RED,
        "守信名单",
        "示范市商务局",
        desk.time.today,
        None,
        "https://a.example",
    )
    assert "守信名单" not in as_text(desk.say(f"{permit.number.value} {NAME}"))
    consent_id = asked_for_consent(desk)
    decision = ConsentDecision(
        permit_no=permit.number.value,
        pin=permit.pin,
        grant=True,
        scopes=[DetailScope.LISTS, DetailScope.STAR],
    )
    assert desk.registry.consents.decide(consent_id, decision)
    opened = as_text(desk.say("她同意了"))
    assert "守信名单" in opened
    assert "4星" in opened
    assert "没有记录" not in opened


def test_details_asked_for_need_her_consent(desk: Desk) -> None:
    desk.say(f"{desk.issue().number.value} {NAME}")
    reply = desk.say("她的体检过期没有")
    is_(reply, "DETAILS_NOT_AUTHORISED")
    assert say("permit_option.ask_consent") in labels(reply)


def test_a_worker_sees_who_looked(desk: Desk) -> None:
    permit = desk.issue()
    desk.say(f"{permit.number.value} {NAME}")
    own = desk.anew()
    assert "密码" in as_text(own.say("谁查过我的证"))
    assert own.say(permit.number.value).missing == ("permit_pin",)
    wrong = own.say("000000" if permit.pin != "000000" else "000001")
    assert say("permit.own_not_confirmed") in as_text(wrong)
    text = as_text(own.say(permit.pin))
    assert "有效" in text
    assert "雇用前核验" in text
    assert own.memory.permit is None


def test_her_page_is_named_where_there_is_one(desk: Desk) -> None:
    permit = desk.issue()
    page = "https://bot.example/permit/mine"
    own = replace(desk.permits, mine=page)
    desk = replace(desk, conversation=replace(desk.conversation, permits=own))
    assert page in as_text(desk.say("谁查过我的证"))
    assert page in as_text(desk.say(f"{permit.number.value} {permit.pin}"))


def test_wrong_pins_are_limited_by_who_tries(
    tmp_path: Path, library: Library, words: Vocabulary
) -> None:
    with open_desk(tmp_path, library, words, replace(GENEROUS, pins="2/day")) as desk:
        permit = desk.issue()
        wrong = "000000" if permit.pin != "000000" else "000001"
        desk.say("谁查过我的证")
        for text in (f"{permit.number.value} {wrong}", wrong):
            assert say("permit.own_not_confirmed") in as_text(desk.say(text))
        is_(desk.say(permit.pin), "TOO_MANY", Status.REFUSED)
        elsewhere = Message(f"我的证 {permit.number.value} {permit.pin}", "another", "x", "web")
        reply, _ = desk.conversation.converse(elsewhere, Memory())
        assert say("permit.own_heading") == heading(reply), "the permit itself is never locked"


# --- never ---------------------------------------------------------------------------------------


def test_telephone_and_id_numbers_are_declined_kindly(desk: Desk) -> None:
    refused = desk.say(ID_NUMBER)
    assert refused.status is Status.REFUSED
    assert "不要发" in as_text(refused)
    desk.say(desk.issue().number.value)
    assert "电话" in as_text(desk.say("13812345678"))
    reply = desk.say(ID_NUMBER)
    is_(reply, "VALID")
    assert "不要发" in as_text(reply)


def test_without_a_registry_that_is_said(conversation: Conversation) -> None:
    for message in (
        Message("GZ1565643791K 李梅"),
        Message("", images=(b"x",)),
        Message("帮我查一下这个阿姨的服务证是真是假"),
    ):
        reply, _ = conversation.converse(message, Memory())
        assert say("talk.permit_verification") in as_text(reply)
        assert reply.status is Status.NOT_COVERED


def test_a_message_delivered_twice_is_one_check(desk: Desk) -> None:
    text = f"{desk.issue().number.value} {NAME}"
    first = desk.say(text, id="same")
    desk.memory = Memory()
    assert desk.say(text, id="same") == first
    assert desk.way.asked == 1


def test_one_id_for_two_messages_is_two_checks(desk: Desk) -> None:
    permit = desk.issue()
    is_(desk.say(f"{permit.number.value} {NAME}", id="same"), "VALID")
    is_(desk.say(f"{permit.number.value} 测试王芳", id="same"), "NOT_CONFIRMED")


def test_memory_holds_it_sealed_for_ten_minutes_only(desk: Desk) -> None:
    number = desk.issue().number.value
    desk.say(number)
    kept = desk.memory
    stored = memory_to_json(kept)
    for secret in (number, number[2:12], number[-4:], NAME):
        assert secret not in stored
        assert secret not in repr(kept)
    assert memory_from_json(stored) == kept, "redaction must leave the seal whole"
    desk.time.move(601)
    assert kept.fresh(desk.conversation.now()).permit is None
    assert desk.say(NAME).intent != "permit_verification"


def test_a_sealed_number_opens_nowhere_else(desk: Desk) -> None:
    desk.say(desk.issue().number.value)
    moved = Message(NAME, "another conversation", "x", "web")
    reply, _ = desk.conversation.converse(moved, desk.memory)
    assert reply.status is Status.NEEDS_INFO
    assert desk.way.asked == 0


def test_replies_and_traces_hold_nothing_personal(desk: Desk) -> None:
    permit = desk.issue()
    number = permit.number.value
    replies = [
        desk.say(text)
        for text in (
            number[:7],
            number[7:],
            NAME,
            "请她授权",
            "换一个证号",
            f"{number} 尾号{LAST4}",
            "再查一次",
            f"{number} {ID_NUMBER}",
        )
    ]
    for reply in replies:
        shown = repr(reply)
        for secret in (number, number[2:10], NAME, LAST4, ID_NUMBER, permit.pin):
            assert secret not in shown
        assert redacted_reply(reply) == reply, "the stored reply is the one given"


def test_any_seal_survives_redaction(tmp_path: Path) -> None:
    seal = Seal.at(tmp_path / "key")
    for turn in range(200):
        sealed = seal.seal(f"GZ1565643791K {turn} 李梅 13812345678", "place")
        assert redact(sealed) == sealed
        assert seal.unseal(sealed, "place") is not None
        assert seal.unseal(sealed, "elsewhere") is None
        assert seal.unseal(sealed[:-1] + ("a" if sealed[-1] != "a" else "b"), "place") is None
    assert Seal.at(tmp_path / "key").unseal(sealed, "place") is not None
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0


# --- the registry down, and back -----------------------------------------------------------------


def test_no_verdict_without_the_registry_and_one_when_it_is_back(desk: Desk) -> None:
    number = desk.issue().number.value
    desk.way.down = True
    reply = desk.say(f"{number} {NAME}")
    is_(reply, "UNAVAILABLE", Status.FAILED)
    assert (reply.action, say("permit.recheck_by_itself") in as_text(reply)) == ("recheck", True)
    assert labels(reply) == [say("permit_option.again"), say("permit_option.stop_later")]
    assert number not in memory_to_json(desk.memory)
    desk.time.move(61)
    assert say("permit.recheck_done") not in as_text(desk.say("谢谢"))
    desk.way.down = False
    desk.time.move(600)
    told = desk.say("谢谢")
    assert as_text(told).startswith(say("permit.recheck_done"))
    is_(told, "VALID", told.status)
    assert say("permit.recheck_done") not in as_text(desk.say("谢谢")), "told once"


def test_who_does_not_want_it_is_not_told(desk: Desk) -> None:
    desk.way.down = True
    desk.say(f"{desk.issue().number.value} {NAME}")
    assert say("permit.cancelled") in as_text(desk.say("2"))
    assert desk.memory.recheck is None


def test_what_was_checked_again_meanwhile_is_not_told_a_second_time(desk: Desk) -> None:
    permit = desk.issue()
    desk.way.down = True
    desk.say(f"{permit.number.value} {NAME}")
    desk.way.down = False
    is_(desk.say(f"{permit.number.written} {NAME}"), "VALID", Status.VERDICT)
    assert desk.memory.recheck is None


def test_what_was_promised_of_one_permit_is_kept_when_another_is_asked_for(desk: Desk) -> None:
    first, second = desk.issue(), desk.issue()
    desk.way.down = True
    desk.say(f"{first.number.value} {NAME}")
    promised = desk.memory.recheck
    reply = desk.say(f"{second.number.value} {NAME}")
    assert (desk.memory.recheck, reply.action) == (promised, "continue")
    assert labels(reply)[0] == say("permit_option.later")
    desk.way.down = False
    desk.say(f"{second.number.value} {NAME}")
    assert desk.memory.recheck == promised


def test_somebody_who_asked_meanwhile_finds_nothing_to_tell(desk: Desk) -> None:
    """The registry was asked while nobody held the conversation."""
    desk.way.down = True
    desk.say(f"{desk.issue().number.value} {NAME}")
    desk.way.down = False
    place, now = place_of("web", "c"), desk.conversation.now()
    asked = desk.permits.ask_again(place, desk.memory, now)
    assert asked is not None
    assert desk.permits.look(place, replace(desk.memory, recheck=None), now, asked)[0] is None


def test_a_recheck_ends_after_an_hour(desk: Desk) -> None:
    number = desk.issue().number.value
    desk.way.down = True
    desk.say(f"{number} {NAME}")
    desk.say("过会儿帮我再查")
    desk.time.move(3601)
    assert say("permit.recheck_given_up") in as_text(desk.say("谢谢"))
    assert desk.memory.recheck is None


# --- links that open on this machine only ---------------------------------------------------------


@pytest.mark.parametrize(
    ("channel", "given"), [("web", True), ("terminal", True), ("wechat", False)]
)
def test_a_link_to_this_machine_is_not_given_to_a_telephone(
    desk: Desk, channel: str, given: bool
) -> None:
    permits = replace(desk.permits, mine="http://127.0.0.1:8000/permit/mine", local=True)
    desk.conversation = replace(desk.conversation, permits=permits)
    number = desk.issue().number.value
    texts, memory = [], Memory()
    for turn, words in enumerate(("看看我的证", f"{number} {NAME}", "请她授权")):
        message = Message(words, "c", f"m{turn}", channel)
        reply, memory = desk.conversation.converse(message, memory)
        texts.append(as_text(reply))
        memory = replace(memory, permit=None) if turn == 0 else memory
    assert ("127.0.0.1" in texts[0]) == given
    assert ("https://" in texts[2]) == given
    assert (say("permit.consent_no_link") in texts[2]) != given
