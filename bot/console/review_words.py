"""What the pages of the review share: decisions in words, from forms, and the engine's own."""

from __future__ import annotations

from functools import cache
from typing import Annotated, cast

from fastapi import Depends, Form

from bot.console.security import Visitor
from bot.console.wording import table
from bot.review import deciding
from bot.review.doubt import Doubts, contradicted
from bot.review.labels import Decision, Label, LabelKind
from knowledge.vocabulary import vocabulary
from nlu.intents import Intent, intents
from nlu.understanding import EngineUnavailable, Understanding

_Field = Annotated[str, Form(max_length=600)]


def decision_of(
    choice: _Field = "",
    intent: _Field = "",
    note: _Field = "",
    word: _Field = "",
    meaning: _Field = "",
    example: _Field = "",
) -> Decision:
    """What a form says. The choice is an intent of its own (`intent:refresher`), `other` with the
    intent beside it, or a kind without one; what is neither is refused by `deciding.checked`.
    What a word means is chosen by its words."""
    kind, _, named = choice.partition(":")
    if kind == "other":
        kind, named = "intent", intent
    meant = {words: code for code, words in meanings_in_words().items()}
    meaning = meant.get(meaning.strip(), meaning)
    return Decision(cast("LabelKind", kind), named or None, note, word, meaning, example)


# What a route is given that takes the form of a label.
Decided = Annotated[Decision, Depends(decision_of)]


def intents_by_kind() -> dict[str, list[Intent]]:
    """All intents under what their kind is called, for a list to choose from."""
    return {
        words: [one for one in intents().values() if one.kind == kind]
        for kind, words in table("intent_kind").items()
    }


@cache
def meanings_in_words() -> dict[str, str]:
    """What a word can mean, as a person chooses it: `工种 育婴员 (occupation:…)` by `kind:id`."""
    kinds = table("meaning_kind")
    return {
        meaning: f"{kinds[meaning.partition(':')[0]]}：{label}"
        for meaning, label in deciding.meanings().items()
    }


def decided(label: Label) -> str:
    """A decision in words."""
    if label.kind != "intent":
        return table("label_kind")[label.kind]
    return intent_name(label.intent)


def region_name(code: str | None) -> str:
    """What a region is called; empty for none."""
    region = vocabulary().regions.get(code or "")
    return region.label if region else ""


def intent_name(name: str | None) -> str:
    """What an intent is called; one that is no longer listed by its id."""
    known = intents().get(name or "")
    return known.label if known else name or ""


def doubts_of(visitor: Visitor) -> Doubts:
    """Says what the engine holds against a label, as `deciding.decide` wants it."""

    def doubts(text: str, intent: str) -> str | None:
        found = understood(visitor, text)
        return contradicted(found.ranking, intent) if found else None

    return doubts


def understood(visitor: Visitor, text: str) -> Understanding | None:
    """What the engine takes `text` for; None where there is no engine to ask."""
    understander = visitor.parts.app.understander
    try:
        return understander.understand_whole(text) if understander else None
    except EngineUnavailable:
        return None
