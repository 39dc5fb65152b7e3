"""A conversation over the real library and model, and what every reply must hold to.

`check_reply` is the promise of the project as code: a statement about policy rests on clauses, each
clause is cited in its own words, no figure is invented, and no answer leaves a document's standing
out.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from dialogs.converse import Conversation
from dialogs.reply import POLICY_KINDS, Reply, Statement
from dialogs.text import as_text
from dialogs.wording import say
from knowledge.library import Library
from knowledge.numbers import figures_in, numbers_in
from knowledge.schema import Document
from knowledge.strict_yaml import read
from knowledge.vocabulary import Vocabulary
from nlu.engine import EmbeddedClassifier, load_or_train
from nlu.understand import Understander
from nlu.understanding import Classifier

CHINA = dt.timezone(dt.timedelta(hours=8))
NOW = dt.datetime(2026, 11, 21, 10, 0, tzinfo=CHINA)
_UNSAID = ("文件没写", "报道没写")


def open_conversation(
    library: Library,
    words: Vocabulary,
    now: Callable[[], dt.datetime] = lambda: NOW,
    engine: Classifier | None = None,
) -> Conversation:
    """The conversation as `bot.app` puts it together, with a clock of the test's own. `engine`
    stands before the embedded one."""
    understander = Understander(engine, _embedded()) if engine else _understander()
    return Conversation(library, words, understander.understand, now)


@cache
def hotlines() -> dict[str, dict[str, str]]:
    """The telephone numbers that the bot may name without a clause."""
    listed = read(Path("dialogs/hotlines.yaml")).data["hotlines"]
    return {told["number"]: told for told in listed}


@cache
def _understander() -> Understander:
    return Understander(_embedded())


@cache
def _embedded() -> EmbeddedClassifier:
    return load_or_train(Path("models"))


def check_reply(reply: Reply, library: Library, as_of: dt.date) -> int:
    """Fail unless `reply` keeps the promise; the number of policy statements it holds."""
    cited = {citation.clause for citation in reply.citations}
    for citation in reply.citations:
        found = library.clause(citation.clause)
        assert found is not None, f"no clause {citation.clause}"
        assert citation.quote in found[0].text, f"not verbatim in {citation.clause}"
    count = 0
    for kind, statement in reply.statements():
        if kind not in POLICY_KINDS:
            assert not statement.clauses, f"talk that cites: {statement.text}"
            continue
        count += 1
        assert statement.clauses, f"no clause: {statement.text}"
        assert set(statement.clauses) <= cited, f"clause without citation: {statement.text}"
        if statement.text.startswith(_UNSAID):
            continue  # it says what no clause says
        invented = figures_in(statement.text) - set(_known_numbers(statement, library, as_of))
        assert not invented, f"{invented} stands in no clause of: {statement.text}"
    whole = as_text(reply, sources=False)
    for document_id in {citation.document_id for citation in reply.citations}:
        assert _standing_said(reply, document_id, whole), f"standing of {document_id} unsaid"
    return count


def _known_numbers(statement: Statement, library: Library, as_of: dt.date) -> Iterator[float]:
    yield from map(float, hotlines())
    yield from (as_of.year, as_of.month, as_of.day)
    for clause_id in statement.clauses:
        found = library.clause(clause_id)
        assert found is not None
        clause, document = found
        yield from figures_in(clause.text)
        yield from numbers_in(clause.text)
        yield from figures_in(document.name)
        yield from figures_in(document.doc_no or "")
        for day in _head_dates(document):
            yield from (day.year, day.month, day.day)


def _head_dates(document: Document) -> Iterator[dt.date]:
    plan, repeal = document.plan_period, document.repeal
    days = (
        document.issued_on,
        document.effective_on,
        document.expires_on,
        document.last_verified_on,
        plan.until if plan else None,
        repeal.on if repeal else None,
    )
    yield from (day for day in days if day is not None)


def _standing_said(reply: Reply, document_id: str, whole: str) -> bool:
    """Whether the reply says what the document is worth, in a sentence or behind its line."""
    citation = next(one for one in reply.citations if one.document_id == document_id)
    short = say(f"standing.short.{citation.standing.value}")
    in_block = any(
        kind == "standing"
        and (
            f"《{citation.document}》" in statement.text
            or document_id in _documents(statement, reply)
        )
        for kind, statement in reply.statements()
    )
    return in_block or f"（{short}）" in whole


def _documents(statement: Statement, reply: Reply) -> set[str]:
    return {c.document_id for c in reply.citations if c.clause in statement.clauses}


def without_explanations(text: str) -> str:
    """The text without what stands in brackets."""
    return re.sub("（[^（）]*）", "", text)
