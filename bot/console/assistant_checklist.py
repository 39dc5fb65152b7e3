"""Conditions as a checklist: each fact that a condition waits for is a question with its answers,
and each condition says how it stands with what is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.console.assistant_call import GROUP, NO, REGION, YES
from bot.console.wording import say
from dialogs.conditions import describe, explain
from dialogs.text import clause_name
from dialogs.verdicts import NOT_YET
from knowledge.library import Entry
from knowledge.rules import Determination, Step, Truth, deciding_question, determine
from knowledge.schema import Condition
from knowledge.vocabulary import Fact, Vocabulary

Verdict = str  # met, not_met, unknown, unconditional, not_yet
_OPPOSITE = {Truth.MET: Truth.NOT_MET, Truth.NOT_MET: Truth.MET}


@dataclass(frozen=True)
class Line:
    """A condition and how it stands for the caller; `clause` is where it is written."""

    text: str
    truth: Truth
    clause: str
    clause_name: str
    named_only: bool  # the document does not define it: nobody can tick it


@dataclass(frozen=True)
class Checked:
    """A benefit with its determination in words."""

    topic: str
    says: str
    verdict: Verdict
    verdict_words: str
    reasons: tuple[str, ...]
    lines: tuple[Line, ...]
    entry: Entry


@dataclass(frozen=True)
class Control:
    """A fact to tick. Without `choices` a number is typed. `open`: an answer would still decide
    something; `deciding`: it is what to ask next."""

    name: str
    question: str
    why: str
    choices: tuple[tuple[str, str], ...]
    value: str
    unit: str
    open: bool
    deciding: bool


@dataclass(frozen=True)
class Known:
    """A fact told that no condition shown asks for."""

    name: str
    label: str
    value: str
    words: str


@dataclass(frozen=True)
class Checklist:
    checked: tuple[Checked, ...]
    controls: tuple[Control, ...]
    known: tuple[Known, ...]
    ask_next: str
    ask_why: str

    @property
    def left(self) -> int:
        """How many questions are still open."""
        return sum(control.open for control in self.controls)


def checklist(
    entries: Sequence[tuple[str, Entry]],
    facts: Mapping[str, object],
    fields: Mapping[str, str],
    role: str | None,
    words: Vocabulary,
) -> Checklist:
    """The checklist of `entries` (each with its topic) over what is known. `fields` are the same
    facts as fields show them."""
    determinations = [determine(entry.provision, facts, words) for _, entry in entries]  # type: ignore[arg-type]
    checked = [
        _checked(topic, entry, one, words)
        for (topic, entry), one in zip(entries, determinations, strict=True)
    ]
    deciding = deciding_question(determinations)
    controls = _controls(determinations, deciding, fields, role, words)
    named = {control.name for control in controls} | {REGION}
    known = [_known(name, text, words) for name, text in fields.items() if name not in named]
    asked = words.facts[deciding].asked(role) if deciding else None
    return Checklist(
        tuple(checked),
        controls,
        tuple(one for one in known if one is not None),
        asked.question if asked else "",
        asked.why if asked else "",
    )


def _checked(topic: str, entry: Entry, one: Determination, words: Vocabulary) -> Checked:
    provision = entry.provision
    strength = words.strength_of(provision.strength)
    verdict: str = one.outcome.value
    if provision.when is None:
        verdict = "unconditional"
    elif strength is not None and strength.id in NOT_YET and one.outcome is Truth.MET:
        verdict = "not_yet"
    return Checked(
        topic=words.topics[topic].label,
        says=provision.says,
        verdict=verdict,
        verdict_words=say(f"assistant_verdict.{verdict}", verb=provision.strength),
        reasons=tuple(text for text, _ in explain(one, words)),
        lines=tuple(dict.fromkeys(_line(step, words) for step in one.steps)),
        entry=entry,
    )


def _line(step: Step, words: Vocabulary) -> Line:
    text = describe(step.condition, words)
    if not step.wanted:
        text = say("assistant.must_not", text=text)
    truth = step.truth if step.wanted else _OPPOSITE.get(step.truth, step.truth)
    return Line(text, truth, step.clause, clause_name(step.clause), step.fact is None)


def _controls(
    determinations: Sequence[Determination],
    deciding: str | None,
    fields: Mapping[str, str],
    role: str | None,
    words: Vocabulary,
) -> tuple[Control, ...]:
    """One for each fact (for groups one for each group), what decides most first."""
    missing = {fact for one in determinations for fact in one.missing}
    found: dict[str, Control] = {}
    for one in determinations:
        for step in one.steps:
            if step.fact is None:
                continue
            made = _control(step.condition, words.facts[step.fact], fields, role, words)
            waits = step.fact in missing and not made.value
            made = Control(
                **{**made.__dict__, "open": waits, "deciding": waits and step.fact == deciding}
            )
            before = found.get(made.name)
            if before is None or len(made.choices) > len(before.choices):
                found[made.name] = made
    # A fact that is known stays where it was; only what decides comes first.
    return tuple(sorted(found.values(), key=lambda control: not control.deciding))


def _control(
    condition: Condition, fact: Fact, fields: Mapping[str, str], role: str | None, words: Vocabulary
) -> Control:
    name, asked = fact.id, fact.asked(role)
    question = asked.question
    yes_no = ((YES, say("assistant.yes")), (NO, say("assistant.no")))
    choices: tuple[tuple[str, str], ...] = ()
    if condition.includes is not None:
        name = f"{GROUP}{condition.includes}"
        question = say("assistant.group", label=words.groups[condition.includes].label)
        choices = yes_no
    elif fact.type == "yes_no":
        choices = yes_no
    elif fact.type == "choice":
        # Who speaks for an enterprise is not asked whom she works for.
        choices = tuple(asked.options.items())
    elif fact.type == "occupation":
        choices = tuple((one.id, one.label) for one in words.occupations.values())
    value = fields.get(name, "")
    return Control(name, question, asked.why, choices, value, fact.unit or "", False, False)


def _known(name: str, text: str, words: Vocabulary) -> Known | None:
    if name.startswith(GROUP):
        group = words.groups[name.removeprefix(GROUP)].label
        return Known(name, group, text, say("assistant.yes" if text == YES else "assistant.no"))
    fact = words.facts.get(name)
    if fact is None:
        return None
    if fact.type == "yes_no":
        shown = say("assistant.yes" if text == YES else "assistant.no")
    elif fact.type == "choice":
        shown = fact.options[text].label
    elif fact.type == "occupation":
        shown = words.occupations[text].label
    else:
        shown = f"{text}{fact.unit or ''}"
    return Known(name, fact.label, text, shown)
