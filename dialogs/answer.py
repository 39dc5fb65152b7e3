"""An answer from provisions: conclusion first, then conditions, money, office, standing.

Nothing here knows a question: every policy sentence is a provision's own `says`, a fact of the
document's head, or a statement that the document is silent, and each carries its clause.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from dialogs.conditions import describe, explain
from dialogs.gaps import Gap
from dialogs.giving import gives, sends_elsewhere, unspecified
from dialogs.reading import says
from dialogs.reply import Block, BlockKind, Citation, Reply, Statement, Status
from dialogs.select import Ask, is_money, words_of
from dialogs.standings import repealed_by_now, standing_sentence
from dialogs.wording import listed, say, say_in, spoken_date
from knowledge.library import Entry, Library
from knowledge.rules import Determination, determine
from knowledge.schema import Amount, Document, Silence
from knowledge.standing import Standing, applies, standing
from knowledge.vocabulary import Vocabulary
from nlu.understanding import Aspect

_WHERE = frozenset[Aspect](("office", "procedure"))
_MOST_SILENCES = 2
# A silence is named by a question that shares so many words with it.
_NAMED = 3
# A clause's first sentence is often its own heading; a quotation shows more than that.
_HEADING = 22
# Too general to send anybody to.
_NOWHERE = frozenset(("各地", "各区", "各县区"))
_UNWRITTEN = re.compile("(?:文件|报道)没写")
# A source not looked at for this long gets a warning.
_OVERDUE = dt.timedelta(days=365)


@dataclass
class Composer:
    """Builds one reply. Collects blocks and, with every clause it leans on, the citations."""

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

    # --- parts ---------------------------------------------------------------------------------

    def provisions(self, ask: Ask, entries: Sequence[Entry], gap: Gap | None = None) -> bool:
        """The whole answer from `entries` (best first). False when something asked is not given.

        `gap` is what the question is about and the document does not give: that is said first.
        """
        first, rest = entries[0], entries[1:]
        self.conclusion(ask, first, gap)
        newer = self.newer_rules(first)
        for entry in (one for one in rest if one not in newer):
            key = "detail.also_then" if self._is_repealed(entry) else "detail.also"
            text = say_in(entry.document, key, says=entry.provision.says)
            self.add("detail", Statement(text, self.cite_entry(entry)))
        self.conditions(ask, first)
        complete = self.amounts(ask, entries)
        complete &= self.office(ask, entries)
        unsaid = gap is not None or self.silences(ask, entries)
        if ask.aspects & _WHERE:
            key = "office.hotline_alone" if unsaid else "office.hotline"
            self.add("advice", Statement(say(key)))
        complete &= not unsaid
        self.standings(entries)
        return complete and gap is None and not unspecified(first.provision)

    def gap(self, gap: Gap, asked: str) -> None:
        """That the document of the area `asked` does not give something, and nothing near it."""
        found = self.library.document(gap.document.id)
        self.add("conclusion", self._silence(gap.document, gap.silence))
        self.add("advice", Statement(say("region.ask_local", asked=asked)))
        self.standings(found[1][:1] if found else ())

    def newer_rules(self, entry: Entry) -> list[Entry]:
        """What the clause itself says of the day asked about: from 2022 on, other rules hold."""
        newer = {
            one.provision.id: one
            for topic in entry.provision.topics
            for one in self.library.provisions(topic, [entry.document.region])
            if one.provision.clause == entry.provision.clause
            and one.provision.id != entry.provision.id
            and sends_elsewhere(one.provision)
            and applies(one.provision, self.as_of)
        }
        for one in newer.values():
            self.add("conclusion", Statement(one.provision.says, self.cite_entry(one)))
        return list(newer.values())

    def worth(self, ask: Ask, entries: Sequence[Entry]) -> None:
        """Nothing but what the documents of `entries` are worth."""
        for entry in entries:
            clause = self.cite_entry(entry)
            asked = replace(ask, aspects=frozenset(("validity",)))
            openers = [Statement(text, clause) for text in self._openers(asked, entry)]
            if openers:
                self.add("conclusion", *openers)
        self.standings(entries)

    def conclusion(self, ask: Ask, entry: Entry, gap: Gap | None = None) -> None:
        clause = self.cite_entry(entry)
        openers = [Statement(text, clause) for text in self._openers(ask, entry, gap)]
        if gap is not None:
            openers.append(self._silence(gap.document, gap.silence))
        elif "amount" in ask.aspects and not any(is_money(a) for a in entry.provision.amounts):
            openers += self.silent_on(ask, entry.document, "amount")[:1]
        text = entry.provision.says
        if self._is_repealed(entry):
            # Told as what was, and of what: it must not be read as given now.
            topic = self.words.topics[entry.provision.topics[0]].label
            text = say("opener.then", topic=topic, says=text)
        self.add("conclusion", *openers, Statement(text, clause))

    def _is_repealed(self, entry: Entry) -> bool:
        """Whether it is told as what was: on a day before, what it said is told as it stands."""
        if repealed_by_now(entry.document, self.as_of, self.today):
            return False
        return standing(entry.document, self.as_of) is Standing.REPEALED

    def _openers(self, ask: Ask, entry: Entry, gap: Gap | None = None) -> list[str]:
        provision = entry.provision
        openers = []
        worth = standing(entry.document, self.as_of)
        if repealed_by_now(entry.document, self.as_of, self.today):
            openers.append(say("opener.repealed_by_now", date=spoken_date(self.as_of)))
        elif "validity" in ask.aspects or worth is Standing.REPEALED:
            short = {
                Standing.REPEALED: "opener.repealed",
                Standing.NEWS_REPORT: "opener.news",
                Standing.TARGET_PERIOD_ENDED: "opener.ended",
            }.get(worth)
            openers += [say(short)] if short else []
        if gap is not None:
            return openers
        if "obligation" in ask.aspects:
            strength = self.words.strength_of(provision.strength)
            if strength is not None:
                binding = strength.binding.format(verb=provision.strength)
                openers.append(say("opener.obligation", binding=binding))
        if "everyone" in ask.aspects:
            limited = provision.when is not None or provision.groups or provision.occupations
            if limited:
                openers.append(say("opener.everyone_limited"))
        if "amount" in ask.aspects:
            money = [amount for amount in provision.amounts if is_money(amount)]
            free = says("free", ask.text)
            asked = set(ask.text)
            nearest = sorted(
                money,
                key=lambda one: (not (free and one.state == "free"), -len(asked & set(one.of))),
            )
            openers += [self._amount_opener(amount, entry) for amount in nearest[:1]]
        return openers

    def _amount_opener(self, amount: Amount, entry: Entry) -> str:
        limited = entry.provision.when is not None or entry.provision.groups
        state = "free_for_some" if amount.state == "free" and limited else amount.state
        return say_in(entry.document, f"opener.amount_{state}", of=amount.of, text=amount.text)

    def conditions(self, ask: Ask, entry: Entry) -> None:
        provision = entry.provision
        if provision.when is None:
            return
        clause = self.cite_entry(entry)
        determination = determine(provision, ask.facts, self.words)
        self.open_facts = determination.missing
        self.explained(determination)
        if any(step.truth.value != "unknown" for step in determination.steps):
            statements = []
            for text, clauses in explain(determination, self.words):
                statements.append(Statement(text, clauses))
            for step in determination.steps:
                self.cite(entry.document, step.clause, step.quote, entry.clause.heading)
        else:
            statements = [Statement(describe(provision.when, self.words) + "。", clause)]
        self.add("conditions", *statements, heading=say("conditions.heading"))

    def amounts(self, ask: Ask, entries: Sequence[Entry]) -> bool:
        """The sums, and that one is not given unless that is said already; asked for none, only
        what the first of `entries` has."""
        statements: list[Statement] = []
        given = False
        money = "amount" in ask.aspects
        for entry in entries if money else entries[:1]:
            for amount in filter(is_money, entry.provision.amounts):
                given |= amount.state in ("given", "free")
                if amount.state == "not_given" and (entry is not entries[0] or self._said_silent()):
                    continue
                text = say_in(
                    entry.document, f"amount.{amount.state}", of=amount.of, text=amount.text
                )
                if not any(s.text == text for s in statements):
                    statements.append(Statement(text, self.cite_entry(entry)))
        if money and not statements and not self._said_silent():
            text = say_in(entries[0].document, "opener.amount_silent")
            statements = [Statement(text, self.cite_entry(entries[0]))]
        self.add("amount", *statements, heading=say("amount.heading"))
        return given or not money

    def _said_silent(self) -> bool:
        """Whether the conclusion already says what the document does not give."""
        last = next(block for block in reversed(self.blocks) if block.kind == "conclusion")
        return any(_UNWRITTEN.search(s.text) for s in last.statements)

    def office(self, ask: Ask, entries: Sequence[Entry]) -> bool:
        """Who takes applications and who leads, as the documents name them; asked for nobody, those
        of the first of `entries`. False when they were asked for and nobody is named."""
        wanted = bool(ask.aspects & _WHERE)
        statements: list[Statement] = []
        for key in ("accepts", "lead"):
            names: dict[str, None] = {}
            clauses: dict[str, None] = {}
            for entry in entries if wanted else entries[:1]:
                agencies = entry.provision.agencies
                named = [] if agencies is None else getattr(agencies, key)
                if fresh := [name for name in named if name not in _NOWHERE and name not in names]:
                    names |= dict.fromkeys(fresh)
                    clauses |= dict.fromkeys(self._cite_agencies(entry))
            if names:
                text = say_in(entries[0].document, f"office.{key}", names=listed(list(names)))
                statements.append(Statement(text, tuple(clauses)))
        self.add("office", *statements, heading=say("office.heading"))
        return bool(statements) or not wanted

    def _cite_agencies(self, entry: Entry) -> tuple[str, ...]:
        agencies = entry.provision.agencies
        where = agencies.clause if agencies is not None else None
        return self.cite(
            entry.document,
            where or entry.provision.clause,
            self._naming(entry, where),
            entry.clause.heading,
        )

    @staticmethod
    def _naming(entry: Entry, clause: str | None) -> str:
        """The words to quote for an office: the provision's own, unless it stands elsewhere."""
        if clause is None or clause == entry.provision.clause:
            return entry.provision.quote
        agencies = entry.provision.agencies
        assert agencies is not None  # noqa: S101 - asked only of a provision that names agencies
        return next(iter([*agencies.accepts, *agencies.lead, *agencies.support]))

    def silences(self, ask: Ask, entries: Sequence[Entry]) -> bool:
        """What was asked and the documents do not give. Whether there is any."""
        said = {statement for block in self.blocks for statement in block.statements}
        missing = []
        for document in _documents(entries):
            for aspect in sorted(ask.aspects):
                if not gives(entries, aspect):
                    missing += self.silent_on(ask, document, aspect)
            missing += self.silent_in_words(ask, document)
        fresh = [s for s in dict.fromkeys(missing) if s not in said]
        self.add("silence", *fresh[:_MOST_SILENCES])
        return bool(missing)

    def silent_on(self, ask: Ask, document: Document, aspect: Aspect) -> list[Statement]:
        """The document's declared silences about what is asked, the nearest first; one alone where
        the question shares words with none."""
        found = sorted(
            (-len(ask.words & words_of(silence.says)), index, silence)
            for index, silence in enumerate(document.silent_on)
            if silence.topic in ask.topics and aspect in silence.aspects
        )
        bearing = [silence for shared, _, silence in found if shared]
        return [
            self._silence(document, silence)
            for silence in bearing or [silence for _, _, silence in found[:1]]
        ]

    def silent_in_words(self, ask: Ask, document: Document) -> list[Statement]:
        """The declared silences that the question names in so many words (每次还是每月)."""
        return [
            self._silence(document, silence)
            for silence in document.silent_on
            if silence.topic in ask.topics and len(ask.words & words_of(silence.says)) >= _NAMED
        ]

    def _silence(self, document: Document, silence: Silence) -> Statement:
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

    # --- done ----------------------------------------------------------------------------------

    def reply(self, status: Status, **more: object) -> Reply:
        return Reply(
            status=status,
            blocks=tuple(self.blocks),
            citations=tuple(self.citations.values()),
            open_facts=self.open_facts,
            trace=tuple(self.trace),
            **more,  # type: ignore[arg-type]
        )


def _documents(entries: Sequence[Entry]) -> list[Document]:
    return list({entry.document.id: entry.document for entry in entries}.values())


def _first_of_each_document(entries: Sequence[Entry]) -> list[Entry]:
    first: dict[str, Entry] = {}
    for entry in entries:
        first.setdefault(entry.document.id, entry)
    return list(first.values())
