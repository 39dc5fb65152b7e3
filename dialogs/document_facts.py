"""What a document's head says of it: number, issuers, date, name, kind, whether it still counts.

Each fact is a statement that rests on the clause whose words bear it. What the source does not give
is said not to be there; a number that the text quotes of another document is never its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from dialogs.composer import Composer
from dialogs.reply import Statement
from dialogs.standings import repealed_by_now
from dialogs.wording import listed, say, spoken_date
from knowledge.library import Entry
from knowledge.schema import Clause, Document
from knowledge.standing import Standing, standing

# A clause that bears no fact of the head is shown by its beginning.
_SHOWN = 60
_NUMBER = re.compile("[\u4e00-\u9fff]+〔[0-9]{4}〕[0-9]+号")


@dataclass(frozen=True)
class Facts:
    """The head of one document, as statements of `composer`."""

    composer: Composer
    document: Document

    def of(self, kind: str) -> list[Statement]:
        """What is asked for under `kind` (the keys of `about_document.yaml`)."""
        facts: dict[str, Callable[[], Iterator[Statement]]] = {
            "basis": self._basis,
            "number": self._number,
            "issuer": self._issuer,
            "date": self._date,
            "start": self._start,
            "successor": self._successor,
            "name": self._name,
            "kind": self._kind,
            "repeal": self._repeal,
            "expiry": self._expiry,
            "validity": self._validity,
        }
        if self.is_report and kind != "name":
            return [Statement(say(f"about.{kind}.report"), self.head())]
        return list(facts[kind]())

    def in_short(self, kind: str) -> list[Statement]:
        """The same in one statement, to stand in a list of documents."""
        if kind == "issuer" and len(self.document.issuers) > 1:
            return [Statement(say("about.issuer.one", issuers=self.by()), self.head())]
        return self.of(kind)[:1]

    @property
    def is_report(self) -> bool:
        """Whether the document is a news report."""
        return self.document.form == "news_report"

    def entries(self) -> list[Entry]:
        """One provision, of the head if it can be, on which the document's standing rests."""
        found = self.composer.library.document(self.document.id)
        head = self._found(self.document.issuers)
        entries = found[1] if found else []
        of_head = [one for one in entries if head and one.provision.clause == head[1].id]
        return (of_head or entries)[:1]

    def issued(self) -> str:
        """The sentence that says when it was issued, or that it is not known."""
        day = self.document.issued_on
        return (
            say("standing.issued", date=spoken_date(day)) if day else say("standing.issued_unknown")
        )

    def by(self) -> str:
        """Who issued it, in a few words."""
        first, *others = self.document.issuers
        return say("about.by_several", first=first) if others else first

    def head(self) -> tuple[str, ...]:
        """The clause where the document says who issued it and when, else its first one."""
        return self._bearing(self.document.issuers) or self._day() or self._beginning()

    # --- the facts -----------------------------------------------------------------------------

    def _basis(self) -> Iterator[Statement]:
        basis = self.document.basis
        if not basis:
            yield Statement(say("about.basis.none"), self.head())
            return
        numbers = [number for one in basis for number in _NUMBER.findall(one)]
        clauses = self._bearing(numbers) or self.head()
        yield Statement(say("about.basis.given", basis=listed(basis)), clauses)

    def _number(self) -> Iterator[Statement]:
        document = self.document
        if document.doc_no is not None:
            clauses = self._bearing([document.doc_no]) or self.head()
            yield Statement(say("about.number.given", doc_no=document.doc_no), clauses)
            return
        yield Statement(say("about.number.none"), self.head())
        if document.issued_on is not None:
            date, title = spoken_date(document.issued_on), document.title
            if document.titled_by is not None:
                title = document.titled_by.quote
            text = say("about.number.instead", by=self.by(), date=date, title=title)
            yield Statement(text, self.head())

    def _issuer(self) -> Iterator[Statement]:
        issuers = self.document.issuers
        key = "many" if len(issuers) > 1 else "one"
        yield Statement(say(f"about.issuer.{key}", issuers=listed(issuers)), self.head())

    def _date(self) -> Iterator[Statement]:
        issued, published = self.document.issued_on, self.document.published_on
        if issued is None:
            yield Statement(say("about.date.none"), self.head())
            return
        yield Statement(say("about.date.given", date=spoken_date(issued)), self._day())
        if published is not None and (clauses := self._bearing([published.isoformat()])):
            text = say("about.date.published", published=spoken_date(published))
            yield Statement(text, clauses)

    def _start(self) -> Iterator[Statement]:
        effective = self.document.effective_on
        if effective is None:
            yield Statement(say("about.start.none", issued=self.issued()), self.head())
        else:
            text = say("about.start.given", date=spoken_date(effective))
            yield Statement(text, self._bearing([spoken_date(effective)]) or self.head())

    def _name(self) -> Iterator[Statement]:
        document = self.document
        if (words := document.titled_by) is not None:
            clauses = self.composer.cite(document, words.clause, words.quote)
            yield Statement(say("about.name.untitled", words=words.quote), clauses)
            return
        inner = re.findall("《(.+)》", document.title)
        clauses = self._bearing([document.title]) or self._bearing(inner[:1]) or self._beginning()
        yield Statement(say("about.name.given", title=document.title), clauses)
        if document.part_of and (whole := self.composer.library.document(document.part_of)):
            yield Statement(say("about.name.part", title=whole[0].name), clauses)

    def _kind(self) -> Iterator[Statement]:
        area = self.composer.words.regions[self.document.region].label[-1]
        level = say("about.kind.level", area=area)
        yield Statement(say("about.kind.document", level=level, by=self.by()), self.head())

    def _repeal(self) -> Iterator[Statement]:
        repeal = self.document.repeal
        if repeal is None:
            verified = spoken_date(self.document.last_verified_on)
            yield Statement(say("about.repeal.in_force", verified=verified), self.head())
        elif repeal.on is None:
            yield Statement(say("about.repeal.repealed"), self._repealed())
        else:
            text = say("about.repeal.repealed_dated", on=spoken_date(repeal.on))
            yield Statement(text, self._repealed())

    def _successor(self) -> Iterator[Statement]:
        if self.document.repeal is not None:
            yield Statement(say("about.successor.repealed"), self._repealed())
        else:
            verified = spoken_date(self.document.last_verified_on)
            yield Statement(say("about.successor.in_force", verified=verified), self.head())

    def _expiry(self) -> Iterator[Statement]:
        document, period = self.document, self.document.plan_period
        if document.repeal is not None:
            yield Statement(say("about.expiry.repealed"), self._repealed())
        elif document.expires_on is not None:
            expires = spoken_date(document.expires_on)
            clauses = self._bearing([expires]) or self.head()
            yield Statement(say("about.expiry.dated", expires=expires), clauses)
        elif period is None:
            yield Statement(say("about.expiry.none"), self.head())
        elif period.of is not None:
            yield Statement(say("about.expiry.another"), self.head())
        else:
            clauses = self.composer.cite(document, period.clause, period.quote)
            until = f"{period.until.year}年"
            yield Statement(say("about.expiry.until", until=until), clauses)

    def _validity(self) -> Iterator[Statement]:
        day = self.composer.as_of
        worth = standing(self.document, day)
        clauses = self._repealed() if worth is Standing.REPEALED else self.head()
        if repealed_by_now(self.document, day, self.composer.today):
            yield Statement(say("about.validity.unsaid", date=spoken_date(day)), clauses)
        else:
            yield Statement(say(f"about.validity.{worth.value}"), clauses)

    # --- the clauses that bear them ------------------------------------------------------------

    def _repealed(self) -> tuple[str, ...]:
        repeal = self.document.repeal
        assert repeal is not None  # noqa: S101 - only asked of what is repealed
        return self.composer.cite(self.document, repeal.clause, repeal.quote)

    def _day(self) -> tuple[str, ...]:
        day = self.document.issued_on
        if day is None:
            return ()
        return self._bearing([spoken_date(day)]) or self._bearing([day.isoformat()])

    def _clauses(self) -> Iterator[tuple[Document, Clause]]:
        """The document's clauses, then those of the notice that it was issued with."""
        for document_id in (self.document.id, self.document.part_of):
            found = self.composer.library.document(document_id) if document_id else None
            if found is not None:
                yield from ((found[0], clause) for clause in found[2])

    def _found(self, words: Sequence[str]) -> tuple[Document, Clause, str] | None:
        """The clause that holds all of `words`, and its text from the first of them to the last."""
        for document, clause in self._clauses() if words else ():
            if all(one in clause.text for one in words):
                start = min(clause.text.index(one) for one in words)
                end = max(clause.text.index(one) + len(one) for one in words)
                return document, clause, clause.text[start:end]
        return None

    def _bearing(self, words: Sequence[str]) -> tuple[str, ...]:
        """The clause that holds all of `words`, cited; none where no clause does."""
        found = self._found(words)
        if found is None:
            return ()
        document, clause, quote = found
        return self.composer.cite(document, clause.id, quote, clause.heading)

    def _beginning(self) -> tuple[str, ...]:
        document, clause = next(self._clauses())
        quote = re.split("[。；]", clause.text)[0][:_SHOWN]
        return self.composer.cite(document, clause.id, quote, clause.heading)
