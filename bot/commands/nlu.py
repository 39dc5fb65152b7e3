"""`anxin nlu`: train, measure, and look into the understanding of messages."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from bot.settings import settings
from knowledge.strict_yaml import DataError
from nlu.engine import CONFIG, TRAINING, Explanation, load_or_train, train
from nlu.metrics import CurvePoint
from nlu.training_data import read_training_data
from nlu.understand import Understander
from nlu.understanding import Classifier, EngineUnavailable, Understanding

nlu_app = typer.Typer(no_args_is_help=True, add_completion=False)

_SHOWN = 12

TrainingFolder = Annotated[Path, typer.Option("--training", help="Folder of the training files.")]
ConfigFile = Annotated[Path, typer.Option("--config", help="The pipeline, a Rasa config.yml.")]


def _say(line: str) -> None:
    typer.echo(line, err=True)


def _fail(error: Exception) -> typer.Exit:
    typer.echo(str(error), err=True)
    return typer.Exit(1)


@nlu_app.command("train")
def train_model(training: TrainingFolder = TRAINING, config: ConfigFile = CONFIG) -> None:
    """Train the embedded engine; the last good model stays where training fails."""
    try:
        train(settings().model_dir, training, config, _say)
    except (DataError, ValueError, OSError) as error:
        raise _fail(error) from error


@nlu_app.command("parse")
def parse(
    text: Annotated[str, typer.Argument(help="The message, in Chinese.")],
) -> None:
    """Show what is understood of a message, and why."""
    try:
        classifier = load_or_train(settings().model_dir, progress=_say)
    except (DataError, ValueError, OSError) as error:
        raise _fail(error) from error
    for number, found in enumerate(Understander(classifier).understand(text), 1):
        _explain(number, found, classifier.explain(found.text, found.intent))


def _explain(number: int, found: Understanding, reasons: Explanation) -> None:
    """One question of a message, and why it was understood so."""
    engine = {score.intent: score.confidence for score in reasons.scores}
    typer.echo(f"question {number}: {found.text}")
    typer.echo(f"  tokens    {' | '.join(reasons.tokens)}")
    for family, words in reasons.families:
        typer.echo(f"  family    {family}" + (f" ← {words}" if words else ""))
    typer.echo(f"  aspects   {', '.join(sorted(found.aspects)) or '-'}")
    for entity in found.entities:
        no = "not " if entity.negated else ""
        typer.echo(f"  {entity.kind:<9} {no}{entity.value} ← {entity.text}")
    for score in found.ranking[:5]:
        own, second = engine.get(score.intent, 0.0), reasons.second.get(score.intent, 0.0)
        typer.echo(
            f"  {score.confidence:6.3f}    {score.intent:<24} engine {own:.3f}, "
            f"characters and sounds {second:.3f}"
        )
    if reasons.far is not None:
        typer.echo(f"  {reasons.far:6.3f}    far from our subject")
    typer.echo(f"  spoke for {found.intent}:")
    typer.echo("    " + ", ".join(f"{name!r} {gain:+.2f}" for name, gain in reasons.spoke_for))


@nlu_app.command("test")
def measure(
    as_json: Annotated[bool, typer.Option("--json", help="All figures as JSON.")] = False,
    rasa_url: Annotated[
        str | None, typer.Option("--rasa", help="Measure the Rasa server there instead.")
    ] = None,
) -> None:
    """Measure the engine on the test sets written apart from the training data."""
    from nlu.rasa_engine import RasaClassifier
    from nlu.report import evaluate

    try:
        if rasa_url is None:
            classifier: Classifier = load_or_train(settings().model_dir, progress=_say)
        else:
            classifier = RasaClassifier(rasa_url, timeout=30)
        report = evaluate(classifier, read_training_data(TRAINING).examples)
    except (DataError, ValueError, OSError, EngineUnavailable) as error:
        raise _fail(error) from error
    if as_json:
        typer.echo(json.dumps(dataclasses.asdict(report), ensure_ascii=False, indent=2))
        return
    typer.echo(
        f"messages             {report.messages}   "
        f"({report.given_away} more left out: nearly the same in the training data)"
    )
    typer.echo(f"intent accuracy      {report.accuracy:.1%}   macro-F1 {report.macro_f1:.3f}")
    typer.echo(f"  in scope           {report.in_scope_accuracy:.1%}")
    typer.echo(f"  near, right office {report.near_accuracy:.1%}")
    for noise, figure in report.noise.items():
        typer.echo(f"  {noise:<18} {figure:.1%} ({figure - report.in_scope_accuracy:+.1%})")
    whole = report.entities[0]
    typer.echo(
        f"entities F1          {whole.f1:.3f}   "
        + "  ".join(f"{row.kind} {row.f1:.2f}" for row in report.entities[1:])
    )
    typer.echo(
        f"several questions    {report.several_divided:.1%} of {report.several_messages} messages "
        f"divided rightly, {report.several_questions:.1%} with every question understood"
    )
    typer.echo(f"time a message       p50 {report.p50_ms:.2f} ms, p99 {report.p99_ms:.2f} ms")
    _show_curve(report.curve)
    typer.echo("weakest intents (F1, messages)")
    for intent in report.by_intent[:_SHOWN]:
        typer.echo(f"  {intent.f1:.2f}  {intent.messages:3}  {intent.intent}")
    typer.echo("commonest confusions (wanted → got)")
    for wanted, got, times in report.confusions[:_SHOWN]:
        typer.echo(f"  {times:3}  {wanted} → {got}")


def _show_curve(curve: Sequence[CurvePoint]) -> None:
    """False accepts against false rejects, by the confidence from which a message is answered."""
    typer.echo("threshold            " + _row(f"{point.threshold:.2f}" for point in curve))
    typer.echo("far answered         " + _row(f"{p.false_accepts:.1%}" for p in curve))
    typer.echo("in scope refused     " + _row(f"{p.false_rejects:.1%}" for p in curve))


def _row(cells: object) -> str:
    return " ".join(f"{cell:>6}" for cell in cells)  # type: ignore[attr-defined]


@nlu_app.command("report")
def data_report(training: TrainingFolder = TRAINING, config: ConfigFile = CONFIG) -> None:
    """Skeletons an intent, near-duplicates of test messages, cross-validation and its curve."""
    from nlu.intents import intents
    from nlu.metrics import accuracy, confusions, macro_f1, scope_curve
    from nlu.pipeline import read_pipeline
    from nlu.report import THRESHOLDS, apart_messages, cross_validate
    from nlu.similarity import LONG, near_duplicates, skeletons

    try:
        data = read_training_data(training)
        pipeline = read_pipeline(config)
        apart = apart_messages()
    except DataError as error:
        raise _fail(error) from error
    typer.echo("examples  skeletons  intent")
    for intent, (examples, distinct) in skeletons(data.examples).items():
        typer.echo(f"{examples:8}  {distinct:9}  {intent}")
    alike = near_duplicates(apart, data.examples)
    long = sum(len(pair.test.text) >= LONG for pair in alike)
    typer.echo(
        f"test messages too near to a training example, left out of every test: {len(alike)}, "
        f"{long} of them {LONG} characters or longer (a test refuses those; shorter ones are the "
        "language itself)"
    )
    for pair in alike:
        typer.echo(
            f"  {pair.similarity:.2f}  {pair.test.path.name}:{pair.test.line} "
            f"{pair.test.written} ~ {pair.training.path.name}:{pair.training.line}"
        )
    try:
        predictions = cross_validate(data, pipeline, progress=_say)
    except ValueError as error:
        raise _fail(error) from error
    typer.echo(
        f"cross-validation on the training data (not a test): "
        f"accuracy {accuracy(predictions):.1%}, macro-F1 {macro_f1(predictions):.3f}"
    )
    _show_curve(scope_curve(predictions, intents(), THRESHOLDS))
    for wanted, got, times in confusions(predictions)[:_SHOWN]:
        typer.echo(f"  {times:3}  {wanted} → {got}")


@nlu_app.command("export")
def export_for_rasa(
    folder: Annotated[Path, typer.Argument(help="Where Rasa's project is written.")],
    training: TrainingFolder = TRAINING,
    config: ConfigFile = CONFIG,
    longest: Annotated[
        int | None, typer.Option(min=1, help="Stories are cut to so many characters (DIET).")
    ] = None,
) -> None:
    """Write the project that Rasa trains: normalised data, dictionary, config (`make rasa`)."""
    from nlu.rasa_export import export, shortened

    try:
        data = read_training_data(training)
        export(data if longest is None else shortened(data, longest), config, folder)
    except (DataError, OSError) as error:
        raise _fail(error) from error
    _say(f"written to {folder}")
