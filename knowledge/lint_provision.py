"""What one provision must be: true to its clause, in strength, figures, agencies and conditions."""

from __future__ import annotations

from collections.abc import Iterator

from knowledge.loader import LoadedDocument
from knowledge.numbers import figures_in, numbers_in
from knowledge.schema import Agencies, Amount, Condition, Provision
from knowledge.strength import phrase_of, verbs_of, weakest_hedge
from knowledge.strict_yaml import Location, Problem
from knowledge.vocabulary import Vocabulary


def quoted(
    doc: LoadedDocument, clause_id: str, quote: str, at: Location, *, own: bool = True
) -> Iterator[Problem]:
    """Whether `quote` stands verbatim in the clause, which is the document's own (not `own`: it may
    be one of the collection that the document is a part of)."""
    clause = doc.clauses.get(clause_id)
    if clause is None:
        # A plan may take its years from the notice of its collection (knowledge/lint.py).
        parent = doc.document.part_of
        if not own and parent is not None and clause_id.startswith(f"{parent}/"):
            return
        yield doc.source.problem(
            (*at, "clause"), f"unknown clause {clause_id}", "name a clause of this document"
        )
    elif quote not in clause.text:
        yield doc.source.problem(
            (*at, "quote"),
            f"quote is not verbatim in {clause_id}: {quote}",
            "copy it from the clause, character by character",
        )


