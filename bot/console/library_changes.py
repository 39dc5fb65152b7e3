"""What changed between two releases of the library, as staff read it: documents and provisions by
what they say, and of what was changed only what differs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from bot.console.library_words import in_words
from bot.console.wording import say, table
from dialogs.text import clause_name
from knowledge.difference import Change
from knowledge.schema import Provision
from knowledge.vocabulary import Vocabulary


@dataclass(frozen=True)
class Told:
    """A change. `lines` are what differs: what it is, as it was, as it is; `more` counts the
    provisions that came or went with a document."""

    sign: str
    document: str
    clause: str
    says: str
    lines: tuple[tuple[str, str, str], ...]
    more: int = 0


def told(changes: Sequence[Change], names: dict[str, str], words: Vocabulary) -> list[Told]:
    """The changes in words, documents before their provisions. `names` are those of the documents
    that are in the library now."""
    bodies = {one.id: json.loads(one.after or one.before or "{}") for one in changes}
    documents = {one.id for one in changes if "clause" not in bodies[one.id]}
    names = names | {name: bodies[name]["name"] for name in documents}
    whole = {one.id for one in changes if one.id in documents and one.sign != "~"}
    with_it = dict.fromkeys(whole, 0)
    found = []
    for one in changes:
        if one.id in documents:
            continue
        home = _home(bodies[one.id]["clause"], names)
        if home in whole:
            with_it[home] += 1
        else:
            found.append((home, 1, _provision(one, names.get(home, home), words)))
    for one in changes:
        if one.id in documents:
            found.append((one.id, 0, _document(one, names[one.id], with_it.get(one.id, 0))))
    return [change for _, _, change in sorted(found, key=lambda each: each[:2])]


def _home(clause: str, names: dict[str, str]) -> str:
    """The document that a clause belongs to: the longest id that its address begins with."""
    homes = [name for name in names if clause.startswith(f"{name}/")]
    return max(homes, key=len, default=clause.partition("/")[0])


def _document(change: Change, name: str, more: int) -> Told:
    lines = _differing(_of_document(change.before), _of_document(change.after))
    return Told(change.sign, name, "", "", lines if change.sign == "~" else (), more)


def _provision(change: Change, document: str, words: Vocabulary) -> Told:
    before, after = (_of_provision(body, words) for body in (change.before, change.after))
    one = json.loads(change.after or change.before or "{}")
    lines = _differing(before, after) if change.sign == "~" else ()
    return Told(change.sign, document, clause_name(one["clause"]), one["says"], lines)


def _differing(before: dict[str, str], after: dict[str, str]) -> tuple[tuple[str, str, str], ...]:
    """What differs, in words; where none of it has words, that something does."""
    found = tuple(
        (name, before.get(name, ""), after.get(name, ""))
        for name in dict.fromkeys((*before, *after))
        if before.get(name, "") != after.get(name, "")
    )
    return found or ((say("library.change_other"), "", ""),)


def _of_document(body: str | None) -> dict[str, str]:
    """A document's head as staff read it."""
    if body is None:
        return {}
    head: dict[str, Any] = json.loads(body)
    labels = table("library_head")
    plain = {label: _text(head.get(field)) for field, label in labels.items()}
    silent = "；".join(one["says"] for one in head.get("silent_on") or [])
    return plain | {say("library.silent"): silent}


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "、".join(map(str, value))
    if isinstance(value, dict):
        return " ".join(str(part) for part in value.values() if part)
    return "" if value is None else str(value)


def _of_provision(body: str | None, words: Vocabulary) -> dict[str, str]:
    if body is None:
        return {}
    try:
        one = in_words(Provision.model_validate_json(body), words)
    except (ValidationError, KeyError):  # of another version, or with words that are gone
        head = json.loads(body)
        return {say("library.says"): head.get("says", ""), say("library.quote"): head["quote"]}
    return {
        say("library.kind"): one.kind,
        say("library.says"): one.says,
        say("library.quote"): one.quote,
        say("library.verb"): one.verb,
        **dict(one.facts),
    }
