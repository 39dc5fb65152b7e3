"""One message, several questions: where one ends and the next begins.

Only the text's own signs are used: punctuation, words that announce another question (还有, 另外),
question particles. A story with one question stays whole, whatever its length, because a cut needs
a question on both sides. Whether two parts ask the same thing is for the engine to say
(nlu/understand.py joins them again).
"""

from __future__ import annotations

import re

_MARKS = re.compile(r"(?<=[。！？；，…])|(?<=\n)")
# Words that announce another question. 还有 also means “still have” (还有效吗, 还有没有名额).
_ANOTHER = re.compile(
    r"(?:还有(?![没效多几吗不]|什么|啥|哪|名额|机会|用)|另外|再(?:问|请问|就是|者)|顺便(?:再)?(?:问|想问)?|"
    r"还(?:想|要)(?:再)?问|以及|其次|第[二三四]个?(?:问题)?[,，是、]?|[二三四]是|同时|除此之外|此外|"
    r"然后(?:就是|我想|想问)|仲有|仲想问|再一个|还有一个|对了)"
)
# A particle that ends a question, with more text after it (speech recognition writes no marks).
_PARTICLE = re.compile(r"(?<=[吗呢嘛])(?=[^，。！？；…\s]{5})")
_QUESTION = re.compile(
    r"[吗呢嘛]|[?？]|多少|多久|多长|几[多个天年次钱时岁点成月号]|怎么|怎样|怎办|如何|咋|啥|什么|甚|哪|谁|何时|"
    r"点样|点解|边[度个位]|乜|有[没冇]有?|有冇|没有$|能不能|能否|可不可以|可否|是不是|是否|要不要|用不用|需不需要|"
    r"该不该|会不会|得不得|行不行|好不好|算不算|够不够|对不对|係咪|系咪|使唔使|得唔得|可唔可以|能.{1,12}不$|行不$|成不$|"
    r"(.)不\1|流程$|条件$|标准$|材料$|手续$|^(?:我)?(?:想|要)(?:问|了解|知道|咨询|查)"
)
_FILLER = re.compile(
    r"^(?:[，。！？；、…\s]|还有|另外|再问|请问|顺便|以及|然后|对了|问一下|一下|的话|就是|你好|您好|那|啊|呢|吧)*$"
)


def questions(text: str) -> tuple[str, ...]:
    """The questions of the normalised `text` in order; one part when it holds one or none.

    What leads up to a question belongs to it, what trails the last one to the last. The parts
    joined are the text again, but for spaces at the seams.
    """
    parts: list[str] = []
    pending = ""
    for piece in _pieces(text):
        # A piece that opens another question closes the one before it.
        if pending and is_question(pending) and is_question(piece):
            parts.append(pending)
            pending = piece
        elif parts and not pending:
            pending = piece
        else:
            pending += piece
    if pending:
        parts.append(pending)
    return tuple(part.strip() for part in parts) or (text,)


def is_question(piece: str) -> bool:
    """Whether `piece` asks something, by its words or its mark."""
    return _QUESTION.search(piece.strip("，。！；、… \n")) is not None and not _FILLER.match(piece)


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    for marked in _MARKS.split(text):
        start = 0
        seams = {match.start() for match in _ANOTHER.finditer(marked)}
        seams |= {match.start() for match in _PARTICLE.finditer(marked)}
        for seam in sorted(seams):
            if seam > start:
                pieces.append(marked[start:seam])
                start = seam
        if marked[start:]:
            pieces.append(marked[start:])
    return pieces
