"""What one document's fields must be, seen together: is it true to its own clauses?

Each check yields `Problem`s with file, line, what is wrong and how to mend it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from knowledge.lint_provision import ProvisionLint, quoted
from knowledge.loader import LoadedDocument
from knowledge.strict_yaml import Location, Problem
from knowledge.vocabulary import Vocabulary

_EARLIEST = dt.date(1990, 1, 1)


class DocumentLint:
    """The checks of one document."""

    def __init__(self, doc: LoadedDocument, words: Vocabulary) -> None:
        self._doc = doc
        self._words = words

    def run(self) -> Iterator[Problem]:
        """What is wrong with the document and its provisions."""
        yield from self._head()
        yield from self._clause_ids()
        yield from self._coverage()
        for i, provision in enumerate(self._doc.document.provisions):
            at = ("provisions", i)
            yield from ProvisionLint(self._doc, self._words, provision, at).run()

    def _problem(self, at: Location, message: str, mend: str) -> Problem:
        return self._doc.source.problem(at, message, mend)

    def _head(self) -> Iterator[Problem]:
        document = self._doc.document
        if document.region not in self._words.regions:
            yield self._problem(
                ("region",), f"unknown region {document.region}", "add it to regions.yaml"
            )
        if document.programme is not None and document.programme not in self._words.topics:
            yield self._problem(
                ("programme",), f"unknown topic {document.programme}", "use one of topics.yaml"
            )
        yield from self._dates()
        if (period := document.plan_period) is not None:
            yield from quoted(self._doc, period.clause, period.quote, ("plan_period",), own=False)
            if period.of is not None and period.of not in period.quote:
                yield self._problem(
                    ("plan_period", "of"),
                    f"{period.of} is not in the quote",
                    "widen the quote until it names the plan whose years they are",
                )
        if (words := document.titled_by) is not None:
            yield from quoted(self._doc, words.clause, words.quote, ("titled_by",))
        if document.repeal is not None:
            yield from quoted(self._doc, document.repeal.clause, document.repeal.quote, ("repeal",))
        for i, silence in enumerate(document.silent_on):
            at = ("silent_on", i)
            if silence.topic not in self._words.topics:
                yield self._problem(at, f"unknown topic {silence.topic}", "use one of topics.yaml")
            if silence.clause not in self._doc.clauses:
                yield self._problem(
                    at, f"unknown clause {silence.clause}", "name a clause of this document"
                )
            known = {provision.id for provision in document.provisions}
            for j, near in enumerate(silence.near):
                if near not in known:
                    yield self._problem(
                        (*at, "near", j),
                        f"unknown provision {near}",
                        "name a provision of this document",
                    )

    def _dates(self) -> Iterator[Problem]:
        document = self._doc.document
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
                yield self._problem(
                    (key,), f"{key} {value} is before {_EARLIEST}", "correct the date"
                )

        def order(
            first: str, a: dt.date | None, second: str, b: dt.date | None
        ) -> Iterator[Problem]:
            if a is not None and b is not None and a > b:
                yield self._problem(
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
            yield self._problem(("repeal",), "a news report cannot be repealed", "remove repeal")
        if document.form == "news_report" and document.doc_no is not None:
            yield self._problem(("doc_no",), "a news report has no 文号", "set doc_no to null")

    def _clause_ids(self) -> Iterator[Problem]:
        start = f"{self._doc.document.id}/"
        for i, clause_id in enumerate(self._doc.clauses):
            if not clause_id.startswith(start):
                yield self._doc.clause_source.problem(
                    (i, "id"),
                    f"clause id {clause_id} does not start with its document",
                    f"write {start}<number>",
                )

    def _coverage(self) -> Iterator[Problem]:
        document = self._doc.document
        structured = {provision.clause for provision in document.provisions}
        for clause_id in self._doc.clauses:
            if clause_id not in structured and clause_id not in document.prose:
                yield self._problem(
                    ("provisions",),
                    f"clause {clause_id} has no provision and is not listed as prose",
                    "add its provisions, or a reason under prose",
                )
        for clause_id in document.prose:
            at = ("prose", clause_id)
            if clause_id not in self._doc.clauses:
                yield self._problem(
                    at, f"unknown clause {clause_id}", "name a clause of this document"
                )
            elif clause_id in structured:
                yield self._problem(
                    at,
                    f"clause {clause_id} has provisions and is listed as prose",
                    "keep one of the two",
                )
