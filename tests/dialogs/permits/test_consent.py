"""Her consent to more than the verdict, and her own look at her record, on a real registry."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from bot.conversations.stored import redacted_reply
from dialogs.memory import Memory
from dialogs.permits.checks import place_of
from dialogs.reply import Message, Reply, Status
from dialogs.text import as_text
from dialogs.wording import say
from knowledge.library import Library
from knowledge.registry.contract import ListKind
from knowledge.registry.contract_worker import ConsentDecision, DetailScope
from knowledge.registry.server.consents import consent_named
from knowledge.registry.server.issuing import Issued
from knowledge.vocabulary import Vocabulary
from tests.knowledge.registry.conftest import GENEROUS
from tests.permit_desk import NAME, Desk, heading, is_, labels, open_desk


def asked_for_consent(desk: Desk) -> uuid.UUID:
    """Ask for her consent; the id behind the link in the reply."""
    reply = desk.say("请她授权")
    found = re.search(r"https://registry\.example/permit/consent/([a-p]{32})(?=\s)", as_text(reply))
    assert found is not None
    assert redacted_reply(reply) == reply, "the stored reply is the one given"
    consent_id = consent_named(found.group(1))
    assert consent_id is not None
    return consent_id


def decide(
    desk: Desk,
    consent_id: uuid.UUID,
    permit: Issued,
    grant: bool,
    scopes: list[DetailScope] | None = None,
) -> None:
    decision = ConsentDecision(
        permit_no=permit.number.value, pin=permit.pin, grant=grant, scopes=scopes
    )
    assert desk.registry.consents.decide(consent_id, decision)


def consent(desk: Desk, permit: Issued, grant: bool) -> None:
    consent_id = asked_for_consent(desk)
    assert say("permit_consent.PENDING") in as_text(desk.say("她同意了"))
    decide(desk, consent_id, permit, grant)


def star_and_list(desk: Desk, permit: Issued, kind: ListKind, name: str) -> None:
    """She has a star rating, and stands on a list."""
    issuing = desk.registry.issuing
    issuing.grade(permit.number, 4, "示范办法", "示范市家协")
    source = ("示范市商务局", desk.time.today, None, "https://a.example")
    issuing.enter_list(permit.number, kind, name, *source)


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
    star_and_list(desk, permit, ListKind.BLACK, "失信名单")
    closed = desk.say(f"{permit.number.value} {NAME}")
    for hidden in ("失信名单", "4星", "没有记录"):
        assert hidden not in as_text(closed)
    decide(desk, asked_for_consent(desk), permit, True, [DetailScope.LISTS])
    opened = desk.say("她同意了")
    assert "失信名单" in as_text(opened)
    assert opened.blocks[0].mark == "bad"
    for hidden in ("4星", "没有记录"):
        assert hidden not in as_text(opened)


def test_a_star_and_a_red_list_alone(desk: Desk) -> None:
    permit = desk.issue()
    star_and_list(desk, permit, ListKind.RED, "守信名单")
    assert "守信名单" not in as_text(desk.say(f"{permit.number.value} {NAME}"))
    scopes = [DetailScope.LISTS, DetailScope.STAR]
    decide(desk, asked_for_consent(desk), permit, True, scopes)
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
