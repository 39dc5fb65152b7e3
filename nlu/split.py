"""One message, several questions: where one may end and the next begin.

Only the text's own signs are used: punctuation, words that announce another question (还有, 另外),
question particles. Cuts are proposed generously; whether a part asks something of its own is for
the engine to say (nlu/understand.py joins what belongs together).
"""

from __future__ import annotations

import re

_MARKS = re.compile(r"(?<=[。！？；，…])")
# Words that announce another question. 还有 also means “still have” (还有效吗, 还有没有名额).
_ANOTHER = re.compile(
    r"(?:还有(?![没效多几吗不点些]|什么|哪|名额|机会|用|救|钱|补贴吗|希望)|另外(?![一的])|另一个(?:问题|是)|"
    r"再(?:问|请问|就是|者|有就是|一个[是，就])|顺便(?:再|也)?(?:问|想问|打听|咨询|了解)?|顺带(?:问)?|"
    r"还(?:想|要)(?:再|知道|了解)?(?:问|请教|打听|咨询)|以及|其次|第[一二三四](?:个问题|个?是|，|、)|"
    r"(?:^|(?<=[\s，。；？！：吗呢]))(?:[(（]?[1-9一二三四五][)）、.](?!\d)|[一二三四]是(?=想|要|问|关于|，))|"
    r"同时(?:想|请)?问|除此之外|此外|然后(?:就是|我?想|再)?问?|还可有|还想问|再一个|对了|最后(?:再)?问)"
)
# A particle that ends a question, with more text after it (speech recognition writes no marks).
_PARTICLE = re.compile(r"(?<=[吗呢])(?=[^，。？！；…\s]{4})")
_QUESTION = re.compile(
    r"[吗呢嘛][？。！]?$|？|多少|多久|多长|几[多个天年次钱时岁成号]|怎么|怎样|怎办|如何|咋|啥|什么|哪|谁|何时|"
    r"有没有|有无|能不能|能否|可不可以|可否|是不是|是否|要不要|用不用|需不需要|会不会|行不行|好不好|算不算|够不够|"
    r"对不对|应不应该|(.)不\1|[^有]没$|[^要]不$|流程$|条件$|标准$|材料$|手续$|了没有?$|真的假的"
)
_FILLER = re.compile(
    r"^(?:[，。！？；、…\s]|还有|另外|再|请问|问|顺便|以及|然后|对了|一下|的话|就是|你好|您好|那|啊|呢|吧|想|我|谢谢|麻烦)*$"
)
_LEAST = 3


def questions(text: str) -> tuple[str, ...]:
    """The questions that the normalised `text` may hold, in order; one part when it holds one.

    What leads up to a question belongs to it, what trails the last one to the last. The parts are
    the text again when joined, but for spaces at the seams.
    """
    parts: list[str] = []
    pending = ""
    for piece, announced in _pieces(text):
        opens = announced or (is_question(pending) and is_question(piece))
        if pending and opens and not _FILLER.match(pending) and len(piece) >= _LEAST:
            parts.append(pending)
            pending = piece
        else:
            pending += piece
    if parts and _FILLER.match(pending):
        parts[-1] += pending
    elif pending:
        parts.append(pending)
    return tuple(stripped for part in parts if (stripped := part.strip())) or (text,)


def announced(part: str) -> bool:
    """Whether `part` opens with a word that announces another question."""
    return _ANOTHER.match(part.lstrip("，。！？；、… ")) is not None


def asked(text: str, length: int = 40) -> str:
    """The last question of a long `text` with what stands before it, up to `length` characters."""
    pieces = [piece for piece in _MARKS.split(text) if piece]
    last = next((i for i in reversed(range(len(pieces))) if is_question(pieces[i])), None)
    if last is None:
        return text[-length:]
    result = pieces[last]
    for piece in reversed(pieces[:last]):
        if len(piece) + len(result) > length:
            break
        result = piece + result
    return result


def is_question(piece: str) -> bool:
    """Whether `piece` asks something, by its words or its mark."""
    return _QUESTION.search(piece.strip("，。！；、… \n")) is not None and not _FILLER.match(piece)


def _pieces(text: str) -> list[tuple[str, bool]]:
    """The text cut at every sign, and whether a piece opens with a word that announces another."""
    pieces: list[tuple[str, bool]] = []
    for marked in _MARKS.split(text):
        start = 0
        announcing = {match.start() for match in _ANOTHER.finditer(marked)}
        seams = announcing | {match.start() for match in _PARTICLE.finditer(marked)}
        for seam in [*sorted(seams - {0}), len(marked)]:
            if marked[start:seam]:
                pieces.append((marked[start:seam], start in announcing))
            start = seam
    return pieces
