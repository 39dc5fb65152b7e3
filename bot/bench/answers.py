"""`anxin bench answers`: does each answer cite the clause that it must rest on?

The questions (tests/conversations/questions) were written from the provisions, in everyday words,
by somebody who had not seen the code. The peer is what a plain search box would do: the clauses by
the database's own ranking, on the same questions in the same run.

One half of the questions may be read when weights, synonyms and cue words are chosen; the other may
not, and its figure is the honest one. Which half a question is in, its provision's id decides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.app import App
from dialogs.memory import Memory
from dialogs.reply import Message
from knowledge.strict_yaml import read


@dataclass(frozen=True)
class Question:
    """A question, and the provision whose clause its answer must cite."""

    provision: str
    text: str
    weight: int

    @property
    def clause(self) -> str:
        """The clause that the question was written from."""
        return self.provision.partition("#")[0]

    @property
    def tuning(self) -> bool:
        """Whether weights may be chosen by it."""
        return hashlib.sha256(self.provision.encode()).digest()[0] % 2 == 0


@dataclass(frozen=True)
class Outcome:
    """What became of a question: where its clause stood in the answer and in plain search."""

    question: Question
    status: str
    intent: str
    cited: tuple[str, ...]  # clauses in the order the answer leans on them
    searched: tuple[str, ...]
    quotes: frozenset[tuple[str, str]] = frozenset()  # clause and words of each citation

    @property
    def first(self) -> bool:
        """Whether the answer's first citation is the right one."""
        return self.cited[:1] == (self.question.clause,)

    @property
    def reached(self) -> bool:
        """Whether any citation is the right one."""
        return self.question.clause in self.cited


def read_questions(folder: Path) -> list[Question]:
    """Every question below `folder`. Raises `DataError` for a broken file."""
    found = []
    for path in sorted(folder.glob("*.yml")):
        for row in read(path).data:
            found.append(Question(row["provision"], row["ask"], row.get("weight", 1)))
    return found


def measure(app: App, questions: Sequence[Question]) -> Iterator[Outcome]:
    """Ask each question in a conversation of its own."""
    for question in questions:
        reply, _ = app.conversation.converse(Message(question.text), Memory())
        cited = tuple(dict.fromkeys(citation.clause for citation in reply.citations))
        hits = app.library.search(question.text, limit=3)
        searched = tuple(hit.clause.id for hit in hits)
        quotes = frozenset((citation.clause, citation.quote) for citation in reply.citations)
        yield Outcome(question, reply.status.value, reply.intent, cited, searched, quotes)


def report(outcomes: Sequence[Outcome], *, misses: bool = False) -> str:
    """The figures, and with `misses` the questions of the tuning half that missed their clause."""
    counted = [o for o in outcomes if o.question.weight]
    halves = {
        "all": counted,
        "tuning half": [o for o in counted if o.question.tuning],
        "other half": [o for o in counted if not o.question.tuning],
    }
    figures = {
        "answer cites the clause": lambda o: o.reached,
        "answer rests on it first": lambda o: o.first,
        "plain search: clause first": lambda o: o.searched[:1] == (o.question.clause,),
        "plain search: in first three": lambda o: o.question.clause in o.searched,
    }
    lines = [f"{'':32}" + "".join(f"{f'{n} ({len(o)})':>20}" for n, o in halves.items())]
    for name, holds in figures.items():
        shares = [sum(map(holds, found)) / (len(found) or 1) for found in halves.values()]
        lines.append(f"{name:32}" + "".join(f"{share:20.1%}" for share in shares))
    if misses:
        lines += [
            f"{o.question.provision}  {o.question.text}  [{o.status} {o.intent}]  {o.cited[:2]}"
            for o in halves["tuning half"]
            if not o.reached
        ]
    return "\n".join(lines)


def reach(app: App, outcomes: Sequence[Outcome]) -> str:
    """How many provisions stand in the answer to their own question, and in any answer at all."""
    shown = frozenset[tuple[str, str]]().union(*(outcome.quotes for outcome in outcomes))
    own = {outcome.question.provision: outcome.quotes for outcome in outcomes}
    everything = [
        (entry.provision.id, (entry.provision.clause, entry.provision.quote))
        for document in app.library.documents()
        for entry in (app.library.document(document.id) or (None, ()))[1]
    ]
    asked = sum(quote in own.get(name, ()) for name, quote in everything)
    any_answer = sum(quote in shown for _, quote in everything)
    return (
        f"provisions in the answer to their own question: {asked} of {len(everything)};"
        f" in any answer: {any_answer}"
    )


def records_table(app: App, outcomes: Sequence[Outcome]) -> str:
    """Each of the analyst's records: which provisions express it, and whether a question in
    everyday words is answered from the clause of one of them. Markdown."""
    reached = {o.question.provision for o in outcomes if o.reached}
    expressed: dict[str, list[str]] = {}
    for document in app.library.documents():
        found = app.library.document(document.id)
        for entry in found[1] if found else ():
            for record in entry.provision.records:
                expressed.setdefault(record, []).append(entry.provision.id)
    answered = sum(any(p in reached for p in provisions) for provisions in expressed.values())
    rows = [
        f"| {record} | {'yes' if any(p in reached for p in provisions) else 'no'} "
        f"| {' '.join(provisions)} |"
        for record, provisions in sorted(expressed.items())
    ]
    share = answered / len(expressed)
    head = [
        f"{len(expressed)} records are expressed; {answered} of them ({share:.1%}) are also reached"
        " by their question.",
        "",
        "| record | reached | provisions |",
        "| --- | --- | --- |",
    ]
    return "\n".join([*head, *rows])
