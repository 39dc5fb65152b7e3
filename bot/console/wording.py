"""What the console says besides its templates (`wording.yaml`)."""

from __future__ import annotations

from pathlib import Path

from knowledge.sentences import Sentences

_SENTENCES = Sentences(Path(__file__).with_name("wording.yaml"))
say, table = _SENTENCES.say, _SENTENCES.table
