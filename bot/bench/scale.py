"""`anxin bench scale`: the time of an answer with 1, 10, 100, 1,000 times the library.

Every copy of the library's documents is put under areas of its own, which are made up and have
names of their own; a made-up province has a hundred of them. The questions stay the same. Each
library is stored by one process and asked by another, which has the memory of nothing else.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine, make_url, text

from bot.app import utc_now
from bot.bench.answers import Question, read_questions
from bot.bench.process import environment, line, load, memory, percentile
from bot.database import migrate, open_engine
from bot.settings import settings
from dialogs.converse import Conversation
from dialogs.memory import Memory
from dialogs.reply import Message
from dialogs.text import as_text
from knowledge.library import Library
from knowledge.loader import LoadedDocument, load_folder
from knowledge.releases import store
from knowledge.schema import Clause, Document
from knowledge.vocabulary import Region, vocabulary
from nlu.engine import load_or_train
from nlu.understand import Understander

Progress = Callable[[str], None]
_COPIES_A_PROVINCE = 20
_CHARACTERS = "垚堃昶珩琰瑄瑾玥珣瓒翀翊翎祯祎禛稷穗筠箬"  # none of them in a real area's name here
_WARM = 20


@dataclass(frozen=True)
class Step:
    """What one process does: store the library so many times, or ask it."""

    copies: int
    database_url: str
    questions: str


@dataclass(frozen=True)
class Stored:
    """How large a stored library is, and how many seconds storing it took."""

    documents: int
    provisions: int
    seconds: float
    megabytes: float


@dataclass(frozen=True)
class Asked:
    """Milliseconds of each question, where the person's place is known and where it is not; of the
    first one in a new process; the answers where it is known; memory in MB."""

    known: list[float]
    unknown: list[float]
    first: float
    answers: list[str]
    memory: float


def scale_bench(
    sizes: Sequence[int],
    questions: Path,
    postgresql: str = "",
    progress: Progress = lambda _line: None,
) -> str:
    """The table of figures. `postgresql`: URL of a server where a database may be made for each
    size, and dropped after it; none: SQLite files."""
    rows: list[tuple[int, Stored, Asked]] = []
    for copies in sizes:
        with tempfile.TemporaryDirectory() as name:
            url = _made(postgresql, copies) if postgresql else f"sqlite:///{name}/library.db"
            try:
                step = Step(copies, url, str(questions.resolve()))
                progress(f"{copies} ×: storing ({load()})")
                stored = Stored(**_in_process("store_alone", step))
                progress(f"{copies} ×: asking, after {stored.seconds:.0f} s of storing ({load()})")
                rows.append((copies, stored, Asked(**_in_process("ask_alone", step))))
            finally:
                if postgresql:
                    _dropped(postgresql, copies)
    return table(rows)


def table(rows: Sequence[tuple[int, Stored, Asked]]) -> str:
    """The figures in Markdown."""
    base = rows[0][2]
    lines = [
        line(
            *("library", "documents", "provisions", "place known: p50 ms", "p99 ms", "ratio"),
            *("place unknown: p50 ms", "p99 ms", "ratio", "same answers", "first answer ms"),
            *("storing s", "database MB", "memory MB"),
        ),
        line(*["---"] * 14),
    ]
    for copies, stored, asked in rows:
        pairs = zip(asked.answers, base.answers, strict=True)
        same = sum(one == other for one, other in pairs) / len(base.answers)
        lines.append(
            line(
                f"{copies} ×",
                f"{stored.documents}",
                f"{stored.provisions}",
                *_times(asked.known, base.known),
                *_times(asked.unknown, base.unknown),
                f"{same:.1%}",
                f"{asked.first:.0f}",
                f"{stored.seconds:.0f}",
                f"{stored.megabytes:.0f}",
                f"{asked.memory:.0f}",
            )
        )
    return "\n".join([*lines, "", f"{len(base.known)} questions each way, {load()}"])


def _times(times: Sequence[float], base: Sequence[float]) -> tuple[str, str, str]:
    p50, p99 = (percentile(times, p) for p in (50, 99))
    return f"{p50:.1f}", f"{p99:.1f}", f"{p50 / percentile(base, 50):.2f}"


# --- the two processes -------------------------------------------------------------------------


def _in_process(does: str, step: Step) -> dict[str, Any]:
    code = f"import sys; from bot.bench.scale import {does}; {does}(sys.argv[1])"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code, json.dumps(asdict(step))],
        stdout=subprocess.PIPE,
        check=True,
        env=environment({}),
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def store_alone(given: str) -> None:
    """The process that stores."""
    step = Step(**json.loads(given))
    _make_up_regions(step.copies)
    originals, problems = load_folder()
    if problems:
        raise RuntimeError(problems)
    engine = open_engine(step.database_url)
    migrate(engine)
    began = time.perf_counter()
    store(engine, copies_of(originals, step.copies), f"bench-{step.copies}", utc_now())
    seconds = time.perf_counter() - began
    provisions = step.copies * sum(len(one.document.provisions) for one in originals)
    stored = Stored(len(originals) * step.copies, provisions, seconds, _megabytes(engine))
    sys.stdout.write(json.dumps(asdict(stored)))


def ask_alone(given: str) -> None:
    """The process that asks."""
    step = Step(**json.loads(given))
    _make_up_regions(step.copies)
    conversation = Conversation(
        library=Library(open_engine(step.database_url)),
        words=vocabulary(),
        understand=Understander(load_or_train(settings().model_dir)).understand,
        now=utc_now,
    )
    questions = read_questions(Path(step.questions))
    for question in questions[:_WARM]:  # word lists and models; what the library reads is not warm
        conversation.understand(question.text)
    first = _asked(conversation, questions[0].text, Memory())[0]
    for question in questions:
        _asked(conversation, question.text, Memory())
    unknown = [_asked(conversation, one.text, Memory())[0] for one in questions]
    places = [_place_of(one) for one in questions]
    known = [
        _asked(conversation, one.text, place) for one, place in zip(questions, places, strict=True)
    ]
    found = Asked(
        known=[milliseconds for milliseconds, _ in known],
        unknown=unknown,
        first=first,
        answers=[answer for _, answer in known],
        memory=memory("self"),
    )
    sys.stdout.write(json.dumps(asdict(found)))


def _asked(conversation: Conversation, question: str, memory: Memory) -> tuple[float, str]:
    began = time.perf_counter()
    reply, _ = conversation.converse(Message(question), memory)
    return (time.perf_counter() - began) * 1e3, as_text(reply)


def _place_of(question: Question) -> Memory:
    """The memory of a person who lives where the question's document is from."""
    regions = {"changzhi": "140400", "guangzhou": "440100", "kundulun": "150203"}
    regions |= {"liaoning": "210000", "zhaoqing": "441200"}
    place = regions[question.provision.partition("/")[0]]
    return Memory().learn({"region": place}, utc_now(), "said")


