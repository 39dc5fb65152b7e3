"""Which of the questions that a message may hold are questions of their own.

Each possible question is read by itself. Neighbouring ones are about one subject as far as each of
them may be read so, and the whole message too; to go on to another subject costs something, unless
a word or a full stop says that a question ends. The likeliest division of all is taken: behind
社保补贴怎么领, 多少钱 stays with it and 意外险谁买 does not.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nlu.split import announced, of_both
from nlu.understanding import Score

# These were tuned on one half of the development sets (tests/nlu/data).
_THIN = 0.2  # what a part without a subject (多少钱) counts beside one that has a subject
_WHOLE = 0.35  # and what the message as a whole counts
_IMPOSSIBLE = 1e-4  # one reading rules nothing out more than this
_NAMED, _SURELY = 0.05, 0.8  # nor the whole what a part so surely reads
_OWN = 0.43  # so sure of its subject is one part at least of a question of its own
# The cost of another subject, in natural logarithms of confidence: behind a comma; where no mark
# stands; where the message asks of both together. Behind a full stop, or announced: none.
_COMMA = 0.7
_UNMARKED = 3.0
_TOGETHER = 2.0

_STOP = re.compile(r"[。！？；]$")
_PAUSE = re.compile(r"[，、…]$")

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """A possible question. `ranking` is how it reads among subjects alone, without small talk and
    far things; `ours` how sure it is one of these, from 0 to 1; `full` whether it has a subject."""

    text: str
    ranking: tuple[Score, ...]
    ours: float
    full: bool

    @property
    def sure(self) -> float:
        """How sure the best reading is."""
        return self.ranking[0].confidence

    @property
    def weight(self) -> float:
        """How much the reading counts."""
        return self.ours * (1.0 if self.full else _THIN)


@dataclass(frozen=True)
class Question:
    """A question of the message, in one part or several; what it is about, best first."""

    text: str
    ranking: tuple[Score, ...]

    @property
    def best(self) -> Score:
        """What it is likeliest about."""
        return self.ranking[0]


def divide(parts: Sequence[Part], whole: Sequence[Score]) -> list[Question]:
    """The questions that `parts` are, in order; `whole` is how all of them read as one."""
    names = sorted(score.intent for score in whole)
    sure = [part.ranking[0].intent for part in parts if part.full and part.sure >= _SURELY]
    named = np.log([_NAMED if name in sure else _IMPOSSIBLE for name in names])
    prior = _WHOLE * np.maximum(_logs(whole, names), named)
    own = [_logs(part.ranking, names) for part in parts]
    together = _TOGETHER if of_both("".join(part.text for part in parts)) else 0.0
    # The best division of the parts before each seam: its score, where its last question begins and
    # what that is about.
    best: list[tuple[float, int, int]] = [(0.0, 0, 0)]
    for end in range(1, len(parts) + 1):
        found = (-math.inf, 0, 0)
        reading = prior
        for start in reversed(range(end)):
            reading = reading + parts[start].weight * own[start]
            subject = int(reading.argmax())
            if end - start < len(parts) and not _stands(parts[start:end], names[subject]):
                continue
            cost = _cost(parts[start - 1], parts[start]) + together if start else 0.0
            score = best[start][0] + float(reading[subject]) - cost
            found = max(found, (score, start, subject))
        best.append(found)
    questions: list[Question] = []
    end = len(parts)
    while end:
        _, start, subject = best[end]
        questions.append(_question(parts[start:end], names[subject]))
        end = start
    return questions[::-1]


def _stands(parts: Sequence[Part], subject: str) -> bool:
    """Whether one of the parts is surely about the subject by itself."""
    return any(_sure(part, subject) >= _OWN for part in parts if part.ours > 0.5)


def _sure(part: Part, subject: str) -> float:
    return next((score.confidence for score in part.ranking if score.intent == subject), 0.0)


def _cost(before: Part, after: Part) -> float:
    """What it costs to take `after` for another subject than `before`."""
    if announced(after.text) or _STOP.search(before.text):
        return 0.0
    return _COMMA if _PAUSE.search(before.text) else _UNMARKED


def _question(parts: Sequence[Part], subject: str) -> Question:
    """The parts as one question, read by the one that is surest of their subject."""
    surest = max(parts, key=lambda part: part.weight * _sure(part, subject))
    # The subject first: where this part alone reads otherwise, the others and the whole decided.
    ranking = tuple(sorted(surest.ranking, key=lambda score: score.intent != subject))
    return Question("".join(part.text for part in parts), ranking)


def _logs(ranking: Sequence[Score], names: Sequence[str]) -> Vector:
    known = {score.intent: score.confidence for score in ranking}
    return np.log([max(known.get(name, 0.0), _IMPOSSIBLE) for name in names])
