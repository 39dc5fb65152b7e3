"""`anxin bench nlu`: the embedded engine beside Rasa, on one machine in one run.

Each engine is trained anew on the same examples in a folder of the run, then started in a process
of its own and asked the same messages, one after the other. A parse is timed as the bot pays for
it: a call for the embedded engine, a request on a kept-open connection for Rasa.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from nlu.engine import CONFIG, MODEL_NAME, TRAINING, EmbeddedClassifier, train
from nlu.rasa_engine import RasaClassifier
from nlu.rasa_export import export, shortened
from nlu.rasa_server import MODEL, RASA, RasaFailed, serving, train_rasa
from nlu.report import EVALUATION
from nlu.tokens import dictionary_lines
from nlu.training_data import Example, TrainingData, read_files, read_training_data
from nlu.understand import Understander
from nlu.understanding import Classifier

Progress = Callable[[str], None]
DIET = Path(__file__).parents[2] / "nlu" / "rasa" / "diet.yml"
SAME = "Rasa, same pipeline"
_DIET_LONGEST = 60  # characters of a message, in training; as in the Makefile
_WARM = 20  # messages that are not timed: a running process has its caches warm


@dataclass(frozen=True)
class Answers:
    """What an engine said of each message, and how many milliseconds each took."""

    intents: list[str]
    milliseconds: list[float]


@dataclass(frozen=True)
class Figures:
    """One engine measured. Times in seconds, memory (of the whole process) in MB."""

    engine: str
    answers: Answers
    in_the_bot: list[str]  # the intents once the bot has weighed the engine's opinion
    train: float
    start: float
    memory: float


def nlu_bench(diet: bool, keep: Path | None = None, progress: Progress = lambda _line: None) -> str:
    """The table of figures; with `diet` Rasa's DIET too, which trains far longer.

    In `keep` the trained models stay, and a later run on the same data and configs takes them from
    there with the time that their training took. Raises `RasaFailed` without Rasa's environment,
    and `DataError` for broken training data.
    """
    if not RASA.exists():
        raise RasaFailed("there is no .venv-rasa; run make rasa")
    messages = _messages()
    data = read_training_data(TRAINING)
    with tempfile.TemporaryDirectory() as name:
        folder = keep or Path(name)
        embedded = _of(folder, "embedded", data, CONFIG)
        progress("embedded: training")
        trained = _seconds(embedded, lambda: train(embedded))
        ours = EmbeddedClassifier.load(embedded / MODEL_NAME)
        rows = [_embedded(embedded, trained, ours, messages, progress)]
        same = _of(folder, "same", data, CONFIG)
        rows.append(_rasa(SAME, CONFIG, data, same, ours, messages, progress))
        if diet:
            cut = shortened(data, _DIET_LONGEST)
            place = _of(folder, "diet", cut, DIET)
            rows.append(_rasa("Rasa DIET", DIET, cut, place, ours, messages, progress))
    return table(rows, messages, len(data.examples))


def _of(folder: Path, engine: str, data: TrainingData, config: Path) -> Path:
    """Where the engine trained on just this is kept."""
    trained_on = "\n".join([config.read_text(encoding="utf-8"), repr(data), *dictionary_lines()])
    place = folder / f"{engine}-{sha256(trained_on.encode()).hexdigest()[:12]}"
    place.mkdir(parents=True, exist_ok=True)
    return place


def _seconds(folder: Path, work: Callable[[], object]) -> float:
    """How long the training took, now or when the kept folder was made."""
    took = folder / "training-seconds"
    if not took.exists():
        started = time.monotonic()
        work()
        took.write_text(f"{time.monotonic() - started:.1f}\n")
    return float(took.read_text())


def table(rows: Sequence[Figures], messages: Sequence[Example], examples: int) -> str:
    """The figures in Markdown, the first engine's agreement with each of the others with them."""
    inside = [place for place, one in enumerate(messages) if one.path.name == "in_scope.yml"]
    outside = [place for place, one in enumerate(messages) if one.path.name != "in_scope.yml"]
    everywhere = range(len(messages))
    head = ("engine", "in scope", "out of scope", "all", "all, in the bot", "as embedded")
    lines = [
        f"{examples} training examples; {len(inside)} messages in scope, {len(outside)} outside",
        "",
        _line(*head, "p50 ms", "p99 ms", "start s", "memory MB", "training s"),
        _line(*["---"] * 11),
    ]
    for row in rows:
        times = sorted(row.answers.milliseconds)
        lines.append(
            _line(
                row.engine,
                f"{_right(row.answers.intents, messages, inside):.1%}",
                f"{_right(row.answers.intents, messages, outside):.1%}",
                f"{_right(row.answers.intents, messages, everywhere):.1%}",
                f"{_right(row.in_the_bot, messages, everywhere):.1%}",
                f"{_alike(row, rows[0]):.1%}",
                f"{times[len(times) // 2]:.2f}",
                f"{times[len(times) * 99 // 100]:.2f}",
                f"{row.start:.1f}",
                f"{row.memory:.0f}",
                f"{row.train:.0f}",
            )
        )
    for row in rows[1:]:
        if row.engine == SAME:
            lines += ["", *_differing(row, rows[0], messages)]
    return "\n".join(lines)


