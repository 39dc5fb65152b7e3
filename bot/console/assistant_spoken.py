"""An answer to be read aloud over the telephone, and one to be sent as a short message."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.console.wording import say
from dialogs.reply import BlockKind, Citation, Reply
from dialogs.text import clause_name, short
from dialogs.wording import say as in_plain_words

SMS_MOST = 300  # characters, all of it counted
# A text message asks nothing back: nobody reads an answer to it.
_FIRST: tuple[BlockKind, ...] = ("conclusion", "verdict", "talk")
_ENDS = frozenset("。？！；：，、")
_AFTER: tuple[BlockKind, ...] = ("conditions", "amount", "silence", "office")

_DIGITS = "零一二三四五六七八九"
_PLACES = ("", "十", "百", "千")
_GROUPS = ("", "万", "亿")
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
_ISO = re.compile(r"(?<![0-9])([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?![0-9])")
_YEAR = re.compile(r"(?<![0-9])((?:19|20)[0-9]{2})(?=年|[-—～~](?:19|20)[0-9]{2}年)")
_PERCENT = re.compile(rf"({_NUMBER})\s*[%％]")
_RANGE = re.compile(rf"({_NUMBER})\s*[-–—~～]\s*(?={_NUMBER})")
# 110, 12333, 95588: a telephone number unless a unit follows, and no round amount.
_HOTLINE = re.compile(
    r"(?<![0-9.])(110|119|120|122|(?:12|9[56])[0-9](?!00)[0-9]{2})(?![0-9.万元年月日人家名个岁天学小%％])"
)
_PER = re.compile(r"(元|万元)\s*/\s*")
_PLAIN = re.compile(_NUMBER)
_TWO_OF = frozenset("个年人家次名天倍项种类条份岁周户间")


def read_aloud(reply: Reply) -> str:
    """The short form of the answer, with numbers and dates written as they are spoken."""
    return spoken(short(reply))


def text_message(reply: Reply) -> str:
    """The answer in at most `SMS_MOST` characters, with what its documents are worth and where it
    stands; whole sentences only. Empty where the answer rests on no document."""
    if not reply.citations:
        return ""
    tail = _sources(reply.citations) + say("assistant.sms_end")
    said = ""
    for sentence in (*_sentences(reply, _FIRST), *_sentences(reply, (*_AFTER, "detail"))):
        if len(said) + len(sentence) + len(tail) <= SMS_MOST:
            said += sentence
    return said + tail


def _sources(citations: Sequence[Citation]) -> str:
    """The first clause of each document, as many as half the message holds."""
    first: dict[str, Citation] = {}
    for citation in citations:
        first.setdefault(citation.document_id, citation)
    said = ""
    for count, one in enumerate(first.values()):
        line = say(
            "assistant.sms_source",
            document=one.document,
            doc_no=one.doc_no or "",
            clause=clause_name(one.clause),
            standing=in_plain_words(f"standing.short.{one.standing.value}"),
        )
        if said and len(said) + len(line) > SMS_MOST // 2:
            return said + say("assistant.sms_more", count=len(first) - count)
        said += line
    return said


def _sentences(reply: Reply, kinds: Sequence[BlockKind]) -> list[str]:
    """The sentences of the blocks of `kinds`; a list under a heading is one sentence."""
    found: list[str] = []
    for block in (block for kind in kinds for block in reply.blocks if block.kind == kind):
        said = [_ended(statement.text) for statement in block.statements]
        found += [f"{block.heading}：{''.join(said)}"] if block.heading else said
    return list(dict.fromkeys(found))


def _ended(line: str) -> str:
    """A line of a list that stands alone on the page is a sentence among others here."""
    return line if line[-1:] in _ENDS else f"{line}。"


def spoken(text: str) -> str:
    """`text` with its numbers as they are said: 1500元 → 一千五百元, 2021年 → 二零二一年, 12333 →
    幺二三三三, 50% → 百分之五十, 3-5天 → 三到五天."""
    text = _THOUSANDS.sub("", text)
    text = _ISO.sub(lambda m: f"{m[1]}年{int(m[2])}月{int(m[3])}日", text)
    text = _PER.sub(lambda m: f"{m[1]}每", text)
    text = _PERCENT.sub(lambda m: f"百分之{number(m[1])}", text)
    text = _YEAR.sub(lambda m: digits(m[1]), text)
    text = _HOTLINE.sub(lambda m: digits(m[1]).replace("一", "幺"), text)
    text = _RANGE.sub(lambda m: f"{m[1]}到", text)

    def plain(found: re.Match[str]) -> str:
        follows = text[found.end() : found.end() + 1]
        before = text[found.start() - 1 : found.start()]
        if found[0] == "2" and follows in _TWO_OF and before != "第":
            return "两"
        if re.fullmatch("0[0-9]+|[0-9]{9,}", found[0]):
            return digits(found[0])
        return number(found[0])

    return _PLAIN.sub(plain, text)


def digits(figures: str) -> str:
    """Figure by figure."""
    return "".join(_DIGITS[int(figure)] for figure in figures)


def number(figures: str) -> str:
    """A number below 10¹², with or without a fraction, as it is said."""
    whole, _, fraction = figures.partition(".")
    value = int(whole)
    groups = []
    for place, group in enumerate(_GROUPS):
        part = value // 10_000**place % 10_000
        if part:
            groups.append((part, group))
    said = ""
    for index, (part, group) in enumerate(reversed(groups)):
        gap = index > 0 and part < 1000
        said += ("零" if gap else "") + _below_10000(part) + group
    said = said.removeprefix("一") if said.startswith("一十") else said
    said = re.sub("二(?=[千万亿])", "两", said) if not said.startswith("十二") else said
    return (said or "零") + (f"点{digits(fraction)}" if fraction else "")


def _below_10000(value: int) -> str:
    said, gap = "", False
    for place in (3, 2, 1, 0):
        figure = value // 10**place % 10
        if figure == 0:
            gap = bool(said)
            continue
        said += ("零" if gap else "") + _DIGITS[figure] + _PLACES[place]
        gap = False
    return said
