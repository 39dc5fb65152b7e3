"""What staff taught in the review: one more training file, beside the model it makes.

The file comes from a running office and meets training data that goes on changing, so it is read
with mercy: what the training data holds already, or no longer knows, is left out, not refused.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import structlog

from knowledge.strict_yaml import DataError, read
from nlu.intents import intents
from nlu.normalise import normalise
from nlu.similarity import LONG, near_duplicates
from nlu.training_data import Example, TrainingData, read_files

LABELS_NAME = "labels.yml"

log = structlog.get_logger(__name__)


def with_labels(data: TrainingData, path: Path) -> TrainingData:
    """`data` with the examples of the labels' file at `path`, if there is one. A file that cannot
    be read is left out with a warning (`nlu_labels_unreadable`)."""
    if not path.exists():
        return data
    try:
        named = dict.fromkeys(str(entry["intent"]) for entry in read(path).data["nlu"])
        taught = read_files([path], named).examples
    except (DataError, KeyError, TypeError) as error:
        log.warning("nlu_labels_unreadable", path=str(path), kind=type(error).__name__)
        return data
    known = {example.text for example in data.examples}
    fresh = tuple(one for one in taught if one.text not in known and one.intent in intents())
    return TrainingData((*data.examples, *fresh), data.patterns)


def as_training_file(rows: Iterable[tuple[str, str]]) -> str:
    """Pairs of text and intent in Rasa's YAML, sorted, each text once; empty for none. A pair whose
    intent is no longer listed is left out."""
    filed: defaultdict[str, dict[str, str]] = defaultdict(dict)
    seen: set[str] = set()
    for text, intent in rows:
        plain = normalise(text)
        written = "".join(sign for sign in " ".join(text.split()) if sign.isprintable())
        if plain and plain not in seen and intent in intents():
            seen.add(plain)
            filed[intent][plain] = written
    if not filed:
        return ""
    lines = ['version: "3.1"', "nlu:"]
    for intent in sorted(filed):
        lines += [f"- intent: {intent}", "  examples: |"]
        lines += [f"    - {written}" for written in sorted(filed[intent].values())]
    return "\n".join(lines) + "\n"


def given_away(texts: Iterable[str], tests: Sequence[Example]) -> frozenset[str]:
    """Those of the texts that are nearly a test message: a model trained on them would have seen
    the answers."""
    asked = [Example(normalise(text), "", text, Path(), 0) for text in texts]
    long = [test for test in tests if len(test.text) >= LONG]
    return frozenset(pair.test.written for pair in near_duplicates(asked, long))
