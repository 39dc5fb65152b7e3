"""Rasa's REST channel and parser, as Rasa's clients use them.

Checked against Rasa 3's own description (docs/static/spec/rasa.yml: BotMessage, ParseResult,
Entity, Intent), its channel (rasa/core/channels/rest.py) and its two clients: `rasa shell`, which
posts `{sender, message}` with `stream=true` and reads a JSON object a line
(rasa/core/channels/console.py), and the remote interpreter, which posts
`{token, text, message_id}` (rasa/core/http_interpreter.py).
"""

from __future__ import annotations

import json
import uuid
from dataclasses import replace

import httpx
import pytest

from bot.app import App
from bot.http import create_app
from bot.inbox import Inbox
from dialogs.reply import Reply, Status
from nlu.intents import intents
from nlu.rasa_engine import RasaClassifier
from tests.bot.serving import serving

WEBHOOK = "/webhooks/rest/webhook"
# The properties of BotMessage; rasa/core/channels/rest.py leaves out those that are none.
BOT_MESSAGE = {"recipient_id", "text", "image", "buttons", "attachment", "custom"}


def test_a_message_brings_messages_for_its_sender(client: httpx.Client) -> None:
    sender = uuid.uuid4().hex
    (reply,) = client.post(
        WEBHOOK, json={"sender": sender, "message": "广州月嫂培训免费吗", "metadata": {"page": 1}}
    ).json()
    assert reply["recipient_id"] == sender
    assert "依据" in reply["text"]
    assert "buttons" not in reply


def test_options_are_buttons_whose_payload_answers(client: httpx.Client) -> None:
    sender = uuid.uuid4().hex
    (asked,) = client.post(WEBHOOK, json={"sender": sender, "message": "培训补贴多少钱"}).json()
    titles = [button["title"] for button in asked["buttons"]]
    assert titles
    assert not any(f"1. {title}" in asked["text"] for title in titles)
    payload = asked["buttons"][0]["payload"]
    (told,) = client.post(WEBHOOK, json={"sender": sender, "message": payload}).json()
    assert "buttons" not in told or told["buttons"] != asked["buttons"]


def test_the_same_words_twice_are_two_messages(client: httpx.Client) -> None:
    sender = uuid.uuid4().hex
    for _ in range(2):
        assert client.post(WEBHOOK, json={"sender": sender, "message": "你好"}).status_code == 200


def test_senders_without_a_name_do_not_share_a_conversation(client: httpx.Client) -> None:
    names = {
        client.post(WEBHOOK, json={"message": "你好"}).json()[0]["recipient_id"] for _ in range(2)
    }
    assert len(names) == 2


def test_a_senders_conversation_is_not_open_to_the_api(client: httpx.Client) -> None:
    sender = uuid.uuid4().hex
    client.post(WEBHOOK, json={"sender": sender, "message": "广州培训补贴"})
    assert client.get(f"/api/v1/conversations/{sender}").json()["turns"] == []


def test_a_message_back_has_rasas_fields_and_no_others(client: httpx.Client) -> None:
    replies = client.post(WEBHOOK, json={"sender": "t-1", "message": "培训补贴多少钱"}).json()
    assert isinstance(replies, list)
    for reply in replies:
        assert {"recipient_id", "text"} <= reply.keys() <= BOT_MESSAGE
        assert None not in reply.values()
        for button in reply.get("buttons", []):
            assert button.keys() == {"title", "payload"}
            assert all(isinstance(value, str) for value in button.values())


def test_rasa_shell_reads_a_json_object_a_line(client: httpx.Client) -> None:
    body = {"sender": uuid.uuid4().hex, "message": "培训补贴多少钱"}
    url = f"{WEBHOOK}?stream=true&token="
    with client.stream("POST", url, json=body) as streamed:
        assert streamed.headers["content-type"].startswith("text/event-stream")
        lines = [json.loads(line) for line in streamed.iter_lines()]
    plain = client.post(f"{WEBHOOK}?token=", json=body | {"sender": uuid.uuid4().hex}).json()
    assert [line["text"] for line in lines] == [reply["text"] for reply in plain]
    assert lines[0]["recipient_id"] == body["sender"]
    assert lines[0]["buttons"] == plain[0]["buttons"]


def test_the_channel_says_that_it_is_there(client: httpx.Client) -> None:
    assert client.get("/webhooks/rest/").json() == {"status": "ok"}


def test_while_staff_have_the_conversation_nothing_comes_back(app: App) -> None:
    silent = Reply(Status.HANDED_OFF, (), intent="staff")
    inbox = Inbox(app.engine, lambda _m, memory, _d: (silent, memory), app.conversation.now)
    with serving(create_app(replace(app, inbox=inbox))) as url, httpx.Client(base_url=url) as own:
        body = {"sender": "t-2", "message": "在吗"}
        assert own.post(WEBHOOK, json=body).json() == []
        assert own.post(f"{WEBHOOK}?stream=true", json=body).text == ""


def test_a_parse_has_rasas_form(client: httpx.Client) -> None:
    sent = {"token": None, "text": "我在广州做月嫂，没交社保，培训补贴多少钱", "message_id": "m"}
    parsed = client.post("/model/parse", json=sent).json()
    assert parsed.keys() == {"text", "intent", "entities", "intent_ranking"}
    assert parsed["intent"] == parsed["intent_ranking"][0]
    confidences = [intent["confidence"] for intent in parsed["intent_ranking"]]
    assert confidences == sorted(confidences, reverse=True)
    assert all(0 <= confidence <= 1 for confidence in confidences)
    found = {
        (e["entity"], e["value"]): parsed["text"][e["start"] : e["end"]] for e in parsed["entities"]
    }
    assert found[("region", "440100")] == "广州"
    assert found[("occupation", "maternity_care")] == "月嫂"


@pytest.mark.parametrize("text", ["", "  ", "？", "\0", "hello", "补" * 2000, "\ud83d"])
def test_any_text_has_a_parse(client: httpx.Client, text: str) -> None:
    body = json.dumps({"text": text})
    sent = client.post("/model/parse", content=body, headers={"content-type": "application/json"})
    assert sent.status_code == 200
    assert sent.json()["intent"]["name"] in intents()


@pytest.mark.parametrize("body", [{}, {"text": 5}, {"text": None}, {"text": "长" * 2001}])
def test_what_cannot_be_parsed_is_refused(client: httpx.Client, body: object) -> None:
    refused = client.post("/model/parse", json=body)
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == ["text"]


def test_our_own_client_of_rasa_reads_it(client: httpx.Client) -> None:
    """What stands in for Rasa in the bot takes this server for Rasa."""
    rasa = RasaClassifier(str(client.base_url), timeout=10)
    assert rasa.classify("广州培训补贴")[0].intent == "training_subsidy"
    rasa.close()
