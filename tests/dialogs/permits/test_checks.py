"""What the bot does by itself: a check put off is made when the registry is back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.conversations.stored import memory_to_json
from dialogs.memory import Memory
from dialogs.permits.checks import place_of
from dialogs.reply import Message, Status
from dialogs.text import as_text
from dialogs.wording import say
from tests.permit_desk import NAME, Desk, is_, labels


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