class ProvisionLint:
    """The checks of one provision, which stands `at` a place of its document."""

    def __init__(
        self, doc: LoadedDocument, words: Vocabulary, provision: Provision, at: Location
    ) -> None:
        self._doc = doc
        self._words = words
        self._provision = provision
        self._at = at

    def run(self) -> Iterator[Problem]:
        """What is wrong with the provision."""
        provision = self._provision
        clause = self._doc.clauses.get(provision.clause)
        yield from self._quoted(provision.clause, provision.quote)
        if clause is not None and clause.text.count(provision.quote) > 1:
            yield self._problem(
                ("quote",),
                f"quote stands more than once in {provision.clause}: {provision.quote}",
                "widen it until it stands there once",
            )
        if not provision.id.startswith(f"{provision.clause}#"):
            yield self._problem(
                ("id",),
                f"provision id {provision.id} does not start with its clause",
                f"write {provision.clause}#<slug>",
            )
        yield from self._known()
        if provision.agencies is not None:
            yield from self._agencies(provision.agencies, ("agencies",))
        for i, amount in enumerate(provision.amounts):
            yield from self._amount(amount, ("amounts", i))
        if provision.when is not None:
            yield from self._condition(provision.when, ("when",))
        if (
            provision.valid_from is not None
            and provision.valid_until is not None
            and provision.valid_from > provision.valid_until
        ):
            yield self._problem(
                ("valid_until",),
                "valid_until is before valid_from",
                "correct one of the two dates",
            )
        if clause is None:
            return
        yield from self._strength(clause.text)
        if provision.kind == "target" and not self._aimed():
            yield self._problem(
                ("says",),
                "says tells a target as a fact",
                "say that it is a target (目标是…)",
            )
        invented = figures_in(self._without_issue_date(provision.says))
        for number in sorted(invented - set(numbers_in(clause.text))):
            yield self._problem(
                ("says",),
                f"says names {number:g}, which is not in {provision.clause}",
                "use only the clause's own numbers",
            )

    def _problem(self, at: Location, message: str, mend: str) -> Problem:
        return self._doc.source.problem((*self._at, *at), message, mend)

    def _quoted(self, clause_id: str, quote: str, at: Location = ()) -> Iterator[Problem]:
        return quoted(self._doc, clause_id, quote, (*self._at, *at))

    def _aimed(self) -> bool:
        """Whether the sentence shows that it speaks of what is to be, not of what was done."""
        provision = self._provision
        declared = self._words.strength_of(provision.strength)
        return "目标" in provision.says or (declared is not None and declared.hedge)

    def _without_issue_date(self, says: str) -> str:
        day = self._doc.document.issued_on
        return says if day is None else says.replace(f"{day.year}年{day.month}月{day.day}日", "")

    def _known(self) -> Iterator[Problem]:
        lists = (
            ("topics", self._provision.topics, self._words.topics),
            ("occupations", self._provision.occupations, self._words.occupations),
            ("groups", self._provision.groups, self._words.groups),
        )
        for key, values, allowed in lists:
            for i, value in enumerate(values):
                if value not in allowed:
                    yield self._problem(
                        (key, i), f"unknown {key[:-1]} {value}", f"use one of {key}.yaml"
                    )

    def _agencies(self, agencies: Agencies, at: Location) -> Iterator[Problem]:
        clause_id = agencies.clause or self._provision.clause
        clause = self._doc.clauses.get(clause_id)
        if clause is None:
            yield self._problem(
                (*at, "clause"), f"unknown clause {clause_id}", "name a clause of this document"
            )
            return
        for key in ("lead", "support", "accepts"):
            for i, name in enumerate(getattr(agencies, key)):
                if self._words.agency_named(name) is None:
                    yield self._problem(
                        (*at, key, i), f"unknown agency {name}", "add the name to agencies.yaml"
                    )
                elif name not in clause.text:
                    yield self._problem(
                        (*at, key, i),
                        f"agency {name} is not named in {clause_id}",
                        "use the clause's own name for it",
                    )

    def _amount(self, amount: Amount, at: Location) -> Iterator[Problem]:
        if amount.text is None:
            return
        if amount.text not in self._provision.quote:
            yield self._problem(
                (*at, "text"),
                f"amount {amount.text} is not in the quote",
                "widen the quote or correct the amount",
            )
        elif amount.value is not None and float(amount.value) not in numbers_in(amount.text):
            yield self._problem(
                (*at, "value"),
                f"value {amount.value} is not the number of {amount.text}",
                "write the number that the text gives",
            )

    def _strength(self, text: str) -> Iterator[Problem]:
        provision, at = self._provision, ("strength",)
        phrase = phrase_of(text, provision.quote)
        declared = self._words.strength_of(provision.strength)
        if declared is None:
            yield self._problem(
                at, f"unknown verb {provision.strength}", "use one of strengths.yaml"
            )
            return
        if declared.wordless:
            if provision.kind != "figure":
                yield self._problem(
                    at,
                    f"{provision.strength} is no verb, and only a figure may do without one",
                    "use the verb of the quoted phrase",
                )
                return
        elif provision.strength not in verbs_of(phrase, self._words):
            yield self._problem(
                at,
                f"the clause does not say {provision.strength} there: {phrase}",
                "use the verb of the quoted phrase",
            )
            return
        weakest = weakest_hedge(phrase, self._words)
        if weakest is not None and self._words.rank(weakest[1]) < self._words.rank(declared):
            yield self._problem(
                at,
                f"strength {provision.strength} is above the clause's verb {weakest[0]}",
                f"use {weakest[0]}, or quote only the phrase that it does not govern",
            )
        elif declared.hedge and provision.strength not in provision.says:
            yield self._problem(
                ("says",),
                f"says drops the hedge {provision.strength}",
                f"say {provision.strength}, as the clause does",
            )

    def _condition(self, node: Condition, at: Location) -> Iterator[Problem]:
        for key, children in (("all", node.all_), ("any", node.any_)):
            for i, child in enumerate(children or ()):
                yield from self._condition(child, (*at, key, i))
        if node.not_ is not None:
            yield from self._condition(node.not_, (*at, "not"))
        if node.clause is not None or node.quote is not None:
            yield from self._quoted(
                node.clause or self._provision.clause, node.quote or self._provision.quote, at
            )
        if node.unspecified is not None:
            clause = self._doc.clauses.get(node.clause or self._provision.clause)
            if clause is not None and node.unspecified not in clause.text:
                yield self._problem(
                    (*at, "unspecified"),
                    f"{node.unspecified} is not in the clause",
                    "use the clause's own words for the condition it names",
                )
        if node.fact is not None:
            yield from self._fact(node, at)

    def _fact(self, node: Condition, at: Location) -> Iterator[Problem]:
        fact = self._words.facts.get(node.fact or "")
        if fact is None:
            yield self._problem((*at, "fact"), f"unknown fact {node.fact}", "use one of facts.yaml")
            return
        allowed = {
            "choice": set(fact.options),
            "groups": set(self._words.groups),
            "occupation": set(self._words.occupations),
        }.get(fact.type)
        fits = {
            "choice": isinstance(node.is_, str) or node.in_ is not None,
            "yes_no": isinstance(node.is_, bool),
            "number": node.at_least is not None or node.at_most is not None,
            "groups": node.includes is not None,
            "occupation": isinstance(node.is_, str) or node.in_ is not None,
        }[fact.type]
        if not fits:
            yield self._problem(
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
                yield self._problem(
                    at, f"unknown value {value} of {fact.id}", "use one the vocabulary lists"
                )
