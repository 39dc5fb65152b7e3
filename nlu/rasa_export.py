"""The project that Rasa trains: what the embedded engine learns from, written out as Rasa reads it.

Rasa sees messages after our normalisation, so it is given the training examples normalised too; it
reads the vocabulary as jieba user dictionary; and the pipeline is `config.yml` as it stands. What
`anxin nlu export DIR` writes is trained, in DIR, by `rasa train nlu --nlu data`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from nlu.pipeline import read_pipeline
from nlu.tokens import dictionary_lines
from nlu.training_data import TrainingData


def export(data: TrainingData, config: Path, folder: Path) -> None:
    """Write the project into `folder`. Raises `DataError` when `config` cannot be run."""
    pipeline = read_pipeline(config)
    dictionary = folder / pipeline.tokenizer.dictionary_path
    dictionary.mkdir(parents=True, exist_ok=True)
    (folder / "data").mkdir(exist_ok=True)
    _write(dictionary / "vocabulary.txt", dictionary_lines())
    _write(folder / "data" / "nlu.yml", _training_file(data))
    _write(folder / "config.yml", [config.read_text(encoding="utf-8").rstrip("\n")])
    intents = sorted({example.intent for example in data.examples})
    _write(
        folder / "domain.yml", ['version: "3.1"', "intents:", *(f"- {name}" for name in intents)]
    )


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
        yield "  examples:"
        # Written as strings of their own: Rasa's entity marks ([…], {…}) have no meaning here.
        for text in examples:
            yield "  - text: " + json.dumps(_plain(text), ensure_ascii=False)


def _plain(text: str) -> str:
    """`text` without what Rasa would read as an entity's mark."""
    return text.translate(str.maketrans("[]{}", "【】｛｝"))


def _write(path: Path, lines: Iterator[str] | list[str]) -> None:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
