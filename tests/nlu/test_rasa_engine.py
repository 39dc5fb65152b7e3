"""Against a local server that answers as Rasa does, or as Rasa does when it is unwell."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from structlog.testing import capture_logs

from nlu.rasa_engine import RasaClassifier
from nlu.understand import Understander
from nlu.understanding import EngineResting, EngineUnavailable, Score

GOOD = {
    "text": "回炉要钱吗",
    "intent": {"name": "refresher", "confidence": 0.8},
    "intent_ranking": [
        {"name": "refresher", "confidence": 0.8},
        {"name": "greet", "confidence": 0.15},
        {"name": "nlu_fallback", "confidence": 0.05},
    ],
}


class FakeRasa:
    """What the server answers next, and what it was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.body = json.dumps(GOOD).encode()
        self.delay = 0.0  # seconds before the answer
        self.trickle = 0.0  # seconds between its bytes
        self.asked: list[tuple[str, Any]] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                fake.asked.append((self.path, json.loads(self.rfile.read(length))))
                time.sleep(fake.delay)
                self.send_response(fake.status)
                self.send_header("Content-Length", str(len(fake.body)))
                self.end_headers()
                step = 1 if fake.trickle else len(fake.body)
                with suppress(ConnectionError):  # who asked may be gone
                    for start in range(0, len(fake.body), step):
                        self.wfile.write(fake.body[start : start + step])
                        time.sleep(fake.trickle)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def rasa() -> Iterator[FakeRasa]:
    fake = FakeRasa()
    thread = threading.Thread(target=fake.server.serve_forever, daemon=True)
    thread.start()
    yield fake
    fake.server.shutdown()
    fake.server.server_close()
    thread.join()


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_ranking_is_rasas_without_intents_of_its_own(rasa: FakeRasa) -> None:
    classifier = RasaClassifier(rasa.url + "/")
    assert classifier.classify("回炉要钱吗") == (Score("refresher", 0.8), Score("greet", 0.15))
    assert rasa.asked == [("/model/parse", {"text": "回炉要钱吗"})]
    classifier.close()


def test_without_a_ranking_the_intent_alone_is_used(rasa: FakeRasa) -> None:
    rasa.body = json.dumps({"intent": GOOD["intent"]}).encode()
    classifier = RasaClassifier(rasa.url)
    assert classifier.classify("x") == (Score("refresher", 0.8),)
    classifier.close()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"{}"),
        (404, b"{}"),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b"null"),
        (200, b"{}"),
        (200, b'{"intent": {"name": null, "confidence": 0}}'),
        (200, b'{"intent_ranking": [{"name": "refresher", "confidence": "much"}]}'),
        (200, b'{"intent_ranking": [{"name": "nlu_fallback", "confidence": 1}]}'),
        (200, b'{"intent_ranking": ["refresher"]}'),
        (200, b"\xff\xfe"),
    ],
)
def test_an_answer_that_is_no_parse_makes_the_engine_unavailable(
    rasa: FakeRasa, status: int, body: bytes
) -> None:
    rasa.status, rasa.body = status, body
    classifier = RasaClassifier(rasa.url)
    with pytest.raises(EngineUnavailable):
        classifier.classify("x")
    classifier.close()


def test_a_slow_answer_makes_the_engine_unavailable(rasa: FakeRasa) -> None:
    rasa.delay = 0.5
    classifier = RasaClassifier(rasa.url, timeout=0.05)
    with pytest.raises(EngineUnavailable):
        classifier.classify("x")
    classifier.close()


def test_nobody_there_makes_the_engine_unavailable(rasa: FakeRasa) -> None:
    rasa.server.server_close()
    classifier = RasaClassifier(rasa.url, timeout=0.5)
    with pytest.raises(EngineUnavailable):
        classifier.classify("x")
    classifier.close()


def test_after_a_failure_it_is_given_a_rest_and_then_tried_again(rasa: FakeRasa) -> None:
    clock = Clock()
    classifier = RasaClassifier(rasa.url, rest=10, clock=clock)
    rasa.status = 500
    with pytest.raises(EngineUnavailable):
        classifier.classify("x")
    rasa.status = 200
    clock.now += 9.9
    with pytest.raises(EngineUnavailable, match=r"next attempt in 0\.1 s"):
        classifier.classify("x")
    assert len(rasa.asked) == 1
    clock.now += 0.2
    with capture_logs() as logs:
        assert classifier.classify("x")[0].intent == "refresher"
    assert [line["event"] for line in logs] == ["nlu_engine_back"]
    assert classifier.classify("x")[0].intent == "refresher"
    assert len(rasa.asked) == 3
    classifier.close()


def test_one_message_alone_tries_a_lost_rasa(rasa: FakeRasa) -> None:
    clock = Clock()
    classifier = RasaClassifier(rasa.url, timeout=5, rest=10, clock=clock)
    rasa.status = 500
    with pytest.raises(EngineUnavailable):
        classifier.classify("x")
    rasa.status, rasa.delay = 200, 1.0
    clock.now += 11
    tries = threading.Thread(target=classifier.classify, args=("x",))
    tries.start()
    while len(rasa.asked) < 2:
        time.sleep(0.01)
    started = time.monotonic()
    with pytest.raises(EngineResting):
        classifier.classify("y")
    assert time.monotonic() - started < 0.5
    tries.join()
    assert classifier.classify("y")[0].intent == "refresher"
    classifier.close()


class Embedded:
    name = "embedded"

    def classify(self, text: str) -> tuple[Score, ...]:
        return (Score("handoff", 1.0),)


def test_the_bot_goes_on_with_the_embedded_engine(rasa: FakeRasa) -> None:
    rasa.status = 500
    classifier = RasaClassifier(rasa.url)
    (understood,) = Understander(classifier, Embedded()).understand("回炉要钱吗")
    assert understood.intent == "handoff"
    with pytest.raises(EngineUnavailable):
        Understander(classifier).understand("回炉要钱吗")
    classifier.close()


@pytest.mark.parametrize(("delay", "trickle"), [(0.6, 0.0), (0.0, 0.05)])
def test_a_slow_rasa_costs_one_timeout_and_the_conversation_goes_on(
    rasa: FakeRasa, delay: float, trickle: float
) -> None:
    """Slow to begin, or slow to end: each read of a trickling answer is quick."""
    rasa.delay, rasa.trickle = delay, trickle
    clock = Clock()
    classifier = RasaClassifier(rasa.url, timeout=0.2, rest=10, clock=clock)
    lost: list[str] = []
    understander = Understander(classifier, Embedded(), lost.append)
    started = time.monotonic()
    with capture_logs() as logs:
        answers = [understander.understand("回炉要钱吗")[0].intent for _ in range(3)]
    # Three messages, and Rasa's whole answer would have taken more than five seconds.
    assert time.monotonic() - started < 5
    assert answers == ["handoff"] * 3
    assert lost == ["rasa"] * 3
    assert len(rasa.asked) == 1
    assert [line["event"] for line in logs] == ["nlu_engine_unavailable"]
    assert "回炉" not in str(logs)
    rasa.delay = rasa.trickle = 0.0
    clock.now += 11
    assert understander.understand("回炉要钱吗")[0].intent == "refresher"
    classifier.close()
