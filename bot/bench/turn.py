"""`anxin bench turn`: how long a turn takes in process, by what is said in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from bot.app import App, utc_now
from bot.bench.answers import Question
from bot.bench.process import percentile
from dialogs.memory import Memory
from dialogs.reply import Message

# What is said besides the questions, each in its own conversation.
_STORY = (
    "我今年四十六，老家在农村，孩子上初中，以前在饭店洗碗，后来跟着老乡出来做保洁，做了三年多，"
    "雇主都说我干活利索，可是没有证，每次涨工资都轮不到我。前两个月有个姐妹说现在有免费的培训，"
    "学完还给发证，我去问了一家公司，他们说要先交八百块押金，我没敢交，回来跟家里人商量，"
    "老公说别是骗人的，让我先打听清楚。我小学毕业，手机也用得不太好，就会发发微信，"
    "白天要上工，只有晚上和礼拜天有空，不知道能不能安排得开。还听人说培训期间管一顿饭，"
    "也有人说什么都不给，说法都不一样，越问越糊涂。我就想问一下，像我这样的，"
)
_SMALL_TALK = ("你好", "谢谢", "你是谁", "今天天气怎么样", "公积金怎么提取", "你们几点下班")
_ELSEWHERE = ("上海", "深圳", "成都", "杭州")
_FOLLOW_UPS = ("那多少钱", "去哪办", "那长治呢", "我妈呢")
_INTERVIEW = ("我能领什么", "长治", "是", "不清楚", "没有", "以上都不是", "是", "不清楚")
_EACH = 100  # of the kinds that the questions are made into
_WARM = 50  # questions before the first that counts: word lists are read


def time_turns(app: App, questions: Sequence[Question]) -> str:
    """Milliseconds of a turn by its kind, and of understanding alone: by the clock, and of
    processor time, which other work on the machine does not lengthen so much."""
    texts = [question.text for question in questions]

    def ask(text: str, memory: Memory) -> Memory:
        return app.conversation.converse(Message(text), memory)[1]

    for text in texts[:_WARM]:
        ask(text, Memory())
    here = Memory().learn({"region": "440100"}, utc_now(), "said")
    kinds = {
        "question, in a new process": [(text, Memory()) for text in texts],
        "question": [(text, Memory()) for text in texts],
        "question, place known": [(text, here) for text in texts],
        "place not in the library": [
            (f"{_ELSEWHERE[n % len(_ELSEWHERE)]}{text}", Memory())
            for n, text in enumerate(texts[:_EACH])
        ],
        "two questions": [
            (f"{one}？还有，{other}？", here)
            for one, other in zip(texts[:_EACH], reversed(texts), strict=False)
        ],
        "a story of 300 characters": [(_STORY + text, Memory()) for text in texts[:_EACH]],
        "small talk, other offices": [(text, Memory()) for text in _SMALL_TALK * 10],
    }
    rows = [_row(name, _times(ask, said)) for name, said in kinds.items()]
    said = list(_going_on(texts[:_EACH], ask))
    rows.append(_row("follow-up", _times(ask, said)))
    rows.append(_row("interview", _times(ask, list(_interviews(ask)))))
    alone = [(text, Memory()) for text in texts]
    rows.append(
        _row("understanding alone", _times(lambda t, _: app.conversation.understand(t), alone))
    )
    head = f"{'milliseconds':28}{'p50':>8}{'p99':>8}{'worst':>8}   processor: p50     p99   worst"
    return "\n".join([head, *rows])


def _going_on(
    texts: Sequence[str], ask: Callable[[str, Memory], Memory]
) -> Iterator[tuple[str, Memory]]:
    """What is asked on, with the memory of a question before it."""
    for number, text in enumerate(texts):
        yield _FOLLOW_UPS[number % len(_FOLLOW_UPS)], ask(text, Memory())


def _interviews(ask: Callable[[str, Memory], Memory]) -> Iterator[tuple[str, Memory]]:
    """The turns of some interviews."""
    for role in ("", "我是雇主，", "我们公司", "我是退伍军人，"):
        memory = Memory()
        for number, said in enumerate(_INTERVIEW):
            text = role + said if number == 0 else said
            yield text, memory
            memory = ask(text, memory)


def _times(
    run: Callable[[str, Memory], object], said: Sequence[tuple[str, Memory]]
) -> list[list[float]]:
    """The times of each turn by the clock, and of the processor."""
    clock, processor = [], []
    for text, memory in said:
        start, busy = time.perf_counter(), time.thread_time()
        run(text, memory)
        processor.append((time.thread_time() - busy) * 1e3)
        clock.append((time.perf_counter() - start) * 1e3)
    return [clock, processor]


def _row(name: str, both: Sequence[Sequence[float]]) -> str:
    cells = [
        f"{percentile(times, 50):8.2f}{percentile(times, 99):8.2f}{max(times):8.2f}"
        for times in both
    ]
    return f"{name:28}{cells[0]}        {cells[1]}"
