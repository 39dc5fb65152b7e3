"""An answer from provisions: conclusion first, then conditions, money, office, standing.

Nothing here knows a question: every policy sentence is a provision's own `says`, a fact of the
document's head, or a statement that the document is silent, and each carries its clause.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dialogs.agencies import names_of
from dialogs.asking import Ask
from dialogs.composer import Composer
from dialogs.conditions import describe, explain
from dialogs.gaps import Gap
from dialogs.giving import gives, sends_elsewhere, unspecified
from dialogs.reading import says
from dialogs.reply import Statement
from dialogs.select import is_money
from dialogs.silences import silent_in_words, silent_on
from dialogs.standings import repealed_by_now
from dialogs.wording import has, listed, say, say_in, spoken_date
from knowledge.library import Entry
from knowledge.numbers import numbers_in
from knowledge.rules import determine
from knowledge.schema import Amount, Document
from knowledge.standing import Standing, applies, standing
from nlu.understanding import Aspect

_WHERE = frozenset[Aspect](("office", "procedure"))
_MOST_SILENCES = 2
# Too general to send anybody to.
_NOWHERE = frozenset(("各地", "各区", "各县区"))
_UNWRITTEN = re.compile("(?:文件|报道)没写")


def line_for(topic: str) -> str | None:
    """Whom to ring about a topic that has a line of its own."""
    return say(f"office.{topic}") if has(f"office.{topic}") else None


def answered(
    composer: Composer, ask: Ask, entries: Sequence[Entry], gap: Gap | None = None
) -> bool:
    """Put the answer from `entries` (best first) into the reply. False when something asked is not
    given.

    `gap` is what the question is about and the document does not give: that is said first.
    """
    return _Answer(composer, ask).give(entries, gap)


def unwritten(composer: Composer, gap: Gap, asked: str) -> None:
    """That the document of the area `asked` does not give something, and nothing near it."""
    found = composer.library.document(gap.document.id)
    composer.add("conclusion", composer.silence(gap.document, gap.silence))
    composer.add("advice", Statement(say("region.ask_local", asked=asked)))
    composer.standings(found[1][:1] if found else ())


def worth(composer: Composer, ask: Ask, entries: Sequence[Entry]) -> None:
    """Nothing but what the documents of `entries` are worth."""
    asked = replace(ask, aspects=frozenset[Aspect](("validity",)))
    for entry in entries:
        clause = composer.cite_entry(entry)
        openers = [Statement(text, clause) for text in _Answer(composer, asked).openers(entry)]
        composer.add("conclusion", *openers)
    composer.standings(entries)


@dataclass(frozen=True)
class _Answer:
    """The parts of one answer, put into a reply one after the other."""

    composer: Composer
    ask: Ask

    def give(self, entries: Sequence[Entry], gap: Gap | None = None) -> bool:
        first, rest = entries[0], entries[1:]
        heard = self._heard(entries)
        self.composer.add("conclusion", *heard)
        self.conclusion(first, gap)
        newer = self.newer_rules(first)
        for entry in (one for one in rest if one not in newer):
            key = "detail.also_then" if self._is_repealed(entry) else "detail.also"
            text = say_in(entry.document, key, says=entry.provision.says)
            self.composer.add("detail", Statement(text, self.composer.cite_entry(entry)))
        self.conditions(first)
        complete = self.amounts(entries)
        complete &= self.office(entries)
        unsaid = gap is not None or self.silences(entries)
        if (office := line_for(self.ask.topic)) is not None:
            self.composer.add("advice", Statement(office))
        elif gap is not None or self.ask.aspects & _WHERE:
            key = "office.hotline_alone" if unsaid else "office.hotline"
            self.composer.add("advice", Statement(say(key)))
        complete &= not unsaid
        self.composer.standings(entries)
        return complete and gap is None and not unspecified(first.provision)

    def newer_rules(self, entry: Entry) -> list[Entry]:
        """What the clause itself says of the day asked about: from 2022 on, other rules hold."""
        newer = {
            one.provision.id: one
            for topic in entry.provision.topics
            for one in self.composer.library.provisions(topic, [entry.document.region])
            if one.provision.clause == entry.provision.clause
            and one.provision.id != entry.provision.id
            and sends_elsewhere(one.provision)
            and applies(one.provision, self.composer.as_of)
        }
        for one in newer.values():
            clause = self.composer.cite_entry(one)
            self.composer.add("conclusion", Statement(one.provision.says, clause))
        return list(newer.values())

    def _heard(self, entries: Sequence[Entry]) -> list[Statement]:
        """That sums said to be given do not stand in the documents answered from."""
        if not self.ask.sums:
            return []
        documents = {entry.document.id: None for entry in entries}
        found = [self.composer.library.document(one) for one in documents]
        clauses = {one.clause.id: one.clause.text for each in found if each for one in each[1]}
        known = {number for text in clauses.values() for number in numbers_in(text)}
        unknown = [text for text, value in self.ask.sums if value not in known]
        if not unknown:
            return []
        said = say_in(entries[0].document, "opener.sum_unknown", sums="”“".join(unknown))
        return [Statement(said, self.composer.cite_entry(entries[0]))]

    def conclusion(self, entry: Entry, gap: Gap | None = None) -> None:
        clause = self.composer.cite_entry(entry)
        openers = [Statement(text, clause) for text in self.openers(entry, gap)]
        if gap is not None:
            openers.append(self.composer.silence(gap.document, gap.silence))
        elif "amount" in self.ask.aspects and not any(is_money(a) for a in entry.provision.amounts):
            openers += silent_on(self.ask, entry.document, "amount", self.composer)[:1]
        text = entry.provision.says
        if self._is_repealed(entry):
            # Told as what was, and of what: it must not be read as given now.
            topic = self.composer.words.topics[entry.provision.topics[0]].label
            text = say("opener.then", topic=topic, says=text)
        self.composer.add("conclusion", *openers, Statement(text, clause))

    def _is_repealed(self, entry: Entry) -> bool:
        """Whether it is told as what was: on a day before, what it said is told as it stands."""
        if repealed_by_now(entry.document, self.composer.as_of, self.composer.today):
            return False
        return standing(entry.document, self.composer.as_of) is Standing.REPEALED

    def openers(self, entry: Entry, gap: Gap | None = None) -> list[str]:
        provision = entry.provision
        openers = []
        worth = standing(entry.document, self.composer.as_of)
        if repealed_by_now(entry.document, self.composer.as_of, self.composer.today):
            openers.append(say("opener.repealed_by_now", date=spoken_date(self.composer.as_of)))
        elif "validity" in self.ask.aspects or worth is Standing.REPEALED:
            short = {
                Standing.REPEALED: "opener.repealed",
                Standing.NEWS_REPORT: "opener.news",
                Standing.TARGET_PERIOD_ENDED: "opener.ended",
            }.get(worth)
            openers += [say(short)] if short else []
        if gap is not None:
            return openers
        if "obligation" in self.ask.aspects:
            strength = self.composer.words.strength_of(provision.strength)
            if strength is not None:
                binding = strength.binding.format(verb=provision.strength)
                openers.append(say("opener.obligation", binding=binding))
        if "everyone" in self.ask.aspects:
            limited = provision.when is not None or provision.groups or provision.occupations
            if limited:
                openers.append(say("opener.everyone_limited"))
        if "amount" in self.ask.aspects:
            money = [amount for amount in provision.amounts if is_money(amount)]
            free = says("free", self.ask.text)
            asked = set(self.ask.text)
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

    def conditions(self, entry: Entry) -> None:
        provision = entry.provision
        if provision.when is None:
            return
        clause = self.composer.cite_entry(entry)
        determination = determine(provision, self.ask.facts, self.composer.words)
        self.composer.open_facts = determination.missing
        self.composer.explained(determination)
        if any(step.truth.value != "unknown" for step in determination.steps):
            statements = []
            for text, clauses in explain(determination, self.composer.words):
                statements.append(Statement(text, clauses))
            for step in determination.steps:
                self.composer.cite(entry.document, step.clause, step.quote, entry.clause.heading)
        else:
            statements = [Statement(describe(provision.when, self.composer.words) + "。", clause)]
        self.composer.add("conditions", *statements, heading=say("conditions.heading"))

    def amounts(self, entries: Sequence[Entry]) -> bool:
        """The sums, and that one is not given unless that is said already; asked for none, only
        what the first of `entries` has."""
        statements: list[Statement] = []
        given = False
        money = "amount" in self.ask.aspects
        for entry in entries if money else entries[:1]:
            for amount in filter(is_money, entry.provision.amounts):
                given |= amount.state in ("given", "free")
                if amount.state == "not_given" and (entry is not entries[0] or self._said_silent()):
                    continue
                text = say_in(
                    entry.document, f"amount.{amount.state}", of=amount.of, text=amount.text
                )
                if not any(s.text == text for s in statements):
                    statements.append(Statement(text, self.composer.cite_entry(entry)))
        if money and not statements and not self._said_silent():
            text = say_in(entries[0].document, "opener.amount_silent")
            statements = [Statement(text, self.composer.cite_entry(entries[0]))]
        self.composer.add("amount", *statements, heading=say("amount.heading"))
        return given or not money

    def _said_silent(self) -> bool:
        """Whether the conclusion already says what the document does not give."""
        last = next(block for block in reversed(self.composer.blocks) if block.kind == "conclusion")
        return any(_UNWRITTEN.search(s.text) for s in last.statements)

    def office(self, entries: Sequence[Entry]) -> bool:
        """Who takes applications and who leads, as the documents name them; asked for nobody, those
        of the first of `entries`. False when they were asked for and nobody is named."""
        wanted = bool(self.ask.aspects & _WHERE)
        statements = self._agencies(entries)
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
        self.composer.add("office", *statements, heading=say("office.heading"))
        return bool(statements) or not wanted

    def _agencies(self, entries: Sequence[Entry]) -> list[Statement]:
        """Whether the agencies that are asked about are among those that the documents name."""
        if not self.ask.agencies:
            return []
        words, document = self.composer.words, entries[0].document
        named = [(entry, names_of(entry, self.ask.agencies, words)) for entry in entries]
        naming = [entry for entry, names in named if names]
        if naming:
            names = dict.fromkeys(name for _, of in named for name in of)
            clauses = dict.fromkeys(c for entry in naming for c in self._cite_agencies(entry))
            return [
                Statement(
                    say_in(document, "agency.named", names=listed(list(names))), tuple(clauses)
                )
            ]
        label = listed([words.agencies[one].label for one in self.ask.agencies])
        clause = self.composer.cite_entry(entries[0])
        return [Statement(say_in(document, "agency.unnamed", label=label), clause)]

    def _cite_agencies(self, entry: Entry) -> tuple[str, ...]:
        agencies = entry.provision.agencies
        where = agencies.clause if agencies is not None else None
        return self.composer.cite(
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

    def silences(self, entries: Sequence[Entry]) -> bool:
        """What was asked and the documents do not give. Whether there is any."""
        said = {statement for block in self.composer.blocks for statement in block.statements}
        missing = []
        for document in _documents(entries):
            for aspect in sorted(self.ask.aspects):
                if not gives(entries, aspect):
                    missing += silent_on(self.ask, document, aspect, self.composer)
            missing += silent_in_words(self.ask, document, self.composer)
        fresh = [s for s in dict.fromkeys(missing) if s not in said]
        self.composer.add("silence", *fresh[:_MOST_SILENCES])
        return bool(missing)


def _documents(entries: Sequence[Entry]) -> list[Document]:
    return list({entry.document.id: entry.document for entry in entries}.values())
