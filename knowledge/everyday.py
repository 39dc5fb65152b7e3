"""The plainest questions, written once (vocabulary/everyday.yaml), put to the documents that they
are asked of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from knowledge.schema import Document, Provision, Silence
from knowledge.strict_yaml import Problem, Source, read

EVERYDAY = Path(__file__).parent / "vocabulary" / "everyday.yaml"


@cache
def everyday() -> Mapping[str, tuple[str, ...]]:
    """The lists of questions by their names."""
    return {name: tuple(questions) for name, questions in read(EVERYDAY).data.items()}


def asked_every_day(document: Document) -> Document:
    """`document` with the lists that its provisions and silences name written out in `asked`."""
    return document.model_copy(
        update={
            "silent_on": [
                one.model_copy(update={"asked": _written_out(one)}) for one in document.silent_on
            ],
            "provisions": [
                one.model_copy(update={"asked": _written_out(one)}) for one in document.provisions
            ],
        }
    )


def unknown_lists(document: Document, source: Source) -> Iterator[Problem]:
    """The lists named that there are none of."""
    parts: dict[str, Sequence[Provision | Silence]] = {
        "silent_on": document.silent_on,
        "provisions": document.provisions,
    }
    for part, ones in parts.items():
        for place, one in enumerate(ones):
            for name in one.everyday:
                if name not in everyday():
                    yield source.problem(
                        (part, place, "everyday"),
                        f"unknown list of questions {name!r}",
                        f"name one of {EVERYDAY.name}: {', '.join(everyday())}",
                    )


def _written_out(one: Provision | Silence) -> list[str]:
    lists = (everyday()[name] for name in one.everyday)
    return list(dict.fromkeys((*one.asked, *(question for each in lists for question in each))))
