"""A conversation's own client: ratings, what happens live, and going on where it broke off."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, select

from bot.app import App
from bot.conversations.held import held
from bot.conversations.kept import conversation_pk
from bot.conversations.ratings import RatingRow, rate, ratings_of
from bot.http import create_app
from dialogs.memory import Memory
from dialogs.reply import Block, Message, Reply, Statement, Status
from dialogs.wording import say
from tests.bot.serving import NOW, app_on, copy_of, serving

ASK = "/api/v1/messages"


@pytest.fixture(scope="module")
def app(library_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    own = app_on(copy_of(library_file, tmp_path_factory.mktemp("conversations")))
    yield own
    own.engine.dispose()


@pytest.fixture(scope="module")
def client(app: App) -> Iterator[httpx.Client]:
    with (
        serving(create_app(app), lifespan="on") as url,
        httpx.Client(base_url=url, timeout=20) as client,
    ):
        yield client


@pytest.fixture
def conversation() -> str:
    return uuid.uuid4().hex


def ask(client: httpx.Client, conversation: str, text: str = "你好", id: str = "m1") -> None:
    sent = client.post(ASK, json={"conversation": conversation, "id": id, "text": text})
    assert sent.status_code == 200


def history(client: httpx.Client, conversation: str, after: int = 0) -> dict[str, Any]:
    found = client.get(f"/api/v1/conversations/{conversation}", params={"after": after})
    return dict(found.json())


class Stream:
    """The events of a conversation, one after the other."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.iter_lines()

    def next(self) -> tuple[int, dict[str, Any]]:
        """The next event: its id and its data."""
        number = -1
        for line in self._lines:
            name, _, value = line.partition(": ")
            if name == "id":
                number = int(value)
            if name == "data":
                return number, json.loads(value)
        raise AssertionError("the stream ended")


# --- ratings -------------------------------------------------------------------------------------


def test_a_rating_is_kept_redacted_and_the_last_counts(
    client: httpx.Client, app: App, conversation: str
) -> None:
    ask(client, conversation)
    path = f"/api/v1/conversations/{conversation}/ratings"
    assert history(client, conversation)["turns"][0]["useful"] is None
    assert client.post(path, json={"message_id": "m1", "useful": True}).status_code == 204
    assert history(client, conversation)["turns"][0]["useful"] is True
    worse = {"message_id": "m1", "useful": False, "reason": "打13812345678问不到 "}
    assert client.post(path, json=worse).status_code == 204
    turn = history(client, conversation)["turns"][0]
    assert turn["useful"] is False
    with app.engine.connect() as connection:
        kept = connection.execute(
            select(RatingRow.reason).where(RatingRow.turn_pk == turn["seq"])
        ).scalars()
        assert [reason.count("138") + reason.endswith(" ") for reason in kept] == [0]


@pytest.mark.parametrize(
    "body",
    [
        {"message_id": "m1"},
        {"message_id": "m1", "useful": "perhaps"},
        {"message_id": "m1", "useful": True, "reason": "长" * 201},
        {"message_id": "", "useful": True},
        {"message_id": "m1", "useful": True, "more": 1},
        [],
    ],
)
def test_what_is_no_rating_is_refused(
    client: httpx.Client, conversation: str, body: object
) -> None:
    ask(client, conversation)
    refused = client.post(f"/api/v1/conversations/{conversation}/ratings", json=body)
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert history(client, conversation)["turns"][0]["useful"] is None


def test_nobody_rates_what_was_said_to_somebody_else(
    client: httpx.Client, conversation: str
) -> None:
    ask(client, conversation)
    other = uuid.uuid4().hex
    ask(client, other, id="other")
    for place, id in ((other, "m1"), (uuid.uuid4().hex, "m1"), (conversation, "other")):
        path = f"/api/v1/conversations/{place}/ratings"
        assert client.post(path, json={"message_id": id, "useful": True}).status_code == 404
    assert history(client, conversation)["turns"][0]["useful"] is None


def test_ratings_on_either_database(engine: Engine) -> None:
    reply = Reply(Status.ANSWERED, (Block("talk", (Statement("好"),)),))
    with held(engine, "web", "c", NOW) as kept:
        kept.add_turn(Message("你好", "c", "m1", "web"), reply, Memory(), NOW, NOW)
    for useful, reason in ((False, "看不懂"), (True, "")):
        assert rate(engine, "web", "c", "m1", useful=useful, reason=reason, now=NOW)
    assert not rate(engine, "web", "c", "m2", useful=True, reason="", now=NOW)
    assert not rate(engine, "telegram", "c", "m1", useful=True, reason="", now=NOW)
    with engine.connect() as connection:
        rows = connection.execute(select(RatingRow.turn_pk, RatingRow.useful, RatingRow.reason))
        [(turn_pk, useful, reason)] = rows.all()
    assert (useful, reason) == (True, "")
    assert ratings_of(engine, [turn_pk, turn_pk + 1]) == {turn_pk: True}


