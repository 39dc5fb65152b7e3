"""The project that Rasa trains: what the embedded engine learns from, written out as Rasa reads it.

Rasa sees messages after our normalisation and without places, so it is given the training examples
alike, and in a file of their own those with a slip; it reads the vocabulary as jieba user
dictionary; and the pipeline is the config as it stands, so that one which the embedded engine
refuses can still be served by Rasa. The examples are written so that `read_files` reads them back.
A file is touched only when its content changes: `make` trains Rasa anew only then. What
`anxin nlu export DIR` writes is trained by `nlu.rasa_server.train_rasa`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from nlu.places import placeless
from nlu.split import asked
from nlu.tokens import dictionary_lines
from nlu.training_data import TrainingData, slips

DATA = "data"  # folder of the training files within the project
EXAMPLES = "nlu.yml"
_SLIPS = "slips.yml"
_DICTIONARY = "dictionary"  # where every config's JiebaTokenizer looks (nlu.pipeline.Tokenizer)


def export(data: TrainingData, config: Path, folder: Path) -> None:
    """Write the project into `folder`. Raises `OSError`."""
    data = placeless(data)
    intents = sorted({example.intent for example in data.examples})
    _write(folder / _DICTIONARY / "vocabulary.txt", dictionary_lines())
    slipped = TrainingData(tuple(slip for _, slip in slips(data.examples)))
    _write(folder / DATA / EXAMPLES, _training_file(data))
    _write(folder / DATA / _SLIPS, _training_file(slipped))
    _write(folder / "config.yml", config.read_text(encoding="utf-8").splitlines())
    _write(
        folder / "domain.yml", ['version: "3.1"', "intents:", *(f"- {name}" for name in intents)]
    )


def shortened(data: TrainingData, longest: int) -> TrainingData:
    """`data` with its stories cut to their question, `longest` characters at most.

    DIET pads every message of a batch to the longest of them: 2 % of stories make its training
    several times slower.
    """
    examples = (
        replace(one, text=asked(one.text, longest)[-longest:]) if len(one.text) > longest else one
        for one in data.examples
    )
    return replace(data, examples=tuple(examples))


def _training_file(data: TrainingData) -> Iterator[str]:
    yield 'version: "3.1"'
    yield "nlu:"
    for pattern in data.patterns:
        yield f"- regex: {pattern.name}"
        yield "  examples: |"
        yield f"    - {pattern.pattern}"
    texts: defaultdict[str, list[str]] = defaultdict(list)
    for example in data.examples:
        texts[example.intent].append(example.text)
    for intent, examples in texts.items():
        yield f"- intent: {intent}"
        yield "  examples: |"
        for text in examples:
            yield f"    - {_plain(text)}"


def _plain(text: str) -> str:
    """`text` without what Rasa would read as an entity's mark."""
    return text.translate(str.maketrans("[]{}", "【】｛｝"))


def _write(path: Path, lines: Iterable[str]) -> None:
    text = "\n".join(lines) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
