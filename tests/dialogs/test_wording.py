"""The wording table and the code that uses it fit each other; what people read is plain Chinese."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dialogs.converse import Conversation
from dialogs.gloss import glossed
from dialogs.memory import Memory
from dialogs.reply import Block, Message, Reply, Statement, Status
from dialogs.text import as_text
from dialogs.wording import has, table
from knowledge.standing import Standing
from knowledge.strict_yaml import read
from nlu.intents import intents
from tests.conversing import without_explanations

ROOT = Path("dialogs")
SENTENCES: dict[str, Any] = read(ROOT / "wording.yaml").data
# What is filled in at run time: which keys a computed name can stand for.
COMPUTED: dict[str, list[str]] = {
    "near.": [f"near.{name}" for name, one in intents().items() if one.kind == "near"],
    "talk.": [
        f"talk.{name}"
        for name, one in intents().items()
        if one.kind in ("social", "service", "far") and name != "what_can_i_get"
    ],
    "standing.short.": [f"standing.short.{one.value}" for one in Standing],
    "standing.": [f"standing.{one.value}" for one in Standing]
    + [f"standing.{n}" for n in ("repealed_dated", "repealed_later", "years_of_another")],
    "conditions.": [
        f"conditions.{n}" for n in ("met", "not_met", "unknown", "at_least", "at_most")
    ],
    "amount.": [f"amount.{n}" for n in ("free", "given", "not_given", "set_elsewhere")],
    "opener.amount_": [
        f"opener.amount_{n}"
        for n in ("free", "free_for_some", "given", "not_given", "set_elsewhere")
    ],
    "office.": [
        f"office.{n}" for n in ("lead", "accepts", "labour_rights", "complaint", "work_injury")
    ],
    "interview.": [
        f"interview.{n}"
        for n in (
            "met",
            "not_met",
            "unknown",
            "unconditional",
            "not_yet",
            "repealed",
            "news_report",
            "target_period_ended",
        )
    ],
    "why.": [f"why.{n}" for n in ("met", "not_met", "unknown")],
}
# Keys held in a table of the code before they are said.
_NAMED = re.compile(r'"((?:opener|region|interview|talk|standing)\.[a-z_.]+)"')
_SAYS_OURS = re.compile(r"from dialogs\.wording import[^\n]*\bsay\b(?! as)")
_CALL = re.compile(r'\b(?:say|say_in|has)\(\s*(?:[\w.\[\]]+,\s*)?(f?)"([^"]+)"')


def _keys(node: Any, prefix: str = "") -> Iterator[str]:
    for name, value in node.items():
        if isinstance(value, dict):
            yield from _keys(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


ALL_KEYS = [key for key in _keys(SENTENCES) if not key.startswith(("gloss.", "terms."))]


def _sources() -> str:
    paths = [*sorted(ROOT.rglob("*.py")), *sorted(Path("bot").rglob("*.py"))]
    texts = (path.read_text(encoding="utf-8") for path in paths)
    # Other parts have sentences and a `say` of their own.
    own = (ROOT / "wording.py").read_text(encoding="utf-8")
    return "\n".join([own, *(text for text in texts if _SAYS_OURS.search(text))])


def _used() -> set[str]:
    source = _sources()
    used = set(_NAMED.findall(source)) | {key for key in ALL_KEYS if f'"{key}"' in source}
    for computed, key in _CALL.findall(source):
        if not computed:
            used.add(key)
            continue
        stem = key.partition("{")[0]
        below = [known for known in ALL_KEYS if known.startswith(stem)]
        assert below, f"no key begins as {key} does"
        used |= set(COMPUTED.get(stem, below))
    return used


def test_every_key_used_exists() -> None:
    assert not [key for key in _used() if not has(key)]


def test_every_key_is_used() -> None:
    assert not sorted(set(ALL_KEYS) - _used())


def _arguments(key: str) -> list[set[str]]:
    """The names given at each call of `say` with this very key."""
    calls = re.findall(
        rf'\bsay\(\s*"{re.escape(key)}"((?:[^()]|\([^()]*(?:\([^()]*\)[^()]*)*\))*)\)', _sources()
    )
    return [set(re.findall(r"(?:^|[,\s(])([a-z_]+)=", call)) for call in calls]


@pytest.mark.parametrize("key", ALL_KEYS)
def test_every_blank_is_filled(key: str) -> None:
    node: Any = SENTENCES
    for part in key.split("."):
        node = node[part]
    blanks = {name for _, name, _, _ in string.Formatter().parse(node) if name}
    for given in _arguments(key):
        assert blanks <= given, f"{key} is said without {blanks - given}"


@pytest.mark.parametrize("key", ALL_KEYS)
def test_no_english(key: str) -> None:
    node: Any = SENTENCES
    for part in key.split("."):
        node = node[part]
    text = re.sub(r"\{[^{}]*\}", "", node)
    if key == "input.foreign":  # for whom the sentence is
        text = text.replace("Please ask in Chinese, for example", "")
    if key.startswith("terminal."):  # names of commands
        text = re.sub(r"/[a-z-]+", "", text)
    assert not re.search("[A-Za-z]{2,}", text)


# --- trade words ---------------------------------------------------------------------------------


def _reply(*texts: str, kind: Any = "conclusion", heading: str | None = None) -> Reply:
    return Reply(Status.ANSWERED, (Block(kind, tuple(map(Statement, texts)), heading),))


def test_glosses_are_short() -> None:
    assert all(5 <= len(meaning) <= 12 for meaning in table("gloss").values())


@pytest.mark.parametrize("word", ["员工制", "灵活就业", "新型学徒制", "两后生", "回炉"])
def test_a_trade_word_is_explained_once(word: str) -> None:
    reply = glossed(_reply(f"{word}是什么。", f"再说一遍{word}。"))
    meaning = table("gloss")[word]
    assert as_text(reply).count(f"{word}（{meaning}）") == 1
    assert as_text(reply).index(meaning) < as_text(reply).index("再说一遍")


def test_a_word_in_its_own_quotation_marks_is_explained_after_them() -> None:
    text = as_text(glossed(_reply("每年1次“回炉”培训。")))
    assert text == f"每年1次“回炉”（{table('gloss')['回炉']}）培训。"


@pytest.mark.parametrize(
    "text",
    [
        "文件写“给予员工制企业补贴”。",
        "《广州企业新型学徒制实施意见》2020年印发。",
        "（员工制的不算）",
    ],
)
def test_what_is_quoted_stays_as_it_is(text: str) -> None:
    assert as_text(glossed(_reply(text))) == text


def test_quotations_stay_as_they_are() -> None:
    reply = _reply("员工制企业", kind="quotation")
    assert glossed(reply) == reply


def test_a_heading_counts_as_the_first_mention() -> None:
    text = as_text(glossed(_reply("员工制企业", kind="conditions", heading="员工制")))
    assert text.startswith("员工制（")
    assert text.endswith("：员工制企业")


def test_the_longer_word_is_explained_whole() -> None:
    text = as_text(glossed(_reply("灵活就业人员可以参加，灵活就业的也可以。")))
    assert text.count("（") == 1
    assert text.startswith("灵活就业人员（")


@pytest.mark.parametrize(
    "question",
    [
        "长治社保补贴怎么领",
        "广州家政免费培训谁能去",
        "广州企业新型学徒制怎么备案",
        "广州两后生读技校免学费吗",
        "长治签服务协议的阿姨怎么交社保",
        "昆区员工制企业怎么备案",
    ],
)
def test_no_answer_leaves_a_trade_word_unexplained(
    conversation: Conversation, question: str
) -> None:
    reply, _ = conversation.converse(Message(question), Memory())
    shown = "\n".join(
        (block.heading or "") + "".join(s.text for s in block.statements)
        for block in reply.blocks
        if block.kind != "quotation"
    )
    plain = re.sub("《[^》]*》|“[^”]{4,}”", "", shown)
    for word, meaning in table("gloss").items():
        bare = without_explanations(plain)
        longer = [w for w in table("gloss") if word in w and w != word and w in bare]
        if word in bare and not longer:
            assert f"（{meaning}）" in shown, f"{word} unexplained in {shown}"
