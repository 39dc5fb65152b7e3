"""What a person has told about themselves, in words, so that they see it was heard."""

from __future__ import annotations

from collections.abc import Iterator

from dialogs.wording import listed, say
from knowledge.rules import Facts, Groups
from knowledge.vocabulary import Vocabulary

# Said by the place and the benefits themselves.
_UNSAID = frozenset(("region",))


def told_in_words(facts: Facts, words: Vocabulary) -> str:
    """The facts one after the other (劳动合同：没有). Empty where nothing is known."""
    return say("telling.between").join(_each(facts, words))


def _each(facts: Facts, words: Vocabulary) -> Iterator[str]:
    for name, value in facts.items():
        fact = words.facts.get(name)
        if fact is None or name in _UNSAID:
            continue
        if isinstance(value, Groups):
            if value.members:
                labels = [words.groups[one].label for one in sorted(value.members)]
                yield say("telling.is", label=fact.label, value=listed(labels))
        elif isinstance(value, bool):
            yield say("telling.yes" if value else "telling.no", label=fact.label)
        elif isinstance(value, int | float):
            number = f"{value:g}{fact.unit or ''}"
            yield say("telling.is", label=fact.label, value=number)
        elif name == "role":
            if value != "worker":
                yield say("telling.role", value=fact.options[str(value)].label)
        elif fact.type == "occupation":
            yield say("telling.is", label=fact.label, value=words.occupations[value].label)
        elif value in fact.options:
            yield say("telling.is", label=fact.label, value=fact.options[value].phrase)
