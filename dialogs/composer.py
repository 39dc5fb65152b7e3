"""One reply in the making: its blocks and, with every clause it leans on, the citations.

What is said of provisions is put together by `dialogs/answer.py`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from dialogs.conditions import describe
from dialogs.reply import Block, BlockKind, Citation, Reply, Statement, Status
from dialogs.standings import standing_sentence
from dialogs.wording import say, say_in, spoken_date
from knowledge.library import Entry, Library
from knowledge.rules import Determination
from knowledge.schema import Document, Silence
from knowledge.standing import Standing, standing
from knowledge.vocabulary import Vocabulary

# A clause's first sentence is often its own heading; a quotation shows more than that.
_HEADING = 22
# A source not looked at for this long gets a warning.
_OVERDUE = dt.timedelta(days=365)


@dataclass
class Composer:
    """Collects what one reply says and the clauses that it rests on."""

    words: Vocabulary
    library: Library
    as_of: dt.date
    today: dt.date
    blocks: list[Block] = field(default_factory=list)
    citations: dict[tuple[str, str], Citation] = field(default_factory=dict)
    open_facts: tuple[str, ...] = ()
    trace: list[str] = field(default_factory=list)

    def add(self, kind: BlockKind, *statements: Statement, heading: str | None = None) -> None:
        if statements:
            self.blocks.append(Block(kind, statements, heading))

    def talk(self, text: str) -> None:
        self.add("talk", Statement(text))

    def cite(
        self, document: Document, clause: str, quote: str, heading: str = ""
    ) -> tuple[str, ...]:
        """Record a citation; returns the clause id as a statement takes it."""
        key = (clause, quote)
        if key not in self.citations:
            self.citations[key] = Citation(
                clause=clause,
                document=document.name,
                document_id=document.id,
                doc_no=document.doc_no,
                heading=heading,
                quote=quote,
                standing=standing(document, self.as_of),
            )
        return (clause,)

    def explained(self, determination: Determination) -> None:
        """Keep for /why how a provision's conditions were decided, a line each."""
        self.trace.append(say("why.provision", says=determination.provision.says))
        for step in determination.steps:
            text = describe(step.condition, self.words)
            truth = say(f"why.{step.truth.value}")
            self.trace.append(say("why.step", text=text, truth=truth, clause=step.clause))

    def cite_entry(self, entry: Entry) -> tuple[str, ...]:
        return self.cite(
            entry.document, entry.provision.clause, entry.provision.quote, entry.clause.heading
        )

    def standings(self, entries: Sequence[Entry]) -> None:
        """What each document is worth; documents of which the same is true share a sentence."""
        alike: dict[str, list[Entry]] = {}
        for entry in _first_of_each_document(entries):
            alike.setdefault(standing_sentence([entry.document], self.as_of), []).append(entry)
        statements = [self.standing(group, named=len(alike) > 1) for group in alike.values()]
        if self.as_of != self.today:
            text = say("standing.as_of", date=spoken_date(self.as_of))
            statements.append(Statement(text, statements[0].clauses))
        self.add("standing", *statements, heading=say("standing.heading"))

    def standing(self, entries: Sequence[Entry], *, named: bool) -> Statement:
        """One sentence on documents of equal standing, resting on the clauses that show it."""
        documents = [entry.document for entry in entries]
        clauses = dict.fromkeys(clause for entry in entries for clause in self._shown_by(entry))
        names = "".join(f"《{one.name}》" for one in documents) if named else ""
        text = standing_sentence(documents, self.as_of, names)
        verified = min(document.last_verified_on for document in documents)
        if self.today - verified > _OVERDUE:
            text += say("standing.overdue", verified=spoken_date(verified))
        return Statement(text, tuple(clauses))

    def _shown_by(self, entry: Entry) -> tuple[str, ...]:
        document = entry.document
        worth = standing(document, self.as_of)
        if worth is Standing.REPEALED and document.repeal is not None:
            return self.cite(document, document.repeal.clause, document.repeal.quote)
        if worth is Standing.TARGET_PERIOD_ENDED and document.plan_period is not None:
            period = document.plan_period
            # Years of another plan stand in the notice of the collection.
            of = self.library.clause(period.clause)
            shown = self.cite(of[1] if of else document, period.clause, period.quote)
            return tuple(dict.fromkeys((*shown, *self.cite_entry(entry))))
        return self.cite_entry(entry)

    def silence(self, document: Document, silence: Silence) -> Statement:
        """That the document does not give something, with the clause where it would stand."""
        text = say_in(document, "detail.silence", says=silence.says)
        if any(citation.clause == silence.clause for citation in self.citations.values()):
            return Statement(text, (silence.clause,))
        found = self.library.clause(silence.clause)
        if found is None:
            return Statement(text)
        clause = found[0]
        sentences = re.split("[。；]", clause.text)
        quote = next((one for one in sentences if len(one) > _HEADING), clause.text)
        return Statement(text, self.cite(document, clause.id, quote, clause.heading))

    def reply(self, status: Status, **more: object) -> Reply:
        return Reply(
            status=status,
            blocks=tuple(self.blocks),
            citations=tuple(self.citations.values()),
            open_facts=self.open_facts,
            trace=tuple(self.trace),
            **more,  # type: ignore[arg-type]
        )


def _first_of_each_document(entries: Sequence[Entry]) -> list[Entry]:
    first: dict[str, Entry] = {}
    for entry in entries:
        first.setdefault(entry.document.id, entry)
    return list(first.values())
