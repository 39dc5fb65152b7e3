"""Permit checks from the outside: what is kept of them, once each, and the recheck by itself."""

from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, select, text
from structlog.testing import capture_logs

from bot.app import App, connected
from bot.conversations.held import held
from bot.conversations.kept import history
from bot.conversations.rows import RecheckRow, TurnRow
from bot.http import create_app
from bot.inbox import Inbox
from bot.permits import open_embedded, open_permits
from bot.recheck import Rechecker
from bot.sealing import Seal
from dialogs.reply import Message, Reply
from dialogs.text import as_text
from dialogs.wording import say
from knowledge.registry.contract_worker import ConsentDecision
from knowledge.registry.server.consents import consent_named
from knowledge.registry.settings import RegistrySettings, open_registry
from tests.bot.serving import serving
from tests.permit_desk import LAST4, NAME, Desk, open_desk

PLACE = "c" * 24


@pytest.fixture
def desk(app: App, tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path, app.library, app.conversation.words) as desk:
        yield desk


@pytest.fixture
def inbox(app: App, desk: Desk) -> Inbox:
    return Inbox(app.engine, desk.conversation.converse, desk.conversation.now)


@pytest.fixture
def site(app: App, desk: Desk) -> Iterator[httpx.Client]:
    web = create_app(connected_to(desk, app))
    with serving(web) as url, httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
        yield client


def connected_to(desk: Desk, app: App) -> App:
    """The app with the desk's conversation and registry."""
    return connected(app.settings, app.engine, desk.conversation, app.seal, desk.registry)


def ask(inbox: Inbox, words: str, id: str, channel: str = "web", *images: bytes) -> Reply:
    return inbox.handle(Message(words, PLACE, id, channel, images=images))


def everything_stored(app: App) -> str:
    with app.engine.connect() as connection:
        tables = ("conversation", "turn", "recheck")
        rows = [connection.execute(text(f"SELECT * FROM {table}")).all() for table in tables]
    return repr(rows)


def test_nothing_personal_is_stored_or_logged(
    app: App, desk: Desk, inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    permit = desk.issue()
    number = permit.number.value
    said = [
        number[:7],
        number[7:],
        NAME,
        f"{permit.number.written} {NAME}",
        f"{number} 尾号{LAST4}",
        f"{number} 44010619800101{LAST4}",
        f"{number[:5]}9{number[6:]} {NAME}",
        "换一个证号",
        NAME,
        "谁查过我的证",
        number,
        permit.pin,
    ]
    with capture_logs() as logs:
        for place, words in enumerate(said):
            ask(inbox, words, f"m{place}")
        ask(inbox, NAME, "photo", "web", desk.photo(permit))
        desk.way.down = True
        ask(inbox, f"{number} {NAME}", "down")
        ask(inbox, "过会儿帮我再查", "later")
    seen = everything_stored(app) + repr(logs) + caplog.text
    for secret in (number, number[2:10], permit.number.written, NAME, LAST4, permit.pin):
        assert secret not in seen
    assert say("permit.kept_out") in seen


def test_a_message_delivered_twice_is_one_check(desk: Desk, inbox: Inbox) -> None:
    words = f"{desk.issue().number.value} {NAME}"
    assert ask(inbox, words, "m1") == ask(inbox, words, "m1")
    assert desk.way.asked == 1


@pytest.mark.parametrize("channel", ["web", "rest"])
def test_a_check_put_off_is_made_once_and_told_once(
    engine: Engine, desk: Desk, channel: str
) -> None:
    inbox = Inbox(engine, desk.conversation.converse, desk.conversation.now)
    rechecker = Rechecker(engine, desk.permits, desk.conversation.now)
    desk.way.down = True
    assert ask(inbox, f"{desk.issue().number.value} {NAME}", "m1", channel).action == "recheck"
    for wait in (0, 61, 61):
        desk.time.move(wait)
        assert rechecker.run_due() == 0, "still down"
    desk.way.down = False
    desk.time.move(600)
    assert rechecker.run_due() == 1
    assert rechecker.run_due() == 0
    newest = history(engine, channel, PLACE)[-1]
    assert newest.text == say("permit.recheck_turn")
    assert say("permit_heading.VALID") in repr(newest.reply)
    done = say("permit.recheck_done")
    told = [done in as_text(ask(inbox, "谢谢", id, channel)) for id in ("m3", "m4")]
    # The web page reads the turns by itself; everybody else is told with the next reply.
    assert told == [channel == "rest", False]


@pytest.mark.parametrize("channel", ["web", "rest"])
def test_her_answer_reaches_the_household_by_itself(
    engine: Engine, desk: Desk, channel: str
) -> None:
    inbox = Inbox(engine, desk.conversation.converse, desk.conversation.now)
    recheckers = [Rechecker(engine, desk.permits, desk.conversation.now) for _ in range(2)]
    permit = desk.issue()
    ask(inbox, f"{permit.number.value} {NAME}", "m1", channel)
    wish = as_text(ask(inbox, "请她授权", "m2", channel))
    link = re.search(r"/consent/([a-p]{32})", wish)
    assert link is not None
    consent_id = consent_named(link.group(1))
    assert consent_id is not None
    desk.time.move(11)
    assert [rechecker.run_due() for rechecker in recheckers] == [0, 0]
    decision = ConsentDecision(permit_no=permit.number.value, pin=permit.pin, grant=True)
    assert desk.registry.consents.decide(consent_id, decision)
    desk.time.move(11)
    assert [rechecker.run_due() for rechecker in recheckers] == [1, 0]
    newest = history(engine, channel, PLACE)[-1]
    assert newest.speaker == "bot"
    assert say("permit.consent_given") in as_text(newest.reply)
    assert "体检没有记录" in as_text(newest.reply)
    told = [say("permit.consent_given") in as_text(ask(inbox, "谢谢", id, channel)) for id in "ab"]
    assert told == [channel == "rest", False]
    desk.time.move(301)
    assert recheckers[0].run_due() == 0, "told once"


def test_consent_from_the_page_to_the_chat(app: App, desk: Desk) -> None:
    """Everything on one server: the link in the chat leads to its page, her answer comes back."""
    whole = connected_to(desk, app)
    with (
        serving(create_app(whole)) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=30) as site,
    ):
        permit = desk.issue()
        for id, words in (("m1", f"{permit.number.value} {NAME}"), ("m2", "请她授权")):
            body = {"conversation": PLACE, "id": id, "text": words}
            answer = site.post("/api/v1/messages", json=body).json()
        link = re.search(r"https://registry\.example(/permit/consent/[a-p]+)", answer["text"])
        assert link is not None
        fields = {"number": permit.number.value, "pin": permit.pin, "answer": "yes"}
        assert site.get(link.group(1)).status_code == 200
        sent = site.post(link.group(1), data=fields | {"scope": "components"})
        assert sent.status_code == 303
        desk.time.move(11)
        assert Rechecker(app.engine, desk.permits, desk.conversation.now).run_due() == 1
        turns = site.get(f"/api/v1/conversations/{PLACE}").json()["turns"]
        assert say("permit.consent_given") in turns[-1]["answer"]["text"]
        seen = everything_stored(app)
        for secret in (permit.number.value, permit.pin, NAME):
            assert secret not in seen


