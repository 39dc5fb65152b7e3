"""Things found by their shape in a normalised text: ages, sums, dates, permit numbers, relations.

Exact or absent: 二十多岁 is no age, 几百块 no sum. An age that is a child's or a patient's is not
the speaker's and is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from nlu.understanding import Entity

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {
    "〇": 0, "两": 2, "幺": 1,
}  # fmt: skip
_UNITS = {"十": 10, "百": 100, "千": 1000}
_SPOKEN = "零〇一二两三四五六七八九十百千万"

_YEARS = r"(\d{2}|[一二三四五六七八]?十[一二三四五六七八九]?)"
_ABOUT = r"(?<![\d第约近快奔上])"
_SOMEBODY_ELSE = (
    r"(?:宝宝|孩子|小孩|婴儿|老人家?|老太太?|老爷子|老头|病人|患者|爷爷|奶奶|姥姥|姥爷|外婆|外公|"
    r"客户|雇主|儿子|女儿|孙子|孙女|娃|老爸|高龄)"
)
_OTHERS_BEFORE = re.compile(_SOMEBODY_ELSE + r"[^，。？！]{0,4}$")
_OTHERS_AFTER = re.compile(r"^(?:多?岁?)?(?:的)?(?:[^，。？！]{0,3})" + _SOMEBODY_ELSE)
_AGE = re.compile(_ABOUT + _YEARS + r"(?:周岁|岁)(?!多|左右|上下|以上|以下|出头)")
# 我今年五十三了, 52了, 刚满四十九: an age without 岁.
_BARE_AGE = re.compile(
    r"(?:今年(?:刚|都|已经|满|整|刚满|也)*|刚满|刚过|我都|我已经|我也|我妈|(?:^|[，。])我)"
    + _YEARS
    + r"(?=了|，|。|？|$|还能|能不能|可以|还可|的人|还让|还收)"
    r"|" + _ABOUT + r"([四五六]十[一二三四五六七八九])了"
)
_LEAST_AGE, _MOST_AGE = 14, 90

_SUM = rf"(\d+(?:\.\d+)?[百千万]?|[{_SPOKEN}]*[一二两三四五六七八九十][{_SPOKEN}]*)"
_MONEY = re.compile(rf"(?<![第几多\d.]){_SUM}(?:块钱|块|元|人民币)(?![多来几])")
_BARE_MONEY = re.compile(
    r"(?:工资|月薪|底薪|欠|补贴?|补助|交|收|扣|给|发|罚|赔|退|押金|学费|减|减免|掏|花|奖励?|领|一共|费)"
    r"(?:了|我|你|个人|是|的是|到|过)*"
    rf"(\d{{3,6}}|[{_SPOKEN}]*[一二两三四五六七八九][百千万][{_SPOKEN}]*)"
    r"(?=$|，|。|？|！|的|吗|是|不|算|够|合|怎么|一个?月|一天|能|还|，|钱|就)"
)
_DATE = re.compile(r"(?<!\d)(20\d{2})(?:年|[-./])(?:(\d{1,2})(?:月|[-./])(?:(\d{1,2})[日号]?)?)?")
_YEAR = re.compile(r"(?<![\dA-Za-z])(20[12]\d)(?=年|版|以后|之后|的|$|，|。|？)")

_JOINER = r"[ \-·.—–_]*"
_PERMIT = re.compile(
    rf"(?<![A-Za-z0-9])([A-Za-z](?:{_JOINER}[A-Za-z])(?:{_JOINER}[0-9A-Za-z〇零一二两三四五六七八九幺]){{8,14}})"
    r"(?![A-Za-z0-9])"
)
_LEAST_FIGURES = 5

_THIRD_PERSON = re.compile(
    r"(?:我|俺|咱|她|他)(?:家)?(?:的)?(?:妈妈?|母亲|老妈|娘|爸爸?|父亲|老爸|爹|老婆|媳妇儿?|爱人|老公|丈夫|对象|"
    r"姐姐?|大姐|妹妹?|表[姐妹哥弟]|堂[姐妹哥弟]|哥哥?|弟弟?|嫂子?|婆婆|公公|岳母|岳父|丈母娘|女儿|闺女|儿子|孩子|"
    r"外甥女?|侄女|侄子|姑姑?|姑妈|大姑|舅妈?|姨妈?|大姨|小姨|婶子?|伯母|奶奶|姥姥|外婆|同事|朋友|闺蜜|老乡|邻居|阿妈|同学)"
    r"|(?:一个|有个|这位|一位)(?:来电人|市民|群众|老乡|朋友|大姐|阿姨)"
    r"|帮(?:我)?(?:妈|爸|姐|妹|婆婆|媳妇|老婆|老公|朋友|邻居)(?=问|查|咨询)"
)


def shapes(text: str) -> Iterator[Entity]:
    """Every entity found by shape, in no particular order."""
    yield from _relations(text)
    yield from _ages(text)
    yield from _sums(text)
    yield from _dates(text)
    yield from _permit_numbers(text)


def number(text: str) -> float:
    """The number a figure or a spoken numeral says: 52, 1.5万, 三千五, 一万二, 两百零五."""
    figure = re.fullmatch(r"(\d+(?:\.\d+)?)([百千万]?)", text)
    if figure:
        return float(figure[1]) * {"百": 100, "千": 1000, "万": 10000}.get(figure[2], 1)
    total = section = current = 0.0
    last = 1.0
    for char in text:
        if char == "万":
            total += (section + current) * 10000
            section = current = 0
            last = 10000
        elif char in _UNITS:
            section += (current or 1) * _UNITS[char]
            current, last = 0, _UNITS[char]
        else:
            current = current * 10 + _DIGITS[char]
            last = 1 if char in "零〇" else last
    # 三千五 is three thousand five hundred: the last figure counts in tenths of the unit before it.
    short = len(text) > 1 and text[-1] in _DIGITS and text[-2] in "百千万"
    return total + section + current * (last / 10 if short and last > 10 else 1)


def _relations(text: str) -> Iterator[Entity]:
    for match in _THIRD_PERSON.finditer(text):
        yield Entity("third_person", match.group(), match.group(), match.start(), match.end())


def _ages(text: str) -> Iterator[Entity]:
    seen: set[int] = set()
    for pattern in (_AGE, _BARE_AGE):
        for match in pattern.finditer(text):
            group = next(place for place in range(1, pattern.groups + 1) if match[place])
            start, end = match.start(group), match.end()
            years = number(match[group])
            others = _OTHERS_BEFORE.search(text[:start]) or _OTHERS_AFTER.match(text[end:])
            if _LEAST_AGE <= years <= _MOST_AGE and start not in seen and not others:
                seen.add(start)
                yield Entity("age", years, text[start:end], start, end)


def _sums(text: str) -> Iterator[Entity]:
    taken: set[int] = set()
    for pattern in (_MONEY, _BARE_MONEY):
        for match in pattern.finditer(text):
            start, end = match.start(1), match.end()
            if start not in taken:
                taken.add(start)
                yield Entity("money", number(match[1]), text[start:end], start, end)


def _dates(text: str) -> Iterator[Entity]:
    ends: set[int] = set()
    for match in _DATE.finditer(text):
        year, month, day = match.groups()
        value = year
        if month and 1 <= int(month) <= 12:
            value += f"-{int(month):02d}"
            if day and 1 <= int(day) <= 31:
                value += f"-{int(day):02d}"
        ends.add(match.start())
        yield Entity("date", value, match.group(), match.start(), match.end())
    for match in _YEAR.finditer(text):
        if match.start() not in ends:
            yield Entity("date", match[1], match.group(), match.start(), match.end())


def _permit_numbers(text: str) -> Iterator[Entity]:
    """Two letters, then figures and letters in groups, figures spoken or not; in canonical form.

    Only the shape is looked at. Whether the number can exist is for the registry to say
    (knowledge/registry/permit_number.py).
    """
    for match in _PERMIT.finditer(text):
        symbols = [
            str(_DIGITS[char]) if char in _DIGITS else char.upper()
            for char in match[1]
            if char in _DIGITS or char.isalnum()
        ]
        if sum(symbol.isdigit() for symbol in symbols) >= _LEAST_FIGURES:
            yield Entity("permit_number", "".join(symbols), match[1], match.start(), match.end())
