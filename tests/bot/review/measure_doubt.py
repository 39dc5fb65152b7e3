"""How many labels wait for a second person, right ones and wrong ones: `python -m
tests.bot.review.measure_doubt`. Over the development sets, which the rule was chosen on, and over
the test set, which it was not."""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.review.doubt import contradicted
from bot.settings import settings
from nlu.engine import load_or_train
from nlu.report import apart_messages
from nlu.training_data import Example, read_files
from nlu.understand import Understander
from nlu.understanding import Score

_DATA = Path(__file__).parents[2] / "nlu" / "data"
_DRAWN = 5  # wrong labels by chance for each message


@dataclass(frozen=True)
class Asked:
    """A message: what it asks, and what the engine takes it for."""

    intent: str
    ranking: Sequence[Score]

    @property
    def understood(self) -> bool:
        return self.ranking[0].intent == self.intent

    @property
    def likeliest_wrong(self) -> str:
        """The wrong intent that somebody would most easily choose."""
        return next(one.intent for one in self.ranking if one.intent != self.intent)


def main() -> None:
    understander = Understander(load_or_train(settings().model_dir))

    def asked(examples: Sequence[Example]) -> list[Asked]:
        return [
            Asked(one.intent, understander.understand_whole(one.text).ranking) for one in examples
        ]

    development = [one for name in ("dev", "dev_wide") for one in _read(name)]
    for name, examples in (("development", development), ("test", apart_messages())):
        messages = asked(examples)
        sys.stdout.write(f"{name}: {len(messages)} messages\n")
        for title, labels in _labels(messages).items():
            held = sum(contradicted(one.ranking, intent) is not None for one, intent in labels)
            share = held / max(len(labels), 1)
            sys.stdout.write(f"  {title}: {share:.0%} of {len(labels)}\n")


def _read(name: str) -> Sequence[Example]:
    return read_files([_DATA / f"{name}.yml"]).examples


def _labels(messages: Sequence[Asked]) -> dict[str, list[tuple[Asked, str]]]:
    drawn = random.Random(1)
    intents = sorted({one.intent for one in messages})
    missed = [one for one in messages if not one.understood]
    right = [one for one in messages if one.understood]

    def by_chance(some: Sequence[Asked]) -> list[tuple[Asked, str]]:
        wrong = [(one, drawn.choice(intents)) for one in some for _ in range(_DRAWN)]
        return [(one, intent) for one, intent in wrong if intent != one.intent]

    return {
        "right, message missed before": [(one, one.intent) for one in missed],
        "right, all": [(one, one.intent) for one in messages],
        "wrong by chance, message understood": by_chance(right),
        "wrong by chance, message missed": by_chance(missed),
        "wrong, as not ours": [
            (one, "out_of_scope") for one in messages if one.intent != "out_of_scope"
        ],
        "wrong, the likeliest, message understood": [(one, one.likeliest_wrong) for one in right],
    }


if __name__ == "__main__":
    main()