def test_what_is_sealed_is_thrown_away_in_time(app: App, desk: Desk, inbox: Inbox) -> None:
    assert desk.conversation.permits is not None
    rechecker = Rechecker(app.engine, desk.conversation.permits, desk.conversation.now)
    ask(inbox, desk.issue().number.value, "m1")
    with held(app.engine, "web", PLACE, desk.conversation.now()) as kept:
        assert kept.memory.permit is not None
    desk.time.move(601)
    rechecker.run_due()
    with held(app.engine, "web", PLACE, desk.conversation.now()) as kept:
        assert kept.memory.permit is None
    with app.engine.connect() as connection:
        assert connection.execute(select(RecheckRow)).all() == []


def test_a_photograph_over_the_api(site: httpx.Client, desk: Desk, app: App) -> None:
    photo = base64.b64encode(desk.photo(desk.issue())).decode()
    body = {"conversation": PLACE, "id": "m1", "text": "", "images": [photo]}
    sent = site.post("/api/v1/messages", json=body)
    assert sent.status_code == 200
    answer = sent.json()
    assert answer["status"] == "verdict"
    block = answer["blocks"][0]
    assert (block["kind"], block["mark"]) == ("verdict", "warn")
    again = site.post("/api/v1/messages", json=body)
    assert again.json() == answer
    assert desk.way.asked == 1
    past = site.get(f"/api/v1/conversations/{PLACE}").json()["turns"]
    assert [turn["text"] for turn in past] == [say("permit.kept_out")]
    with app.engine.connect() as connection:
        assert photo[:200] not in json.dumps(list(connection.scalars(select(TurnRow.reply))))


@pytest.mark.parametrize("images", [["%%%"], ["a"], "a", [1], ["aaaa"] * 4])
def test_what_is_no_picture_is_refused(site: httpx.Client, images: object) -> None:
    sent = site.post("/api/v1/messages", json={"text": "", "images": images})
    assert sent.status_code in (200, 422)
    if sent.status_code == 200:  # base64 of something, but of no picture
        assert sent.json()["status"] == "needs_info"


def test_an_empty_registry_is_given_made_up_permits_once(tmp_path: Path) -> None:
    own = RegistrySettings(
        database_url=f"sqlite:///{tmp_path}/registry.db",
        secret_file=tmp_path / "secret",
        key_file=tmp_path / "key",
        audit_database_url=f"sqlite:///{tmp_path}/audit.db",
        audit_anchor=tmp_path / "anchor",
        _env_file=None,
    )
    told: list[str] = []
    for _ in range(2):
        registry = open_embedded("http://bot.example:8000", own, told.append)
        assert registry is not None
        permits = open_permits(Seal.at(tmp_path / "seal.key"), own, registry)
        assert permits.mine == "http://bot.example:8000/permit/mine"
        permits.verifier.client.close()
        registry.core.engine.dispose()
        permits.verifier.audit._engine.dispose()
    assert sum("made-up permits issued" in line for line in told) == 1
    assert all(any(mark in line for mark in ("测试", "·")) for line in told if "PIN" in line)
    open_registry(own).core.engine.dispose()
