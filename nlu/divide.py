"""Which of the questions that a message may hold are questions of their own.

Each possible question is read by itself. Neighbouring ones are about one subject as far as each of
them may be read so, and the whole message too; to go on to another subject costs something, less
where a word or a mark says that a question ends. The likeliest division of all is taken: behind
社保补贴怎么领, 多少钱 stays with it and 意外险谁买 does not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from nlu.intents import intents
from nlu.split import announced, core, is_question
from nlu.understanding import Score

# How much everything counts, in natural logarithms of confidence. Learnt from the development sets
# (tests/nlu/data) as the weights under which the right division is likeliest, and rounded.
_READS = (0.0, 0.3, 0.6)  # a part's reading, by the words it has for its subject: 多少钱 has none
_WHOLE = 0.15  # the reading of the message as a whole
_APART = -1.2  # another question,
_ANNOUNCED = 1.6  # announced by a word
_ASKED = 0.4  # or behind a question mark,
_NAMES = 0.5  # the first that says what its subject is called,
_SHORT, _FEW = -0.6, 6  # or of fewer characters than these
_UNSURE, _SURE = -0.9, 0.43  # about something none of its parts is so sure of
_STRANGE = -1.2  # not about us
_NEIGHBOUR = -0.3  # about what another office answers
_TELLS = -0.6  # asking nothing, by words or mark
_IMPOSSIBLE = 1e-4  # one reading rules nothing out more than this

# People who ask about a programme ask in the same breath who may join it, how, what is learnt and
# what it costs: 两后生怎么报名，学费免不免 is one question. So what a part says of these things it
# says, by this share, of each programme.
_PROGRAMMES = frozenset(
    (
        "apprenticeship",
        "cantonese_cuisine",
        "disabled",
        "hardship_groups",
        "job_transfer",
        "new_generation",
        "rural",
        "safety_training",
        "unenrolled_graduates",
        "veterans",
    )
)
_OF_ANY_PROGRAMME = frozenset(
    ("training_eligibility", "enrolment", "training_subsidy", "training_content")
)
_SHARE = 0.25

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """A possible question. `ranking` is how it reads among subjects alone, without small talk and
    far things; `ours` how sure it is one of these, from 0 to 1; `words` how many characters it has
    for its subject, `named` whether it says what a subject is called."""

    text: str
    ranking: tuple[Score, ...]
    ours: float
    words: int
    named: bool

    @property
    def sure(self) -> float:
        """How sure the best reading is."""
        return self.ranking[0].confidence

    @property
    def weight(self) -> float:
        """How much the reading counts."""
        return self.ours * _READS[min(self.words, len(_READS) - 1)]

    @cached_property
    def asks(self) -> bool:
        """Whether it is a question by its words or its mark, and no mere wish or statement."""
        return is_question(core(self.text))


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
    prior = _WHOLE * np.log(np.maximum(_confidences(whole, names), _IMPOSSIBLE))
    neighbour = _NEIGHBOUR * np.array([intents()[name].kind == "near" for name in names])
    read = [_confidences(part.ranking, names) for part in parts]
    said = [_said(part, of, names) for part, of in zip(parts, read, strict=True)]
    going_on = [0.0, *(_going_on(parts, at) for at in range(1, len(parts)))]
    # The best division of the parts before each seam: its score, where its last question begins and
    # what that is about.
    best: list[tuple[float, int, int]] = [(0.0, 0, 0)]
    for end in range(1, len(parts) + 1):
        found = (-math.inf, 0, 0)
        reading, surest = prior, np.zeros(len(names))
        for start in reversed(range(end)):
            reading = reading + said[start]
            if parts[start].ours > 0.5:
                surest = np.maximum(surest, read[start])
            likely = reading + _UNSURE * (surest < _SURE)
            if end - start < len(parts):
                likely = likely + neighbour + _strangeness(parts[start:end])
            subject = int(likely.argmax())
            score = best[start][0] + float(likely[subject]) + going_on[start]
            found = max(found, (score, start, subject))
        best.append(found)
    questions: list[Question] = []
    end = len(parts)
    while end:
        _, start, subject = best[end]
        questions.append(_question(parts[start:end], names[subject]))
        end = start
    return questions[::-1]


def _said(part: Part, read: Vector, names: Sequence[str]) -> Vector:
    """What the part says for and against each subject."""
    general = sum(float(read[at]) for at, name in enumerate(names) if name in _OF_ANY_PROGRAMME)
    programmes = np.array([name in _PROGRAMMES for name in names])
    logs: Vector = np.log(np.maximum(read + _SHARE * general * programmes, _IMPOSSIBLE))
    return part.weight * logs


def _going_on(parts: Sequence[Part], at: int) -> float:
    """What speaks for another question beginning with part `at`, whatever it is about."""
    before, after = parts[at - 1], parts[at]
    sign = _ASKED if before.text.endswith("？") else 0.0
    if announced(after.text):
        sign = _ANNOUNCED
    first = after.named and not any(part.named for part in parts[:at])
    short = len(core(after.text)) < _FEW
    return _APART + sign + _NAMES * first + _SHORT * short


def _strangeness(parts: Sequence[Part]) -> float:
    """What speaks against these parts being a question to us by themselves."""
    ours = max(part.ours for part in parts)
    return _STRANGE * (1 - ours) + _TELLS * (not any(part.asks for part in parts))


def _question(parts: Sequence[Part], subject: str) -> Question:
    """The parts as one question, read by the one that is surest of their subject."""
    surest = max(parts, key=lambda part: part.weight * _sure(part, subject))
    # The subject first: where this part alone reads otherwise, the others and the whole decided.
    ranking = tuple(sorted(surest.ranking, key=lambda score: score.intent != subject))
    return Question("".join(part.text for part in parts), ranking)


def _sure(part: Part, subject: str) -> float:
    return next((score.confidence for score in part.ranking if score.intent == subject), 0.0)


def _confidences(ranking: Sequence[Score], names: Sequence[str]) -> Vector:
    known = {score.intent: score.confidence for score in ranking}
    return np.array([known.get(name, 0.0) for name in names])
