"""A turn with an understanding of the test's own: bands of confidence, misses, bad input."""

from __future__ import annotations

import datetime as dt
import time

import pytest

from dialogs.converse import Conversation
from dialogs.memory import Memory
from dialogs.reply import Message, Reply, Status
from dialogs.text import as_text
from dialogs.turn import ANSWER, GUESS
from knowledge.library import Library
from knowledge.vocabulary import Vocabulary
from nlu.understanding import Score, Understanding
from tests.conversing import NOW, check_reply


def _conversation(library: Library, words: Vocabulary, *ranking: Score) -> Conversation:
    def understand(text: str) -> list[Understanding]:
        return [Understanding(text, text, ranking)]

    return Conversation(library, words, understand, lambda: NOW)


def _say(conversation: Conversation, *texts: str) -> Reply:
    memory = Memory()
    for text in texts:
        reply, memory = conversation.converse(Message(text), memory)
    return reply


def test_between_the_bands_it_asks_which(library: Library, words: Vocabulary) -> None:
    middle = (ANSWER + GUESS) / 2
    scores = [Score(topic, middle) for topic in ("permit",)]
    others = [Score("refresher", 0.01), Score("veterans", 0.01), Score("rural", 0.005)]
    reply = _say(_conversation(library, words, *scores, *others), "那个东西")
    assert reply.status is Status.CLARIFY
    labels = [words.topics[topic].label for topic in ("permit", "refresher", "veterans")]
    assert [option.label for option in reply.options] == labels


def test_a_choice_offered_is_answered(library: Library, words: Vocabulary) -> None:
    conversation = _conversation(library, words, Score("permit", 0.2), Score("refresher", 0.01))
    reply = _say(conversation, "那个东西", "1")
    assert reply.intent == "permit"
    assert reply.status is not Status.CLARIFY


def test_below_the_bands_it_says_so_and_then_offers_a_person(
    library: Library, words: Vocabulary
) -> None:
    conversation = _conversation(library, words, Score("permit", 0.01))
    once, twice = _say(conversation, "咕噜咕噜"), _say(conversation, "咕噜咕噜", "叽里呱啦")
    assert once.status is Status.CLARIFY
    assert "12345" not in as_text(once)
    assert "12345" in as_text(twice)


def test_an_understood_question_forgets_the_misses(library: Library, words: Vocabulary) -> None:
    answers = {"咕噜": Score("permit", 0.01), "证": Score("permit", 0.9)}

    def understand(text: str) -> list[Understanding]:
        return [Understanding(text, text, (answers[text],))]

    conversation = Conversation(library, words, understand, lambda: NOW)
    assert "12345" not in as_text(_say(conversation, "咕噜", "证", "咕噜"))


@pytest.mark.parametrize("length", [2001, 10_000, 1_000_000])
def test_a_message_too_long(conversation: Conversation, length: int) -> None:
    reply = _say(conversation, "补" * length)
    assert reply.status is Status.REFUSED
    assert f"{length}字" in as_text(reply)


@pytest.mark.parametrize(
    "text",
    [
        "补贴" * 1000,
        "长治" + "，" * 1000,
        "？！" * 500 + "补贴",
        "\ufeff长治\u202e社保补贴",
        "长治\ud800社保补贴".encode("utf-8", "replace").decode(),
        "1234567890" * 20,
        "<" * 500 + "补贴",
        "【】（）《》“”补贴",
        "第第第第1个个个",
        "۳",
    ],
)
def test_strange_text_gets_an_answer(
    conversation: Conversation, library: Library, text: str
) -> None:
    reply = _say(conversation, text)
    assert reply.blocks
    check_reply(reply, library, NOW.date())


def test_every_answer_carries_its_release(conversation: Conversation, library: Library) -> None:
    release = library.release()
    assert release is not None
    assert _say(conversation, "长治社保补贴怎么领").release == release.id


def test_markup_is_taken_away(conversation: Conversation) -> None:
    reply = _say(conversation, "<b>长治</b>社保补贴怎么领")
    assert reply.intent == "social_insurance_subsidy"


def test_a_turn_that_is_refused_leaves_the_memory(conversation: Conversation) -> None:
    memory = Memory().learn({"age": 40}, NOW, "said")
    assert conversation.converse(Message(""), memory)[1] == memory


def test_the_day_asked_for_is_the_day_answered(conversation: Conversation) -> None:
    day = dt.date(2022, 6, 1)
    reply, _ = conversation.converse(Message("长治社保补贴怎么领"), Memory(), day)
    assert "2022年6月1日" in as_text(reply)


def test_a_turn_is_quick(conversation: Conversation) -> None:
    """No figure of record (docs/measurements.md has those): nothing may take a second of work."""
    memory = Memory()
    began = time.process_time()
    for text in ("长治社保补贴怎么领", "那广州呢", "我能领什么补贴", "不清楚", "不清楚"):
        _, memory = conversation.converse(Message(text), memory)
    assert time.process_time() - began < 5
