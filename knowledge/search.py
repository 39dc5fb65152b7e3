"""Full-text search over clauses by the database's engine: FTS5 (SQLite), tsvector (PostgreSQL).

Both index the words jieba finds; the engines only ever see words with spaces between them.

Provisions have an index of their own, which also holds how people ask for them. In it each word
stands with its area before it (440100培训), so that a search costs what its own area holds, however
many others the library has.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
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


# The index of provisions, made by a later migration.
CREATE_PROVISION_INDEX = {
    "sqlite": ["CREATE VIRTUAL TABLE provision_words USING fts5(words, content='', detail=none)"],
    "postgresql": [
        "CREATE TABLE provision_words (rowid integer PRIMARY KEY REFERENCES provision (pk),"
        " words tsvector NOT NULL)",
        "CREATE INDEX ix_provision_words_words ON provision_words USING gin (words)",
    ],
}

_INSERT_PROVISION = {
    "sqlite": "INSERT INTO provision_words (rowid, words) VALUES (:pk, :words)",
    "postgresql": "INSERT INTO provision_words (rowid, words)"
    " VALUES (:pk, array_to_tsvector(string_to_array(:words, ' ')))",
}

# The provisions that hold one word, with its number among those asked for.
_HOLDING = {
    "sqlite": "SELECT {n} AS asked, rowid AS pk FROM provision_words"
    " WHERE provision_words MATCH '\"' || :word_{n} || '\"'",
    "postgresql": "SELECT {n} AS asked, rowid AS pk FROM provision_words"
    " WHERE words @@ quote_literal(:word_{n})::tsquery",
}
_OF_RELEASE = """
    SELECT held.asked, held.pk FROM ({holding}) AS held
    JOIN provision ON provision.pk = held.pk
    JOIN release_document ON release_document.document_pk = provision.document_pk
    WHERE release_document.release_id = :release"""
_AT_ONCE = 200  # SQLite joins no more than 500 queries to one


def index_provisions(connection: Connection, region: str, said: Sequence[tuple[int, str]]) -> None:
    """Add provisions of `region`, each its row number and all that it is found by, to their
    search index."""
    rows = [
        {"pk": pk, "words": " ".join(dict.fromkeys(region + word for word in search_words(words)))}
        for pk, words in said
    ]
    if rows:
        connection.execute(text(_INSERT_PROVISION[connection.dialect.name]), rows)


def find_provisions(
    connection: Connection,
    release: str,
    words: Mapping[str, float],
    regions: Sequence[str],
    limit: int,
) -> list[int]:
    """The provisions of `regions` nearest to weighed `words`, best first.

    A word counts by its rarity among the provisions that hold any of the words.
    """
    asked = [(region + word, word) for word in words for region in regions]
    holders: dict[int, set[str]] = defaultdict(set)
    for start in range(0, len(asked), _AT_ONCE):
        some = asked[start : start + _AT_ONCE]
        given = {f"word_{n}": word for n, (word, _) in enumerate(some)}
        query = _holding(connection.dialect.name, len(some))
        for number, pk in connection.execute(query, {"release": release, **given}).all():
            holders[pk].add(some[number][1])
    count = Counter(word for held in holders.values() for word in held)
    worth = {word: words[word] * math.log(1 + len(holders) / count[word]) for word in count}
    # The exact sum: a set has no order, and equal scores must stay equal.
    score = {pk: math.fsum(worth[word] for word in held) for pk, held in holders.items()}
    return sorted(score, key=lambda pk: (-score[pk], pk))[:limit]


@cache
def _holding(dialect: str, count: int) -> TextClause:
    """The query for the holders of each of so many words; built once."""
    holding = " UNION ALL ".join(_HOLDING[dialect].format(n=n) for n in range(count))
    return text(_OF_RELEASE.format(holding=holding))