# --- live ----------------------------------------------------------------------------------------


def test_what_staff_say_arrives_at_once(client: httpx.Client, app: App, conversation: str) -> None:
    ask(client, conversation)
    path = f"/api/v1/conversations/{conversation}/events"
    with client.stream("GET", path) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"
        stream = Stream(response)
        first, known = stream.next()
        assert [turn["answer"]["id"] for turn in known["turns"]] == ["m1"]
        assert known["staff"]["state"] == "none"
        pk = conversation_pk(app.engine, "web", conversation)
        assert pk is not None
        handover = app.handovers.take_over(pk, "li")
        assert handover is not None
        came, news = stream.next()
        assert came > first
        assert news["staff"]["state"] == "staff"
        assert say("handoff.staff_came") in news["turns"][0]["answer"]["text"]
        app.handovers.say(handover, "li", "我是小李，您说")
        seq, news = stream.next()
        [turn] = news["turns"]
        assert (turn["speaker"], turn["text"], turn["seq"]) == ("staff", "", seq)
        assert turn["answer"]["text"] == "我是小李，您说"
        assert "li" not in json.dumps(turn["answer"]["blocks"]), "accounts are not told"
        # While staff have the conversation the bot says nothing.
        ask(client, conversation, "广州培训免费吗", "m2")
        _, news = stream.next()
        assert news["turns"][0]["answer"]["blocks"] == []


def test_turns_and_staff_are_of_one_moment(
    client: httpx.Client, app: App, conversation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Staff come after the turns have been read, and before it is read who is there."""
    ask(client, conversation)
    pk = conversation_pk(app.engine, "web", conversation)
    assert pk is not None
    came: list[int | None] = []

    def late(engine: Engine, turns: Iterable[int]) -> dict[int, bool]:
        if not came:
            came.append(app.handovers.take_over(pk, "li"))
        return ratings_of(engine, turns)

    monkeypatch.setattr("bot.http.conversations.ratings_of", late)
    told = history(client, conversation)
    assert came != [None]
    assert told["staff"]["state"] == "staff"
    assert say("handoff.staff_came") in told["turns"][-1]["answer"]["text"]


def test_a_stream_goes_on_where_it_broke_off(client: httpx.Client, conversation: str) -> None:
    for id in ("m1", "m2", "m3"):
        ask(client, conversation, id=id)
    seqs = [turn["seq"] for turn in history(client, conversation)["turns"]]
    assert seqs == sorted(seqs)
    path = f"/api/v1/conversations/{conversation}/events"
    for given in ({"params": {"after": seqs[0]}}, {"headers": {"last-event-id": str(seqs[0])}}):
        with client.stream("GET", path, **given) as response:
            _, news = Stream(response).next()
            assert [turn["answer"]["id"] for turn in news["turns"]] == ["m2", "m3"]
    assert [turn["seq"] for turn in history(client, conversation, seqs[1])["turns"]] == seqs[2:]


def test_waiting_is_told_with_the_place_in_the_queue(
    client: httpx.Client, app: App, conversation: str
) -> None:
    ahead = uuid.uuid4().hex
    for place in (ahead, conversation):
        ask(client, place)
        with held(app.engine, "web", place, NOW) as kept:
            app.handovers.ask(kept)
    assert history(client, conversation)["staff"] == {"state": "waiting", "before": 1}
    assert history(client, ahead)["staff"] == {"state": "waiting", "before": 0}
    ask(client, conversation, "不等了", "m2")
    assert history(client, conversation)["staff"]["state"] == "none"


def test_a_conversation_nobody_began_has_nothing_to_follow(client: httpx.Client) -> None:
    place = uuid.uuid4().hex
    assert client.get(f"/api/v1/conversations/{place}/events").status_code == 204
    empty = history(client, place)
    assert (empty["turns"], empty["staff"]["state"]) == ([], "none")


@pytest.mark.parametrize("given", [{"after": "-1"}, {"after": "x"}, {"after": "9" * 30}])
def test_a_bad_place_is_refused(client: httpx.Client, conversation: str, given: Any) -> None:
    for path in ("", "/events"):
        refused = client.get(f"/api/v1/conversations/{conversation}{path}", params=given)
        assert refused.status_code == 422
    bad = {"last-event-id": "1; DROP"}
    path = f"/api/v1/conversations/{conversation}/events"
    assert client.get(path, headers=bad).status_code == 422
