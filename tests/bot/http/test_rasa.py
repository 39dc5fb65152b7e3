"""Rasa's REST channel, as Rasa's clients use it."""

from __future__ import annotations

import uuid

import httpx

WEBHOOK = "/webhooks/rest/webhook"


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
