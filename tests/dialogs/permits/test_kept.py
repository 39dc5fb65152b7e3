"""What is never asked, shown, kept or told twice."""

from __future__ import annotations

from pathlib import Path

from bot.conversations.stored import memory_from_json, memory_to_json, redacted_reply
from bot.redact import redact
from bot.sealing import Seal
from dialogs.converse import Conversation
from dialogs.memory import Memory
from dialogs.reply import Message, Status
from dialogs.text import as_text
from dialogs.wording import say
from tests.permit_desk import LAST4, NAME, Desk, is_

ID_NUMBER = "44010619800101" + LAST4


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
