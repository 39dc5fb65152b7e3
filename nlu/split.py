"""One message, several questions: where one may end and the next begin.

Only the text's own signs are used: punctuation, words that announce another question (还有, 另外),
question particles. Cuts are proposed generously; whether a part asks something of its own is for
the engine to say (nlu/understand.py joins what belongs together).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from knowledge.vocabulary import vocabulary

_MARKS = re.compile(r"(?<=[。！？；，…])")
# Words that announce another question. 还有 also means “still have” (还有效吗, 还有没有名额).
_ANOTHER = re.compile(
    r"(?:还有(?![没效多几吗不点些]|什么|哪|名额|机会|用|救|钱|补贴吗|希望)|另外(?![一的])|另一个(?:问题|是)|"
    r"再(?:问|请问|就是|者|有就是|一个[是，就])|顺便(?:再|也)?(?:问|想问|打听|咨询|了解)?|顺带(?:问)?|"
    r"还(?:想|要)(?:再|知道|了解)?(?:问|请教|打听|咨询)|以及|其次|第[一二三四](?:个问题|个?是|，|、)|"
    r"(?:^|(?<=[\s，。；？！：吗呢]))(?:[(（]?[1-9一二三四五][)）、.](?!\d)|[一二三四]是(?=想|要|问|关于|，))|"
    r"(?:^|(?<=[，。；、：:事题]))(?:一个|一件)(?:事)?是(?=[^，。]{4})|同时(?:想|请)?问|除此之外|此外|然后(?:就是|我?想|再)?问?|还可有|还想问|再一个|对了|最后(?:再)?问)"
)
# 培训还有五十元减免吗 asks whether there still is one.
_STILL = re.compile(r"(?<=[^，。？！；\s])还有[^，。？！]*(?:吗|没|么|没有|不)[？。！]?$")
# A particle that ends a question, with more text after it (speech recognition writes no marks).
_PARTICLE = re.compile(r"(?<=[吗呢啊呀])(?=[^，。？！；…\s]{4})")
_QUESTION = re.compile(
    r"[吗呢嘛][？。！]?$|？|多少|多久|多长|几[多个天年次钱时岁成号]|怎么|怎样|怎办|如何|咋|啥|什么|哪|谁|何时|"
    r"有没有|有无|能不能|能否|可不可以|可否|是不是|是否|要不要|用不用|需不需要|会不会|行不行|好不好|算不算|够不够|"
    r"对不对|应不应该|(.)不\1|还是|[^有]没$|[^要]不$|流程$|条件$|标准$|材料$|手续$|了没有?$|真的假的"
)
_FILLER = re.compile(
    r"^(?:[，。！？；、…\s]|还有|另外|再|请问|问|顺便|以及|然后|对了|一下|的话|就是|你好|您好|那|啊|呢|吧|想|我|谢谢|麻烦|"
    r"在吗|有人吗|哈喽|早上好|下午好|晚上好|不好意思|打扰了?|太?感谢了?|好的|知道了|明白了|急)*$"
)
# What leads up to a question and says nothing of it.
_LEAD = re.compile(
    r"^(?:[，。！？；、…：:\s]|(?:和|与|跟|及)(?!我|公司|老板|雇主)|也(?=想)|你好|您好|哈喽|早上好|下午好|晚上好|在吗|有人吗|在不在|老师|请问|麻烦|不好意思|打扰(?:一下|您|了)*|"
    r"太?(?:感谢|谢谢)(?:你|您|了|啦)*|好的|知道了|明白了|还有(?!没|效|几|多|吗)(?:就是)?|另外|此外|除此之外|其次|首先|最后|然后|对了|"
    r"顺便|顺带|同时|以及|再(?:就是|者|一个|有)?(?=就|，|问|请|咨|是|想)|(?:我)?(?:还)?(?:想|要)?(?:再)?(?:咨询|打听|请教|了解|问问?|询问)(?:一下|一句|下|您|你)*|"
    r"(?:我)?想(?:要)?知道|(?:还有)?一个(?:问题)?是|一是|二是|三是|第[一二三](?:个问题|个?是|，|、)|[(（]?[1-9一二三][)）、.](?!\d)|那(?=么|我|，)|两个问题[：:]?|就是)+"
)
_PUNCTUATION = re.compile(r"[，。！？；、…\s]")
_LEAST = 3
# How a question ends, where no mark says so.
_ENDED = re.compile(
    r"(?:怎么(?:领|办|报|申请|弄|考|评|查|买|交|认定|算|赔|用|登记)|多少钱?|多久|谁(?:给)?(?:出|买|交|领|管)|[吗呢啊]|"
    r"[去在到]哪(?:里|儿|个部门)?(?:办|领|买|查|交|考|学)|什么(?:条件|材料|时候)|"
    r"(?:算不算|是不是|有没有|要不要|能不能|会不会|可不可以|给不给)[^，。？]{2,8})$"
)
_BEFORE = 4  # characters a question has at least, for another to begin without a mark


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


def core(part: str) -> str:
    """`part` without what only leads up to it: 您好，请问另外怎么报名 asks 怎么报名."""
    found = _LEAD.match(part)
    rest = part[found.end() :] if found else part
    return rest if len(_PUNCTUATION.sub("", rest)) >= _LEAST else part


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
    bare = piece.strip("，。！；、… \n")
    return bare in _subjects() or (_QUESTION.search(bare) is not None and not _FILLER.match(piece))


@cache
def _subjects() -> frozenset[str]:
    """What topics are called; said alone, each of them asks."""
    return frozenset(
        name
        for topic in vocabulary().topics.values()
        for name in (*topic.called, *re.split("[、（）“”]", topic.label))
        if len(name) > 1
    )


@cache
def _subject() -> re.Pattern[str]:
    names = sorted(_subjects(), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, names)))


# Where two subjects may stand side by side.
_BETWEEN = re.compile(
    r"(?<=[，、；。])|(?<=[吗呢啊])(?=[^，。？！；])|(?=(?:和|与|跟|及|以及|再|也)[^，。])"
)
_REQUEST = re.compile(
    r"(?:要|想)(?:给|办|买|申请|申报|报名|投诉|查|学|找|转|问|了解|咨询|知道)|帮我|讲讲|说说|介绍|咨询"
)
# Asked of both together: 意外险和工伤保险有什么区别.
_TOGETHER = re.compile(
    r"区别|不同|不一样|一样|哪个(?!部门|窗口|单位|地方|局)|还是|一起|同时|都能|都领|重复|两个都|之间|冲突|通用|比[，。？]?|算不算|属于"
)


def halves(text: str) -> Iterator[tuple[str, str]]:
    """`text` cut in two wherever two subjects may stand side by side, if not asked of together."""
    if not _TOGETHER.search(text):
        for match in _BETWEEN.finditer(text):
            left, right = text[: match.start()], text[match.start() :]
            if min(len(left), len(right)) >= _LEAST and _asks(left) and _asks(right):
                yield left, right


def _asks(half: str) -> bool:
    return _REQUEST.search(half) is not None or is_question(core(half))


def names_a_subject(text: str) -> bool:
    """Whether `text` says what a topic is called."""
    return _subject().search(text) is not None


def _unmarked(piece: str) -> Iterator[int]:
    """Where a question may begin that no mark announces: 社保补贴怎么领|意外险谁给买."""
    start = 0
    for match in _subject().finditer(piece):
        seam = match.start()
        if piece[seam - 1 : seam] in ("和", "与", "跟"):
            seam -= 1
        before, after = piece[start:seam], piece[seam:]
        if (
            seam - start >= _BEFORE
            and _ENDED.search(before)
            and is_question(after)
            and _subject().search(before)
        ):
            start = seam
            yield seam


def _pieces(text: str) -> list[tuple[str, bool]]:
    """The text cut at every sign, and whether a piece opens with a word that announces another."""
    pieces: list[tuple[str, bool]] = []
    for marked in _MARKS.split(text):
        start = 0
        announcing = {
            match.start()
            for match in _ANOTHER.finditer(marked)
            if not (
                _STILL.match(marked, match.start())
                and not is_question(marked[start : match.start()])
            )
        }
        seams = announcing | {match.start() for match in _PARTICLE.finditer(marked)}
        seams |= set(_unmarked(marked))
        for seam in [*sorted(seams - {0}), len(marked)]:
            if marked[start:seam]:
                pieces.append((marked[start:seam], start in announcing))
            start = seam
    return pieces