# --- the copies --------------------------------------------------------------------------------


def copies_of(originals: Sequence[LoadedDocument], copies: int) -> Iterator[LoadedDocument]:
    """The documents so many times, the originals among them."""
    areas = list(dict.fromkeys(one.document.region for one in originals))
    for original in originals:
        yield original
        for number in range(1, copies):
            region = _area(number, areas.index(original.document.region))
            yield _copy(original, f"{number}~", region)


def _copy(original: LoadedDocument, prefix: str, region: str) -> LoadedDocument:
    """A document whose ids, and its clauses', begin with `prefix`."""
    document = original.document
    place = document.id.partition("/")[0]
    body = document.model_dump_json(by_alias=True).replace(f'"{place}/', f'"{prefix}{place}/')
    renamed = Document.model_validate_json(body)
    clauses = [
        Clause(id=prefix + one.id, heading=one.heading, text=one.text)
        for one in original.clauses.values()
    ]
    return replace(
        original,
        document=renamed.model_copy(update={"id": prefix + document.id, "region": region}),
        clauses={clause.id: clause for clause in clauses},
        digest=prefix + original.digest[:40],
    )


def _make_up_regions(copies: int) -> None:
    """Teach this process the areas of the copies."""
    words = vocabulary()
    areas = len({one.document.region for one in load_folder()[0]})
    names = map("".join, product(_CHARACTERS, repeat=3))
    for number in range(1, copies):
        province = f"9{number // _COPIES_A_PROVINCE:03d}00"
        if province not in words.regions:
            words.regions[province] = _region(province, next(names), "省", "100000")
        for place in range(areas):
            code = _area(number, place)
            words.regions[code] = _region(code, next(names), "市", province)


def _region(code: str, name: str, kind: str, parent: str) -> Region:
    called = (name + kind, name)
    return Region(id=code, label=name + kind, short=name, parent=parent, called=called)


def _area(number: int, place: int) -> str:
    return f"8{number * 5 + place:05d}"


# --- databases ---------------------------------------------------------------------------------


def _made(server: str, copies: int) -> str:
    _dropped(server, copies)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE anxin_bench_scale_{copies}")
    url = make_url(server).set(database=f"anxin_bench_scale_{copies}")
    return url.render_as_string(hide_password=False)


def _dropped(server: str, copies: int) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS anxin_bench_scale_{copies}")


def _megabytes(engine: Engine) -> float:
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            size = connection.execute(text("SELECT pg_database_size(current_database())"))
        else:
            size = connection.execute(
                text("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
            )
        return int(size.scalar_one()) / 2**20
