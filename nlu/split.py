"""One message, several questions: where one may end and the next begin.

Only the text's own signs are used: punctuation, words that announce another question (还有, 另外),
words that end a question or begin one, names that stand side by side. Cuts are proposed generously;
which of them divide questions of different subjects is told from what each part is about
(nlu/divide.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import accumulate

from knowledge.vocabulary import vocabulary
from knowledge.words import one_of, tokens

_MARKS = re.compile(r"(?<=[。！？；，、…])")
# Words that announce another question. 还有 also means “still have” (还有效吗, 还有没有名额).
_ANOTHER = re.compile(
    r"(?:还有(?![没效多几吗不点些]|什么|哪|名额|机会|用|救|钱|补贴吗|希望)|另外(?![一的])|另一个(?:问题|是)|"
    r"再(?:问|请问|就是|者|有就是|一个[是，就])|顺便(?:再|也)?(?:问|想问|打听|咨询|了解)?|顺带(?:问)?|"
    r"还(?:想|要)(?:再|知道|了解)?(?:问|请教|打听|咨询)|以及|其次|第[一二三四](?:个问题|个?是|，|、|(?=[^年次期批步级名天月季个，、]))|问题[一二三四]|"
    r"(?:^|(?<=[\s，。；？！：吗呢]))(?:[(（]?[1-9一二三四五][)）、.](?!\d)|[一二三四]是(?=想|要|问|关于|，))|"
    r"(?:^|(?<=[，。；、：:事题]))(?:一个|一件)(?:事)?是(?=[^，。]{4})|同时(?:想|请)?问|除此之外|此外|然后(?:就是|我?想|再)?问?|还可有|还想问|再一个|对了|最后(?:再)?问)"
)
# 培训还有五十元减免吗 asks whether there still is one.
_STILL = re.compile(r"(?<=[^，。？！；\s])还有[^，。？！]*(?:吗|没|么|没有|不)[？。！]?$")
_QUESTION = re.compile(
    r"[吗呢嘛][？。！]?$|？|多少|多久|多长|几[多个天年次钱时岁成号]|怎么|怎样|怎办|如何|咋|啥|什么|哪|谁|何时|"
    r"有没有|有无|能不能|能否|可不可以|可否|是不是|是否|要不要|用不用|需不需要|会不会|行不行|好不好|算不算|够不够|"
    r"对不对|应不应该|(.)不\1|还是|[^有]没$|[^要]不$|了没有?$|真的假的|"
    r"(?:流程|条件|标准|材料|手续|比例|时间|金额|地点|方式|电话|政策|价格?|待遇|规定|要求|期限|范围)$"
)
_REQUEST = re.compile(
    r"(?:要|想)(?:给|办|买|申请|申报|报名|投诉|查|学|找|转|问|了解|咨询|知道)|帮我|讲讲|讲一下|说说|介绍|咨询|"
    r"[转找]人工|删除|删掉|了解|询问|求(?:协助|助)|反映|请求"
)
# What is said to be no question: 我不问培训, 除了补贴以外, 社保我清楚了.
_NOT_ASKED = re.compile(r"不问|不是问|除了|(?<!除此)之外|以外|清楚了|知道了")
_FILLER = re.compile(
    r"^(?:[，。！？；、…\s]|还有|另外|再|请问|问|顺便|以及|然后|对了|一下|的话|就是|你好|您好|那|啊|呢|吧|想|我|谢谢|麻烦|"
    r"在吗|有人吗|哈喽|早上好|下午好|晚上好|不好意思|打扰了?|太?感谢了?|好的|知道了|明白了|急)*$"
)
# What leads up to a question and says nothing of it.
_LEAD = re.compile(
    r"^(?:[，。！？；、…：:\s]|(?:和|与|跟|及)(?!我|公司|老板|雇主)|也(?=想)|喂+|哎+|嗯|你好|您好|哈喽|早上好|下午好|晚上好|在吗|有人吗|在不在|老师|请问|麻烦|不好意思|打扰(?:一下|您|了)*|"
    r"太?(?:感谢|谢谢)(?:你|您|了|啦)*|好的|知道了|明白了|还有(?!没|效|几|多|吗)(?:就是)?|另外|此外|除此之外|其次|首先|最后|然后|对了|那个|"
    r"顺便|顺带|同时|以及|再(?:就是|者|一个|有)?(?=就|，|问|请|咨|是|想)|(?:我)?(?:还)?(?:想|要)?(?:再)?(?:咨询|打听|请教|了解|问问?|询问)(?:一下|一句|下|您|你)*|"
    r"(?:我)?想(?:要)?知道|(?:还有)?一个(?:问题)?是|一是|二是|三是|第[一二三](?:个问题|个?是|，|、)|[(（]?[1-9一二三][)）、.](?!\d)|那(?=么|我|，)|两个问题[：:]?|就是)+"
)
_PUNCTUATION = re.compile(r"[，。！？；、…\s]")
_LEAST = 3  # characters that a question has at least
_SHORTEST = 2  # and a piece between two cuts
# How a question ends, where no mark says so.
_DO = (
    r"(?:领取?|办理?|报名?|报销|申请|申报|申领|弄|搞|考|评定?|查|买|交|认定?|算|赔|用|登记|备案|要|讨|投诉|维权|"
    r"收费|处理|处罚|转移?|提?取|参加|补|发|找|定|管|签|加|选|看)"
)
_END = re.compile(
    rf"(?:(?:怎么|怎样|如何)(?:才能|能)?{_DO}|怎么(?:办|样|回事)|多少(?:钱|块钱?|天|课时|款)?|"
    r"(?:多久|多长时间)(?:一[次回])?|几[天年次个号岁](?:一次)?|[找问归]谁|谁(?:来|给)?(?:出钱?|买|交|领|管|赔|评|建|定)|"
    rf"[吗呢啊呀嘛]|(?<![什怎多这那])么|真假|[去在到]?(?:哪里?|哪儿|哪个部门)(?:可以|能)?{_DO}|[去在到]?哪[里儿]?学?(?![个几些一种])|"
    r"什么时候|(?:[^我你他她它们司板家人也都还就又如而且从来并本总要]不)(?=[^，。？])|"
    r"有[^，。？]{1,4}没有?|(?<!有)没有|能[^，。？]{1,4}[不没])"
)
# Here the question goes on to the end of a word: 发什么证|, 有没有生活费补贴|.
_END_AND_WORD = re.compile(
    r"(?:什么|哪些)(?!时候)[^，。？的]{2}|"
    r"(?:能不能|有没有|可不可以|给不给|是不是|管不管|要不要|包不包|算不算|会不会|报不报|免不免|交不交)[^，。？]{2}"
)
# What goes on with a question: 怎么领|的, 多少钱|才够.
_GOES_ON = re.compile("[的了吗呢啊吧呀嘛么才就都过得，。？！]|[去来在到](?!哪|这)|一(?!个|问|是)")
_PARTICLE = re.compile(r"(?<=[吗呢啊呀嘛])(?=..)")
# What may stand between the names of two subjects.
_LINK = (
    r"(?:和|与|跟|及|以及|还有|再说说|再问问?|那个?|又|另外|我要|我(?:还)?想(?:要|问|知道)?|想|公司|"
    r"我们|也)*"
)
# Where two subjects may stand side by side, and what is asked of both together.
_AND = re.compile(r"(?:和|与|跟|及|以及)(?!.?[谁我你他她它])(?=[^，。]{3})")
_SOMEBODY = re.compile("(?:我|公司|老板|你|他|她)$")
_TOGETHER = re.compile(
    r"区别|不同|不一样|一样|哪个(?!部门|窗口|单位|地方|局)|还是|一起|同时|都能|都领|重复|两个都|之间|冲突|通用|比[，。？]?|算不算|属于"
)
_NEIGHBOURS = ("社保", "养老金", "医保", "公积金")
_NO_QUOTES = str.maketrans("", "", "“”")
# What was named before is asked of one by one: 社保没交，意外险也没有，都怎么办.
_EACH = re.compile("(?:都|各)(?:怎么|去哪|找谁|有|要|是)|分别|各自")
_LONGEST_NAMED = 12  # characters that the first of two subjects has at most


def questions(text: str) -> tuple[str, ...]:
    """The questions that the normalised `text` may hold, in order; one part when it holds one.

    What leads up to a question belongs to it, what trails the last one to the last. The parts are
    the text again when joined, but for spaces at the seams.
    """
    parts: list[str] = []
    pending, asked_of = "", False
    each = _EACH.search(text) is not None
    for piece in _pieces(text):
        listed = each or piece.endswith("、")
        asks = _asks(piece) or announced(piece) or (listed and names_a_subject(piece))
        ended = asked_of or (_AND.match(piece) is not None and len(core(pending)) >= _LEAST)
        opens = ended and asks and len(piece) >= _SHORTEST
        if opens and not _FILLER.match(pending):
            parts.append(pending)
            pending, asked_of = piece, asks
        else:
            pending, asked_of = pending + piece, asked_of or asks
    if parts and (_FILLER.match(pending) or not asked_of):
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
    pieces = [piece for piece in re.split(r"(?<=[。！？；，…])", text) if piece]
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
    return _name().fullmatch(bare) is not None or (
        _QUESTION.search(bare) is not None and not _FILLER.match(piece)
    )


def of_both(text: str) -> bool:
    """Whether `text` asks about two things together: 意外险和工伤保险有什么区别."""
    return _TOGETHER.search(text) is not None


def names_a_subject(text: str) -> bool:
    """Whether `text` says what a topic is called."""
    return _name().search(text) is not None


def _asks(piece: str) -> bool:
    """Whether the piece asks something, requests it, or does no more than name a subject."""
    if _NOT_ASKED.search(piece):
        return False
    bare = core(piece.strip("，。！；、… \n"))
    naming = _naming(groups=piece.endswith("、"))
    return is_question(piece) or _REQUEST.search(bare) is not None or naming.match(bare) is not None


def _pieces(text: str) -> Iterator[str]:
    """The text cut at every sign."""
    for marked in _MARKS.split(text):
        start = 0
        for seam in (*_seams(marked), len(marked)):
            if seam - start >= _SHORTEST or seam == len(marked):
                yield marked[start:seam]
                start = seam


def _seams(piece: str) -> list[int]:
    """Where another question may begin in a piece without marks: 社保补贴怎么领|意外险谁给买."""
    seams = {match.start() for match in _PARTICLE.finditer(piece)}
    for match in _ANOTHER.finditer(piece):
        still = _STILL.match(piece, match.start()) and not is_question(piece[: match.start()])
        seams |= set() if still else {match.start()}
    ends = {match.end() for match in _END.finditer(piece)}
    ends |= {_word_end(piece, match.end()) for match in _END_AND_WORD.finditer(piece)}
    seams |= {end for end in ends if _ends(piece, end)}
    if not of_both(piece):
        seams |= {match.end() for match in _beside().finditer(piece)}
        seams |= {match.start() for match in _AND.finditer(piece) if _named(piece[: match.start()])}
    return sorted(seam for seam in seams if _SHORTEST <= seam <= len(piece) - _SHORTEST)


def _word_end(piece: str, within: int) -> int:
    """Where the word of the piece ends that `within` is in or at the end of."""
    return next(end for end in accumulate(map(len, tokens(piece))) if end >= within)


def _ends(piece: str, seam: int) -> bool:
    """Whether a question ends at `seam` and something is asked after it, more than a bare name."""
    after = piece[seam:].rstrip("，。？！；")
    again = piece[seam - 1] == "不" and piece[seam - 2] == piece[seam : seam + 1]  # 能不|能
    return (
        not again
        and _GOES_ON.match(after) is None
        and _asks(after)
        and _asks(piece[:seam])
        and _name().fullmatch(after) is None
    )


def _named(before: str) -> bool:
    """Whether what stands before 和 may be a subject: 创业贷款, but not 我 or 公司."""
    named = core(before)
    return _LEAST <= len(named) <= _LONGEST_NAMED and _SOMEBODY.search(named) is None


# --- what subjects are called -------------------------------------------------------------------


@cache
def _names(groups: bool = True) -> str:
    """A pattern of what topics, neighbouring subjects and `groups` are called.

    Labels that are sentences (培训怎么报名) are left out.
    """
    words = vocabulary()
    names = set(_NEIGHBOURS)
    for named in (*words.topics.values(), *(words.groups.values() if groups else ())):
        names.update(named.called)
    for topic in words.topics.values():
        if "（" not in topic.label:
            parts = topic.label.translate(_NO_QUOTES).split("、")
            names.update(part for part in parts if not _QUESTION.search(part))
    return one_of(name for name in names if len(name) > 1)


@cache
def _name() -> re.Pattern[str]:
    return re.compile(_names())


@cache
def _beside() -> re.Pattern[str]:
    """A name that another follows: 社保补贴|意外险, 星级评定的事|还有信用档案."""
    return re.compile(f"{_names()}(?:的事|的?条件|的?标准)?(?={_LINK}{_names()})")


@cache
def _naming(groups: bool) -> re.Pattern[str]:
    """A name and next to nothing else: 还有星级评定的事. A group's (残疾人) is mostly who asks."""
    link = "(?:和|与|跟|及|以及|还有|再说说)?"
    return re.compile(f"{link}{_names(groups)}(?:的.{{0,5}}|.{{0,2}})$")
