"""A provision as staff read it beside its clause, and texts with the words meant marked."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from bot.console.wording import say, table
from dialogs.conditions import describe
from knowledge.schema import Amount, Provision
from knowledge.vocabulary import Vocabulary


@dataclass(frozen=True)
class ProvisionInWords:
    """A provision: what it is, what it says, and what hangs on it."""

    id: str
    kind: str
    says: str
    verb: str  # the document's own
    means: str  # how binding that is
    quote: str
    facts: tuple[tuple[str, str], ...]


def in_words(provision: Provision, words: Vocabulary) -> ProvisionInWords:
    """The provision with its audience, conditions, money, offices and dates, as far as it has
    them; what it does not have is left out, not filled in."""
    found: list[tuple[str, str]] = [
        (say("library.audience"), "、".join(table("audience")[one] for one in provision.audience))
    ]
    if provision.occupations:
        labels = [words.occupations[one].label for one in provision.occupations]
        found.append((say("library.occupations"), "、".join(labels)))
    if provision.groups:
        labels = [words.groups[one].label for one in provision.groups]
        found.append((say("library.groups"), "、".join(labels)))
    if provision.when is not None:
        found.append((say("library.when"), describe(provision.when, words)))
    found += [(say("library.amount", of=one.of), _amount(one)) for one in provision.amounts]
    if provision.agencies is not None:
        for role in ("lead", "support", "accepts"):
            names = getattr(provision.agencies, role)
            if names:
                found.append((say(f"library.{role}"), "、".join(names)))
    for name in ("valid_from", "valid_until"):
        day = getattr(provision, name)
        if day is not None:
            found.append((say(f"library.{name}"), f"{day}"))
    strength = words.strength_of(provision.strength)
    return ProvisionInWords(
        provision.id,
        table("kind")[provision.kind],
        provision.says,
        provision.strength,
        strength.means.format(verb=provision.strength) if strength else "",
        provision.quote,
        tuple(found),
    )


def _amount(amount: Amount) -> str:
    if amount.state != "given":
        return say(f"library.amount_{amount.state}", text=amount.text or "")
    return say(
        "library.amount_given",
        bound=table("bound")[amount.bound],
        text=amount.text,
        per=say("library.per", per=amount.per) if amount.per else "",
    )


def marked(text: str, meant: Collection[str]) -> tuple[tuple[str, bool], ...]:
    """`text` in parts, each with whether it is one of the words meant; the parts joined are
    `text`."""
    wanted = sorted((word for word in meant if word), key=len, reverse=True)
    if not wanted:
        return ((text, False),)
    pattern = re.compile("|".join(re.escape(word) for word in wanted), re.IGNORECASE)
    parts: list[tuple[str, bool]] = []
    end = 0
    for found in pattern.finditer(text):
        if found.start() > end:
            parts.append((text[end : found.start()], False))
        parts.append((found.group(), True))
        end = found.end()
    if end < len(text) or not parts:
        parts.append((text[end:], False))
    return tuple(parts)
