"""What one document's fields must be, seen together: is it true to its own clauses?

Each check yields `Problem`s with file, line, what is wrong and how to mend it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from knowledge.loader import LoadedDocument
from knowledge.numbers import figures_in, numbers_in
from knowledge.schema import Agencies, Amount, Condition, Provision
from knowledge.strength import phrase_of, verbs_of, weakest_hedge
from knowledge.strict_yaml import Location, Problem
from knowledge.vocabulary import Vocabulary

_EARLIEST = dt.date(1990, 1, 1)


class DocumentLint:
    """The checks of one document; `run` yields what is wrong with it."""

    def __init__(self, doc: LoadedDocument, words: Vocabulary) -> None:
        self.doc = doc
        self.words = words

    def problem(self, at: Location, message: str, mend: str) -> Problem:
        return self.doc.source.problem(at, message, mend)

    def run(self) -> Iterator[Problem]:
        yield from self.head()
        yield from self.clause_ids()
        yield from self.coverage()
        for i, provision in enumerate(self.doc.document.provisions):
            yield from self.provision(provision, ("provisions", i))

    # --- the document's head -------------------------------------------------------------------

    def head(self) -> Iterator[Problem]:
        document = self.doc.document
        if document.region not in self.words.regions:
            yield self.problem(
                ("region",), f"unknown region {document.region}", "add it to regions.yaml"
            )
        if document.programme is not None and document.programme not in self.words.topics:
            yield self.problem(
                ("programme",), f"unknown topic {document.programme}", "use one of topics.yaml"
            )
        yield from self.dates()
        if (period := document.plan_period) is not None:
            yield from self.quoted(period.clause, period.quote, ("plan_period",), own=False)
            if period.of is not None and period.of not in period.quote:
                yield self.problem(
                    ("plan_period", "of"),
                    f"{period.of} is not in the quote",
                    "widen the quote until it names the plan whose years they are",
                )
        if (words := document.titled_by) is not None:
            yield from self.quoted(words.clause, words.quote, ("titled_by",))
        if document.repeal is not None:
            yield from self.quoted(document.repeal.clause, document.repeal.quote, ("repeal",))
        for i, silence in enumerate(document.silent_on):
            at = ("silent_on", i)
            if silence.topic not in self.words.topics:
                yield self.problem(at, f"unknown topic {silence.topic}", "use one of topics.yaml")
            if silence.clause not in self.doc.clauses:
                yield self.problem(
                    at, f"unknown clause {silence.clause}", "name a clause of this document"
                )
            known = {provision.id for provision in document.provisions}
            for j, near in enumerate(silence.near):
                if near not in known:
                    yield self.problem(
                        (*at, "near", j),
                        f"unknown provision {near}",
                        "name a provision of this document",
                    )

    def dates(self) -> Iterator[Problem]:
        document = self.doc.document
        period = document.plan_period
        dates = {
            "issued_on": document.issued_on,
            "published_on": document.published_on,
            "effective_on": document.effective_on,
            "expires_on": document.expires_on,
            "last_verified_on": document.last_verified_on,
        }
        for key, value in dates.items():
            if value is not None and value < _EARLIEST:
                yield self.problem(
                    (key,), f"{key} {value} is before {_EARLIEST}", "correct the date"
                )

        def order(
            first: str, a: dt.date | None, second: str, b: dt.date | None
        ) -> Iterator[Problem]:
            if a is not None and b is not None and a > b:
                yield self.problem(
                    tuple(second.split(".")),
                    f"{second} {b} is before {first} {a}",
                    "correct one of the two dates",
                )

        issued = document.issued_on
        yield from order("issued_on", issued, "published_on", document.published_on)
        yield from order("issued_on", issued, "expires_on", document.expires_on)
        yield from order("effective_on", document.effective_on, "expires_on", document.expires_on)
        verified = document.last_verified_on
        yield from order("issued_on", issued, "last_verified_on", verified)
        yield from order("published_on", document.published_on, "last_verified_on", verified)
        if period is not None:
            yield from order("plan_period.since", period.since, "plan_period.until", period.until)
            yield from order("issued_on", issued, "plan_period.until", period.until)
        if document.repeal is not None:
            yield from order("issued_on", issued, "repeal.on", document.repeal.on)
        if document.form == "news_report" and document.repeal is not None:
            yield self.problem(("repeal",), "a news report cannot be repealed", "remove repeal")
        if document.form == "news_report" and document.doc_no is not None:
            yield self.problem(("doc_no",), "a news report has no 文号", "set doc_no to null")

    def clause_ids(self) -> Iterator[Problem]:
        start = f"{self.doc.document.id}/"
        for i, clause_id in enumerate(self.doc.clauses):
            if not clause_id.startswith(start):
                yield self.doc.clause_source.problem(
                    (i, "id"),
                    f"clause id {clause_id} does not start with its document",
                    f"write {start}<number>",
                )

    # --- every clause accounted for ------------------------------------------------------------

    def coverage(self) -> Iterator[Problem]:
        document = self.doc.document
        structured = {provision.clause for provision in document.provisions}
        for clause_id in self.doc.clauses:
            if clause_id not in structured and clause_id not in document.prose:
                yield self.problem(
                    ("provisions",),
                    f"clause {clause_id} has no provision and is not listed as prose",
                    "add its provisions, or a reason under prose",
                )
        for clause_id in document.prose:
            at = ("prose", clause_id)
            if clause_id not in self.doc.clauses:
                yield self.problem(
                    at, f"unknown clause {clause_id}", "name a clause of this document"
                )
            elif clause_id in structured:
                yield self.problem(
                    at,
                    f"clause {clause_id} has provisions and is listed as prose",
                    "keep one of the two",
                )

    # --- one provision -------------------------------------------------------------------------

    def provision(self, provision: Provision, at: Location) -> Iterator[Problem]:
        clause = self.doc.clauses.get(provision.clause)
        yield from self.quoted(provision.clause, provision.quote, at)
        if clause is not None and clause.text.count(provision.quote) > 1:
            yield self.problem(
                (*at, "quote"),
                f"quote stands more than once in {provision.clause}: {provision.quote}",
                "widen it until it stands there once",
            )
        if not provision.id.startswith(f"{provision.clause}#"):
            yield self.problem(
                (*at, "id"),
                f"provision id {provision.id} does not start with its clause",
                f"write {provision.clause}#<slug>",
            )
        yield from self.known(provision, at)
        if provision.agencies is not None:
            yield from self.agencies(provision, provision.agencies, (*at, "agencies"))
        for i, amount in enumerate(provision.amounts):
            yield from self.amount(provision, amount, (*at, "amounts", i))
        if provision.when is not None:
            yield from self.condition(provision, provision.when, (*at, "when"))
        if (
            provision.valid_from is not None
            and provision.valid_until is not None
            and provision.valid_from > provision.valid_until
        ):
            yield self.problem(
                (*at, "valid_until"),
                "valid_until is before valid_from",
                "correct one of the two dates",
            )
        if clause is None:
            return
        yield from self.strength(provision, clause.text, at)
        if provision.kind == "target" and not self._aimed(provision):
            yield self.problem(
                (*at, "says"),
                "says tells a target as a fact",
                "say that it is a target (目标是…)",
            )
        invented = figures_in(self._without_issue_date(provision.says))
        for number in sorted(invented - set(numbers_in(clause.text))):
            yield self.problem(
                (*at, "says"),
                f"says names {number:g}, which is not in {provision.clause}",
                "use only the clause's own numbers",
            )

    def _aimed(self, provision: Provision) -> bool:
        """Whether the sentence shows that it speaks of what is to be, not of what was done."""
        declared = self.words.strength_of(provision.strength)
        return "目标" in provision.says or (declared is not None and declared.hedge)

    def _without_issue_date(self, says: str) -> str:
        day = self.doc.document.issued_on
        return says if day is None else says.replace(f"{day.year}年{day.month}月{day.day}日", "")

    def quoted(
        self, clause_id: str, quote: str, at: Location, *, own: bool = True
    ) -> Iterator[Problem]:
        clause = self.doc.clauses.get(clause_id)
        if clause is None:
            # A plan may take its years from the notice of its collection (knowledge/lint.py).
            parent = self.doc.document.part_of
            if not own and parent is not None and clause_id.startswith(f"{parent}/"):
                return
            yield self.problem(
                (*at, "clause"), f"unknown clause {clause_id}", "name a clause of this document"
            )
        elif quote not in clause.text:
            yield self.problem(
                (*at, "quote"),
                f"quote is not verbatim in {clause_id}: {quote}",
                "copy it from the clause, character by character",
            )

    def known(self, provision: Provision, at: Location) -> Iterator[Problem]:
        lists = (
            ("topics", provision.topics, self.words.topics),
            ("occupations", provision.occupations, self.words.occupations),
            ("groups", provision.groups, self.words.groups),
        )
        for key, values, allowed in lists:
            for i, value in enumerate(values):
                if value not in allowed:
                    yield self.problem(
                        (*at, key, i), f"unknown {key[:-1]} {value}", f"use one of {key}.yaml"
                    )

    def agencies(self, provision: Provision, agencies: Agencies, at: Location) -> Iterator[Problem]:
        clause_id = agencies.clause or provision.clause
        clause = self.doc.clauses.get(clause_id)
        if clause is None:
            yield self.problem(
                (*at, "clause"), f"unknown clause {clause_id}", "name a clause of this document"
            )
            return
        for key in ("lead", "support", "accepts"):
            for i, name in enumerate(getattr(agencies, key)):
                if self.words.agency_named(name) is None:
                    yield self.problem(
                        (*at, key, i), f"unknown agency {name}", "add the name to agencies.yaml"
                    )
                elif name not in clause.text:
                    yield self.problem(
                        (*at, key, i),
                        f"agency {name} is not named in {clause_id}",
                        "use the clause's own name for it",
                    )

    def amount(self, provision: Provision, amount: Amount, at: Location) -> Iterator[Problem]:
        if amount.text is None:
            return
        if amount.text not in provision.quote:
            yield self.problem(
                (*at, "text"),
                f"amount {amount.text} is not in the quote",
                "widen the quote or correct the amount",
            )
        elif amount.value is not None and float(amount.value) not in numbers_in(amount.text):
            yield self.problem(
                (*at, "value"),
                f"value {amount.value} is not the number of {amount.text}",
                "write the number that the text gives",
            )

    def strength(self, provision: Provision, text: str, at: Location) -> Iterator[Problem]:
        at = (*at, "strength")
        phrase = phrase_of(text, provision.quote)
        declared = self.words.strength_of(provision.strength)
        if declared is None:
            yield self.problem(
                at, f"unknown verb {provision.strength}", "use one of strengths.yaml"
            )
            return
        if declared.wordless:
            if provision.kind != "figure":
                yield self.problem(
                    at,
                    f"{provision.strength} is no verb, and only a figure may do without one",
                    "use the verb of the quoted phrase",
                )
                return
        elif provision.strength not in verbs_of(phrase, self.words):
            yield self.problem(
                at,
                f"the clause does not say {provision.strength} there: {phrase}",
                "use the verb of the quoted phrase",
            )
            return
        weakest = weakest_hedge(phrase, self.words)
        if weakest is not None and self.words.rank(weakest[1]) < self.words.rank(declared):
            yield self.problem(
                at,
                f"strength {provision.strength} is above the clause's verb {weakest[0]}",
                f"use {weakest[0]}, or quote only the phrase that it does not govern",
            )
        elif declared.hedge and provision.strength not in provision.says:
            yield self.problem(
                (*at[:-1], "says"),
                f"says drops the hedge {provision.strength}",
                f"say {provision.strength}, as the clause does",
            )

    def condition(self, provision: Provision, node: Condition, at: Location) -> Iterator[Problem]:
        for key, children in (("all", node.all_), ("any", node.any_)):
            for i, child in enumerate(children or ()):
                yield from self.condition(provision, child, (*at, key, i))
        if node.not_ is not None:
            yield from self.condition(provision, node.not_, (*at, "not"))
        if node.clause is not None or node.quote is not None:
            yield from self.quoted(
                node.clause or provision.clause, node.quote or provision.quote, at
            )
        if node.unspecified is not None:
            clause = self.doc.clauses.get(node.clause or provision.clause)
            if clause is not None and node.unspecified not in clause.text:
                yield self.problem(
                    (*at, "unspecified"),
                    f"{node.unspecified} is not in the clause",
                    "use the clause's own words for the condition it names",
                )
        if node.fact is not None:
            yield from self.fact(node, at)

    def fact(self, node: Condition, at: Location) -> Iterator[Problem]:
        fact = self.words.facts.get(node.fact or "")
        if fact is None:
            yield self.problem((*at, "fact"), f"unknown fact {node.fact}", "use one of facts.yaml")
            return
        allowed = {
            "choice": set(fact.options),
            "groups": set(self.words.groups),
            "occupation": set(self.words.occupations),
        }.get(fact.type)
        fits = {
            "choice": isinstance(node.is_, str) or node.in_ is not None,
            "yes_no": isinstance(node.is_, bool),
            "number": node.at_least is not None or node.at_most is not None,
            "groups": node.includes is not None,
            "occupation": isinstance(node.is_, str) or node.in_ is not None,
        }[fact.type]
        if not fits:
            yield self.problem(
                at,
                f"{fact.id} is a {fact.type} fact and is not compared like this",
                "see Condition in knowledge/schema.py",
            )
            return
        named = [
            *(node.in_ or ()),
            *([node.is_] if isinstance(node.is_, str) else ()),
            *([node.includes] if node.includes else ()),
        ]
        for value in named:
            if allowed is not None and value not in allowed:
                yield self.problem(
                    at, f"unknown value {value} of {fact.id}", "use one the vocabulary lists"
                )
