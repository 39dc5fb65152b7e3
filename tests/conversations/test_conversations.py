"""Dialogues as data (`*.yml` beside this file), each turn held to what the documents say.

Every reply of every case is also held to `tests.conversing.check_reply`. Together they reach every
topic, area, standing and status. Run with -s to see which provisions no case reaches; what the
questions written for each provision reach is counted by `anxin bench answers`.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from dialogs.interview import MOST_QUESTIONS
from dialogs.memory import Memory
from dialogs.reply import Message, Reply, Status
from dialogs.text import as_text
from knowledge.library import Library
from knowledge.loader import LoadedDocument
from knowledge.rules import FactValue, Groups
from knowledge.standing import Standing, standing
from knowledge.strict_yaml import read
from knowledge.vocabulary import Vocabulary
from nlu.rasa_engine import RasaClassifier
from nlu.rasa_server import MODEL, RASA, serving
from nlu.understanding import Classifier
from tests.conversing import NOW, check_reply, open_conversation

FOLDER = Path(__file__).parent
# A day on which the plans' years had not run out.
_EARLY = dt.date(2021, 11, 1)
# Of the cases, so many hold on Rasa as well: its probabilities are not quite the embedded engine's.
ON_RASA = 0.98
# Reached by the tests of permits, of staff and of outages.
_ELSEWHERE = {Status.VERDICT, Status.HANDED_OFF, Status.FAILED}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(_Strict):
    """Groups as a case writes them."""

    members: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()


class Turn(_Strict):
    """What is said and what must be true of the reply and of the memory after it.

    `first` is a clause the first policy statement rests on; `asks` the fact then pending; a fact of
    None must be unknown. `later` is how many minutes pass before, `times` how often it is said;
    `until: result` says it for as long as the interview asks. `day` is the day that the question
    itself asks about.
    """

    say: str
    later: int = 0
    times: int = Field(default=1, ge=1)
    until: Literal["result"] | None = None
    day: dt.date | None = None
    status: Status | None = None
    intent: str | None = None
    cites: list[str] = []
    first: str | None = None
    must: list[str] = []
    must_not: list[str] = []
    facts: dict[str, str | bool | int | float | Told | None] = {}
    options: list[str] | None = None
    asks: str | None = None


class Case(_Strict):
    name: str
    as_of: dt.date | None = None
    turns: list[Turn] = Field(min_length=1)


def _cases() -> Iterator[tuple[str, Case]]:
    for path in sorted(FOLDER.glob("*.yml")):
        for row in read(path).data:
            case = Case.model_validate(row)
            yield f"{path.stem}: {case.name}", case


CASES = dict(_cases())


class Reached:
    """What stood in some reply: provisions by their quotes, topics, documents, standings."""

    def __init__(self) -> None:
        self.cases = 0
        self.quotes: set[tuple[str, str]] = set()
        self.topics: set[str] = set()
        self.documents: set[str] = set()
        self.standings: set[Standing] = set()
        self.statuses: set[Status] = set()

    def add(self, reply: Reply) -> None:
        self.quotes |= {(citation.clause, citation.quote) for citation in reply.citations}
        self.statuses.add(reply.status)
        if reply.citations:
            self.topics.add(reply.intent)
            self.documents |= {citation.document_id for citation in reply.citations}
            self.standings |= {citation.standing for citation in reply.citations}

    def report(self, documents: list[LoadedDocument]) -> str:
        """The provisions never reached, a line each, below how many were."""
        everything = [p for loaded in documents for p in loaded.document.provisions]
        missed = [p.id for p in everything if (p.clause, p.quote) not in self.quotes]
        reached = len(everything) - len(missed)
        share = f"{reached} of {len(everything)} provisions reached by a dialogue case"
        return "\n".join([share, *missed])


@pytest.fixture(scope="module")
def reached(documents: list[LoadedDocument]) -> Iterator[Reached]:
    found = Reached()
    yield found
    print("\n" + found.report(documents))  # noqa: T201 - for a reader with -s


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> dt.datetime:
        return self.now


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_conversation(case: Case, library: Library, words: Vocabulary, reached: Reached) -> None:
    reached.cases += 1
    for turn, reply, memory in _played(case, library, words):
        reached.add(reply)
        problems = _problems(turn, reply, memory)
        assert not problems, f"{turn.say} → {problems}\n{_shown(reply)}"


def _played(
    case: Case, library: Library, words: Vocabulary, engine: Classifier | None = None
) -> Iterator[tuple[Turn, Reply, Memory]]:
    """Each turn of the case with its reply, which keeps the promise, and the memory after it."""
    clock = Clock()
    conversation = open_conversation(library, words, clock, engine)
    memory = Memory()
    for turn in case.turns:
        clock.now += dt.timedelta(minutes=turn.later)
        for _ in range(MOST_QUESTIONS if turn.until else turn.times):
            reply, memory = conversation.converse(Message(turn.say), memory, case.as_of)
            if turn.until and memory.interview is None:
                break
        check_reply(reply, library, turn.day or case.as_of or clock.now.date())
        yield turn, reply, memory


@pytest.mark.rasa
@pytest.mark.skipif(not RASA.exists(), reason="no .venv-rasa; run make rasa")
def test_the_cases_on_rasa(
    library: Library,
    words: Vocabulary,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """All cases in one pass over one server; which differ is printed."""
    model = FOLDER.parents[1] / "models" / "rasa" / MODEL
    if not model.exists():
        pytest.skip(f"no {model}; run make rasa")
    differ: list[str] = []
    with (
        serving(model, tmp_path / "rasa.log") as server,
        closing(RasaClassifier(server.url, timeout=30)) as classifier,
    ):
        rasa = Once(classifier)
        for name, case in CASES.items():
            for turn, reply, memory in _played(case, library, words, rasa):
                if problems := _problems(turn, reply, memory):
                    differ.append(f"{name}: {turn.say} → {problems}")
                    break
    share = 1 - len(differ) / len(CASES)
    with capsys.disabled():
        head = f"on Rasa {share:.1%} of {len(CASES)} cases hold"
        sys.stdout.write("\n".join(["", head, *differ, ""]))
    assert share >= ON_RASA


class Once:
    """A classifier that is asked each text once: the cases repeat themselves."""

    name = "rasa"

    def __init__(self, classifier: Classifier) -> None:
        self.classify = lru_cache(maxsize=None)(classifier.classify)


def test_the_cases_reach_everything(
    reached: Reached, documents: list[LoadedDocument], words: Vocabulary
) -> None:
    """Every topic is answered from clauses in some case, every document cited, every standing that
    a document of the library has at some time is said, every status given that needs no outage."""
    if reached.cases < len(CASES):
        pytest.skip("only some of the cases were run")
    standings = {
        standing(loaded.document, day) for loaded in documents for day in (NOW.date(), _EARLY)
    }
    assert not words.topics.keys() - reached.topics
    assert not {loaded.document.id for loaded in documents} - reached.documents
    assert not standings - reached.standings
    assert not set(Status) - _ELSEWHERE - reached.statuses


def _problems(turn: Turn, reply: Reply, memory: Memory) -> list[str]:
    text = as_text(reply, sources=False)
    cited = {citation.clause for citation in reply.citations}
    leading = next((s.clauses for _, s in reply.statements() if s.clauses), ())
    labels = [option.label for option in reply.options]
    found = [f"cites no {clause}" for clause in turn.cites if clause not in cited]
    found += [f"lacks {part}" for part in turn.must if part not in text]
    found += [f"says {part}" for part in turn.must_not if part in text]
    if turn.status is not None and reply.status is not turn.status:
        found.append(f"status {reply.status.value}")
    if turn.intent is not None and reply.intent != turn.intent:
        found.append(f"intent {reply.intent}")
    if turn.first is not None and turn.first not in leading:
        found.append(f"rests on {leading}")
    if turn.options is not None and labels != turn.options:
        found.append(f"options {labels}")
    if turn.asks is not None and (memory.pending is None or memory.pending.fact != turn.asks):
        found.append(f"pending {memory.pending}")
    for fact, value in turn.facts.items():
        known = memory.facts.get(fact)
        if known != _value(value):
            found.append(f"{fact} is {known}")
    return found


def _value(value: str | bool | int | float | Told | None) -> FactValue | None:
    return Groups(value.members, value.excluded) if isinstance(value, Told) else value


def _shown(reply: Reply) -> str:
    clauses = [citation.clause for citation in reply.citations]
    return f"[{reply.status.value} {reply.intent} {reply.confidence:.2f}] {clauses}\n" + as_text(
        reply, sources=False
    )


def test_enough_cases() -> None:
    assert len(CASES) >= 150


def test_unknown_keys_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="mustnot"):
        Case.model_validate({"name": "x", "turns": [{"say": "x", "mustnot": ["y"]}]})
