"""`/api/v1` with good input."""

from __future__ import annotations

import datetime as dt
import secrets
from pathlib import Path

import httpx
import pytest

from bot.http.wire import answer
from bot.reply_object import reply_object
from dialogs.memory import Memory
from dialogs.reply import Message
from tests.bot.serving import app_on

ASK = "/api/v1/messages"


@pytest.fixture
def conversation() -> str:
    return secrets.token_urlsafe(24)


def test_an_answer_is_that_of_the_command_line_and_more(
    client: httpx.Client, library_file: Path, conversation: str
) -> None:
    sent = client.post(
        ASK, json={"conversation": conversation, "id": "q-1", "text": "广州月嫂培训免费吗"}
    )
    assert sent.status_code == 200
    given = sent.json()
    app = app_on(library_file)
    reply, _ = app.conversation.converse(Message("广州月嫂培训免费吗"), Memory())
    app.engine.dispose()
    whole = reply_object(reply)
    assert (given["id"], given["session"]) == ("q-1", conversation)
    assert given["citations"], "the question is one the library answers"
    for name, value in whole.items():
        if name != "citations":
            assert given[name] == value, name
    for sent_citation, citation in zip(given["citations"], whole["citations"], strict=True):
        assert citation.items() <= sent_citation.items()
        assert sent_citation["standing_text"] in given["text"]
    assert given["blocks"][0]["kind"] == "conclusion"
    texts = [s["text"] for block in given["blocks"] for s in block["statements"]]
    assert all(text in given["text"] for text in texts)


def test_as_of_asks_for_another_day(client: httpx.Client, conversation: str) -> None:
    question = {"conversation": conversation, "text": "广州月嫂培训免费吗"}
    then = client.post(ASK, json={**question, "as_of": "2021-05-01"}).json()
    now = client.post(ASK, json=question).json()
    assert {c["standing"] for c in then["citations"]} == {"in_force"}
    assert {c["standing"] for c in now["citations"]} == {"target_period_ended"}


def test_a_message_sent_twice_is_answered_once(client: httpx.Client, conversation: str) -> None:
    question = {"conversation": conversation, "id": "same", "text": "广州培训补贴多少钱"}
    first, second = (client.post(ASK, json=question).json() for _ in range(2))
    assert first == second
    assert len(client.get(f"/api/v1/conversations/{conversation}").json()["turns"]) == 1


def test_choices_say_what_to_send(client: httpx.Client, conversation: str) -> None:
    asked = client.post(ASK, json={"conversation": conversation, "text": "培训补贴多少钱"}).json()
    assert asked["status"] == "needs_info"
    assert [choice["label"] for choice in asked["choices"]] == asked["options"]
    chosen = asked["choices"][0]["send"]
    told = client.post(ASK, json={"conversation": conversation, "text": chosen}).json()
    assert told["status"] in ("answered", "partly_answered")


def test_a_conversation_can_be_taken_up_again(client: httpx.Client, conversation: str) -> None:
    answers = [
        client.post(ASK, json={"conversation": conversation, "id": f"m{n}", "text": text}).json()
        for n, text in enumerate(["广州培训补贴多少钱", "我电话13800138000，保险呢"])
    ]
    history = client.get(f"/api/v1/conversations/{conversation}").json()
    assert history["session"] == conversation
    assert [turn["answer"] for turn in history["turns"]] == answers
    assert [turn["text"] for turn in history["turns"]] == [
        "广州培训补贴多少钱",
        "我电话〔电话〕，保险呢",
    ]
    asked_at = dt.datetime.fromisoformat(history["turns"][0]["asked_at"])
    assert asked_at.utcoffset() == dt.timedelta(0)


def test_an_unknown_conversation_is_an_empty_one(client: httpx.Client, conversation: str) -> None:
    history = client.get(f"/api/v1/conversations/{conversation}")
    assert history.status_code == 200
    assert history.json()["turns"] == []


def test_a_conversation_is_begun_where_none_is_named(client: httpx.Client) -> None:
    first, second = (client.post(ASK, json={"text": "你好"}).json() for _ in range(2))
    assert first["session"] != second["session"]
    assert len(first["session"]) >= 32
    assert len(client.get(f"/api/v1/conversations/{first['session']}").json()["turns"]) == 1


def test_every_cited_clause_can_be_opened_at_its_quote(
    client: httpx.Client, conversation: str
) -> None:
    given = client.post(
        ASK, json={"conversation": conversation, "text": "肇庆星级怎么评，广州培训免费吗"}
    ).json()
    assert given["citations"]
    for citation in given["citations"]:
        clause = client.get(f"/api/v1/clauses/{citation['clause']}").json()
        assert citation["quote"] in clause["text"]
        for name in ("document", "doc_no", "standing", "standing_text", "name"):
            assert clause[name] == citation[name]


def test_a_clause_has_the_standing_of_the_day_asked_for(client: httpx.Client) -> None:
    path = "/api/v1/clauses/liaoning/三/2"
    assert client.get(path).json()["standing"] == "target_period_ended"
    assert client.get(path, params={"as_of": "2022-01-01"}).json()["standing"] == "in_force"


def test_odd_questions_get_an_answer_not_an_error(client: httpx.Client) -> None:
    for text in ("", "  ", "\u200b", "？？？", "hello", "补" * 3000, "\0", "補貼\U0010ffff", "<b>"):
        sent = client.post(ASK, json={"text": text})
        assert sent.status_code == 200, repr(text)
        assert sent.json()["text"]


def test_the_description_names_every_route(client: httpx.Client) -> None:
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    assert {
        "/api/v1/messages",
        "/api/v1/conversations/{conversation}",
        "/api/v1/conversations/{conversation}/events",
        "/api/v1/conversations/{conversation}/ratings",
        "/api/v1/clauses/{clause}",
        "/api/v1/library/search",
        "/api/v1/documents",
        "/api/v1/documents/{document}",
        "/api/v1/determinations",
        "/api/v1/verifications",
        "/webhooks/rest/",
        "/webhooks/rest/webhook",
        "/model/parse",
        "/healthz",
        "/readyz",
    } == set(paths)


def test_the_answer_object_lets_new_fields_pass(library_file: Path) -> None:
    app = app_on(library_file)
    reply, _ = app.conversation.converse(Message("你好"), Memory())
    app.engine.dispose()
    sent = answer("m", "s", reply).model_dump(mode="json")
    assert set(reply_object(reply)) | {"id", "session", "blocks", "choices"} == set(sent)


def test_a_client_that_sends_back_what_it_was_told_goes_on(client: httpx.Client) -> None:
    first = client.post("/api/v1/messages", json={"text": "我在广州"}).json()
    again = {"text": "你好", "session": first["session"]}
    assert client.post("/api/v1/messages", json=again).json()["session"] == first["session"]
    turns = client.get(f"/api/v1/conversations/{first['session']}").json()["turns"]
    assert [turn["text"] for turn in turns] == ["我在广州", "你好"]
