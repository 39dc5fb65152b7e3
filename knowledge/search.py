"""Full-text search over clauses by the database's engine: FTS5 (SQLite), tsvector (PostgreSQL).

Both index the words jieba finds; the engines only ever see words with spaces between them.

Provisions have an index of their own (`word_index.py`), which also holds how people ask for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Connection, TextClause, bindparam, text

from knowledge.words import search_words

# Run by the migration that creates the clause table, one list a dialect.
CREATE_INDEX = {
    "sqlite": ["CREATE VIRTUAL TABLE clause_words USING fts5(region, words, content='')"],
    "postgresql": [
        "CREATE TABLE clause_words (rowid integer PRIMARY KEY REFERENCES clause (pk),"
        " words tsvector NOT NULL)",
        "CREATE INDEX ix_clause_words_words ON clause_words USING gin (words)",
        "CREATE TABLE clause_word_count (word text PRIMARY KEY, clauses integer NOT NULL)",
    ],
}

_INSERT = {
    "sqlite": "INSERT INTO clause_words (rowid, region, words) VALUES (:pk, :region, :words)",
    "postgresql": "INSERT INTO clause_words (rowid, words)"
    " VALUES (:pk, to_tsvector('simple', :words))",
}

_FIND = {
    "sqlite": """
        SELECT clause.pk, -bm25(clause_words, 0.0, 1.0) AS score
        FROM clause_words
        JOIN clause ON clause.pk = clause_words.rowid
        JOIN release_document ON release_document.document_pk = clause.document_pk
        WHERE clause_words MATCH :query AND release_document.release_id = :release
        ORDER BY score DESC, clause.id LIMIT :limit""",
    # ts_rank knows no rare and common words, so each word is weighed as BM25 weighs it.
    "postgresql": """
        WITH asked AS MATERIALIZED (
            SELECT to_tsquery('simple', quote_literal(word)) AS query,
                ln(1 + (total.clauses - counted.clauses + 0.5) / (counted.clauses + 0.5)) AS weight
            FROM clause_word_count AS counted
            CROSS JOIN (
                SELECT coalesce(
                    (SELECT clauses FROM clause_word_count WHERE word = ''),
                    (SELECT count(*) FROM clause_words)  -- of a library stored before that row was
                ) AS clauses
            ) AS total
            WHERE word = ANY(:words)
        )
        SELECT clause.pk,
            (SELECT sum(weight * ts_rank(clause_words.words, query, 1)) FROM asked) AS score
        FROM clause_words
        JOIN clause ON clause.pk = clause_words.rowid
        JOIN release_document ON release_document.document_pk = clause.document_pk
        WHERE clause_words.words @@ to_tsquery('simple', :query)
            AND release_document.release_id = :release {within}
        ORDER BY score DESC, clause.id LIMIT :limit""",
}

_WITHIN = "AND clause.document_pk IN (SELECT pk FROM document WHERE region IN :regions)"


@dataclass(frozen=True)
class ClauseScore:
    """A clause that was found, and its score; higher is nearer."""

    clause_pk: int
    score: float


def index_clauses(connection: Connection, region: str, clauses: Sequence[tuple[int, str]]) -> None:
    """Add clauses of an area, each its row number and its text, to the search index."""
    rows = [
        {"pk": pk, "region": region, "words": " ".join(search_words(said))} for pk, said in clauses
    ]
    if rows:
        connection.execute(text(_INSERT[connection.dialect.name]), rows)


def index_complete(connection: Connection) -> None:
    """To be called once after the last `index_clauses`: count the clauses that hold each word."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("DELETE FROM clause_word_count"))
        connection.execute(
            text(
                "INSERT INTO clause_word_count (word, clauses)"
                " SELECT word, ndoc FROM ts_stat('SELECT words FROM clause_words')"
                " UNION ALL SELECT '', count(*) FROM clause_words"
            )
        )


def find(
    connection: Connection,
    release: str,
    question: str,
    regions: tuple[str, ...] = (),
    limit: int = 5,
) -> list[ClauseScore]:
    """The clauses of `release` nearest to `question`, best first.

    `regions` narrows to documents of those areas. A higher score is nearer; scores of the two
    engines are not comparable with each other.
    """
    words = list(dict.fromkeys(search_words(question)))
    if not words:
        return []
    dialect = connection.dialect.name
    parameters: dict[str, object] = {"limit": limit, "release": release}
    if dialect == "sqlite":
        # The area stands in the index, or every clause of the country would be weighed.
        areas = f"{{region}} : ({' OR '.join(regions)}) AND " if regions else ""
        asked = " OR ".join(f'"{word}"' for word in words)
        parameters["query"] = f"{areas}{{words}} : ({asked})"
    else:
        parameters["query"] = " | ".join(f"'{word}'" for word in words)
        parameters |= {"words": words, "regions": regions} if regions else {"words": words}
    rows = connection.execute(_finding(dialect, bool(regions)), parameters)
    return [ClauseScore(pk, score) for pk, score in rows]


@cache
def _finding(dialect: str, within: bool) -> TextClause:
    """The statement; built once, for that takes longer than a search of a small library."""
    within = within and dialect == "postgresql"
    statement = text(_FIND[dialect].format(within=_WITHIN if within else ""))
    return statement.bindparams(bindparam("regions", expanding=True)) if within else statement