def _differing(row: Figures, first: Figures, messages: Sequence[Example]) -> list[str]:
    """Each message that the same pipeline files otherwise in the two engines."""
    answers = zip(messages, first.answers.intents, row.answers.intents, strict=True)
    differ = [(one, ours, theirs) for one, ours, theirs in answers if ours != theirs]
    head = f"{len(differ)} messages on which {first.engine} and {row.engine} differ"
    if not differ:
        return [head]
    cells = [_line(one.written, one.intent, ours, theirs) for one, ours, theirs in differ]
    return [
        head,
        "",
        _line("message", "wanted", first.engine, row.engine),
        _line(*["---"] * 4),
        *cells,
    ]


def ask(classifier: Classifier, texts: Sequence[str]) -> Answers:
    """Every text classified in order, each timed."""
    for text in texts[:_WARM]:
        classifier.classify(text)
    intents, milliseconds = [], []
    for text in texts:
        started = time.perf_counter()
        best = classifier.classify(text)[0]
        milliseconds.append((time.perf_counter() - started) * 1e3)
        intents.append(best.intent)
    return Answers(intents, milliseconds)


def understood(bot: Understander, texts: Sequence[str]) -> list[str]:
    """The intent of every text as the bot takes it."""
    return [bot.understand_whole(text).intent for text in texts]


def answer_alone(model_dir: str) -> None:
    """The measured process: load the model, say so, then answer the texts on standard input."""
    classifier = EmbeddedClassifier.load(Path(model_dir) / MODEL_NAME)
    classifier.classify("你好")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    answers = ask(classifier, json.loads(sys.stdin.readline()))
    sys.stdout.write(json.dumps({**asdict(answers), "memory": _memory("self")}) + "\n")


def _embedded(
    folder: Path,
    trained: float,
    ours: Classifier,
    messages: Sequence[Example],
    progress: Progress,
) -> Figures:
    progress("embedded: measuring")
    code = "import sys; from bot.bench.nlu import answer_alone; answer_alone(sys.argv[1])"
    started = time.monotonic()
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", code, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("the embedded engine did not start; its message is above")
        start = time.monotonic() - started
        texts = [one.text for one in messages]
        process.stdin.write(json.dumps(texts) + "\n")
        process.stdin.flush()
        found = json.loads(process.stdout.readline())
    memory = found.pop("memory")
    in_the_bot = understood(Understander(ours), texts)
    return Figures("embedded", Answers(**found), in_the_bot, trained, start, memory)


def _rasa(
    name: str,
    config: Path,
    data: TrainingData,
    folder: Path,
    beside: Classifier,
    messages: Sequence[Example],
    progress: Progress,
) -> Figures:
    export(data, config, folder)
    progress(f"{name}: training (minutes)")
    trained = _seconds(folder, lambda: train_rasa(folder))
    progress(f"{name}: measuring")
    with serving(folder / MODEL, folder / "run.log") as server:
        classifier = RasaClassifier(server.url, timeout=30)
        texts = [one.text for one in messages]
        answers, memory = ask(classifier, texts), _memory(server.pid)
        in_the_bot = understood(Understander(classifier, beside), texts)
        classifier.close()
        return Figures(name, answers, in_the_bot, trained, server.start, memory)


def _messages() -> Sequence[Example]:
    return read_files([EVALUATION / "in_scope.yml", EVALUATION / "out_of_scope.yml"]).examples


def _memory(process: int | str) -> float:
    """Resident memory of a process in MB, as Linux counts it."""
    status = Path(f"/proc/{process}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024


def _right(intents: Sequence[str], messages: Sequence[Example], places: Sequence[int]) -> float:
    right = sum(intents[place] == messages[place].intent for place in places)
    return right / len(places)


def _alike(row: Figures, first: Figures) -> float:
    pairs = list(zip(row.answers.intents, first.answers.intents, strict=True))
    return sum(one == other for one, other in pairs) / len(pairs)


def _line(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"
