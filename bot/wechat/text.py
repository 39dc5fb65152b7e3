"""A reply as WeChat texts: short sources, and pieces of at most 2,048 bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from bot.wechat.content import say
from dialogs.reply import Option, Reply
from dialogs.text import as_text, clause_name
from dialogs.wording import say as dialogue_says

# No official figure: 2,048 bytes of UTF-8 by experiment (beyond it the API answers 45002).
MOST_BYTES = 2048
# Kept free for what is put around a piece: “前面还有没说完的” above, “回复任意文字看下文” below.
_ROOM = 200

# Where a text may be cut, best first: paragraph, line, sentence, clause of a sentence, word.
_CUTS = (
    re.compile(r"\n\s*\n"),
    re.compile(r"\n"),
    re.compile(r"[。！？!?；;]+[”’」』）)]*"),
    re.compile(r"[，、,：:]"),
    re.compile(r"\s+"),
)


@dataclass(frozen=True)
class Part:
    """One WeChat text of a reply; the last one may offer options."""

    text: str
    options: tuple[Option, ...] = ()

    @property
    def whole(self) -> str:
        """The part with its options as a numbered list, as the dialogue understands numbers."""
        return "\n".join(filter(None, (self.text, numbered(self.options))))


def doubtful(part: Part) -> Part:
    """The part with a word that it may have come already."""
    return replace(part, text="\n".join(filter(None, (say("pending.maybe"), part.text))))


def size(text: str) -> int:
    """How many bytes WeChat counts."""
    return len(text.encode("utf-8", "replace"))


def parts_of(reply: Reply) -> list[Part]:
    """The texts that `reply` is sent as, always the same ones; none where it says nothing."""
    if not reply.blocks:
        return []
    most = MOST_BYTES - _ROOM
    body = as_text(replace(reply, options=(), citations=()))
    if reply.citations:
        body = f"{body}\n{_sources(reply)}"
    parts = [Part(piece) for piece in pieces(body, most)]
    if not reply.options:
        return parts
    last = replace(parts[-1], options=reply.options) if parts else Part("", reply.options)
    if parts and size(last.whole) <= most:
        return [*parts[:-1], last]
    listed = [Part(piece) for piece in pieces(numbered(reply.options), most)]
    return [*parts, *(listed if len(listed) > 1 else [Part("", reply.options)])]


def numbered(options: tuple[Option, ...]) -> str:
    """Options as lines with numbers."""
    return "\n".join(f"{number}. {option.label}" for number, option in enumerate(options, 1))


def pieces(text: str, most: int = MOST_BYTES) -> list[str]:
    """`text` in pieces of at most `most` bytes, cut at the end of a paragraph, else of a sentence,
    else wherever a character ends. Nothing is lost but white space at the cuts."""
    found: list[str] = []
    rest = text.strip()
    while rest:
        piece = rest if size(rest) <= most else rest[: _cut(rest, most)]
        rest = rest[len(piece) :].lstrip()
        if piece.strip():
            found.append(piece.rstrip())
    return found


def _cut(text: str, most: int) -> int:
    """How many characters go into the first piece: it is not made shorter than half for a better
    place to cut."""
    fits = text.encode("utf-8", "replace")[:most].decode("utf-8", "ignore")
    for pattern in _CUTS:
        ends = [match.end() for match in pattern.finditer(fits)]
        if ends and size(fits[: ends[-1]]) * 2 >= most:
            return ends[-1]
    return max(1, len(fits))


def _sources(reply: Reply) -> str:
    """Which clauses an answer rests on; their words are given when asked for (出处)."""
    lines = dict.fromkeys(
        say(
            "sources.line",
            document=citation.document,
            doc_no=f"（{citation.doc_no}）" if citation.doc_no else "",
            clause=clause_name(citation.clause),
            standing=dialogue_says(f"standing.short.{citation.standing.value}"),
        )
        for citation in reply.citations
    )
    return "\n".join((say("sources.heading"), *lines, say("sources.more")))
