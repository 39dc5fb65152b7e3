"""Things found by their shape in a normalised text: ages, sums, dates, permit numbers, relations.

Exact or absent: 二十多岁 is no age, 几百块 no sum. An age that is a child's or a patient's is not
the speaker's and is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from nlu.understanding import Entity

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {
    "〇": 0, "两": 2, "幺": 1, "洞": 0, "拐": 7, "勾": 9,
}  # fmt: skip
_FIGURE_UNITS = {"百": 100, "千": 1000, "k": 1000, "万": 10_000, "w": 10_000}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_SPOKEN = "零〇一二两三四五六七八九十百千万"

_YEARS = r"(\d{2}|[一二三四五六七八]?十[一二三四五六七八九]?)"
_ABOUT = (
    r"(?<![\d第约近快奔上一二三四五六七八九])(?<!超过)(?<!不到)(?<!未满)(?<!不满)(?<!大于)(?<!小于)"
)
_SOMEBODY_ELSE = (
    r"(?:宝宝|孩子|小孩|婴儿|老人家?|老太太?|老爷子|老头|病人|患者|爷爷|奶奶|姥姥|姥爷|外婆|外公|"
    r"客户|雇主|儿子|女儿|孙子|孙女|娃|老爸|高龄)"
)
_OTHERS_BEFORE = re.compile(_SOMEBODY_ELSE + r"[^，。？！]{0,4}$")
_OTHERS_AFTER = re.compile(r"^(?:多?岁?)?(?:的)?(?:[^，。？！]{0,3})" + _SOMEBODY_ELSE)
_AGE = re.compile(
    _ABOUT + _YEARS + r"(?:周岁|岁)(?!多|左右|上下|以[上下内后]|之[间内后]|出头|开外|往上)"
)
_ONE_OF_MINE = (
    r"妈妈?|母亲|老妈|阿妈|娘|爸爸?|父亲|老爸|阿爸|爹|老婆|媳妇儿?|爱人|男人|老公|丈夫|对象|老伴|那口子|"
    r"姐姐|大姐|姐夫|[二三四小]姐|姐(?!妹)|妹妹|妹夫|妹|[表堂](?:姐姐?|妹妹?|哥哥?|弟弟?|兄弟)|哥哥|大哥|哥(?!们)|弟弟|弟妹|弟媳|弟|"
    r"大?嫂子?|二嫂|三嫂|婆婆|公公|岳母|岳父|丈母娘|老丈人|女儿|闺女|姑娘|儿媳妇?|儿子|女婿|孩子他[爸妈]|孩子(?!们)|"
    r"外甥女?|侄女|侄子|侄儿|[大二三四小]?姑姑|姑妈|姑父|[大小]姑|姑(?!娘)|舅妈|舅舅|大舅|姨妈|[大二三小]姨|[大二三四]?婶子?|伯母|大伯|叔叔|"
    r"奶奶|爷爷|姥姥|姥爷|外婆|外公|同事|朋友|闺蜜|老乡|邻居|同学|工友|姐妹|兄弟|亲戚|老头子?|老太婆"
)
# 我今年五十三了, 52了, 刚满四十九: an age without 岁.
_BARE_AGE = re.compile(
    r"(?:今年(?:刚|都|已经|满|整|刚满|也)*|刚满|刚过|我都|我已经|我也|我妈|(?:^|[，。])我|(?:[他她]|现在|实际|其实)(?:都|已经|也)*|"
    rf"(?:{_ONE_OF_MINE})(?:都|已经|也)*)"
    + _YEARS
    + r"(?=了|，|。|？|$|还能|能不能|可以|还可|的人|还让|还收)"
    r"|" + _ABOUT + r"([四五六]十[一二三四五六七八九])了"
    r"|(?<=[，、])(?:女，?|男，?)?([二三四五六]十[一二三四五六七八九]|[2-6]\d)(?=[，、])"
    r"|(?:虚岁|周岁|年龄|岁数|芳龄|年纪)(?:是|：|:)?" + _YEARS + r"(?!年|月|多|个|以|到|出头)"
    r"|(?:今年|我|妈|爸|姐|她|他)(?:今年|已经|都|也)*([四五六七]十[一二三四五六七八九]?)(?:嘞|啦|咯|哩|喽|有一)"
)
_LEAST_AGE, _MOST_AGE = 14, 90

_SUM = rf"(\d+(?:\.\d+)?[百千万]?|[{_SPOKEN}]*[一二两三四五六七八九十][{_SPOKEN}]*)"
_MONEY = re.compile(
    rf"(?<![第几多\d.a-zA-Z]){_SUM}(?:块钱|块|元|人民币)(?![多来几])|[¥￥](\d+(?:\.\d+)?)|"
    r"(?<![\d.a-zA-Z\-·_/ ])(\d{1,2}(?:\.\d)?[kKwW])(?![a-zA-Z\d])"
)
# 一块去报名, 这一块的政策: together, a part.
_ONE = re.compile(r"一块(?!钱)")
_SEVERAL = re.compile(r"[一二两三四五六七八九]{2}[十百千万]")
_BARE_MONEY = re.compile(
    r"(?:工资|月薪|底薪|欠|补贴?|补助|交|收|扣|给|发|罚|赔|退|押金|学费|减|减免|掏|花|奖励?|领|一共|费|挣|赚|贷款?|费要|垫|金|到手|剩下?|"
    r"房租|(?:一个?|每个?|月|日|时|这)(?:月|天|年|小时|次|单|节课|人|晚)|[月日时]薪|定价|要价|开价|[涨降]到?|从|要|[原现]价|后|付|结|压|押)"
    r"(?:了|我|你|我们|个人|是|的是|到|过|才|就|只|给|开|拿|要|收)*"
    rf"(\d{{3,6}}|\d+(?:\.\d+)?万|[{_SPOKEN}]*[一二两三四五六七八九][百千万][{_SPOKEN}]*)"
    r"(?=$|，|。|？|！|的|吗|是|不|算|够|合|怎么|[一每]个?[月天年次]|能|还|钱|就|包|了|[涨降到至]|还是|或|/|"
    r"(?:培训|报名|考试|材料|中介|介绍|管理|服务|伙食)?(?:费|押金|学费|工资|房租))"
    rf"|(?<![\d.第几多{_SPOKEN}])(\d{{3,6}}|\d+万|[{_SPOKEN}]*[一二两三四五六七八九][百千万][{_SPOKEN}]*)"
    r"的(?=工资|补贴|补助|押金|学费|培训费|奖金|罚款)"
    r"|贷款?(?:了|到)?(\d+万)"
)
_DATE = re.compile(r"(?<!\d)(20\d{2})(?:年|[-./])(?:(\d{1,2})(?:月|[-./])(?:(\d{1,2})[日号]?)?)?")
_YEAR = re.compile(r"(?<![\dA-Za-z])(20[12]\d)(?=年|版|以后|之后|的|$|，|。|？)")

_JOINER = r"[ \-·.—–_、/:]*"
_PERMIT = re.compile(
    rf"(?<![A-Za-z0-9])([A-Za-z](?:{_JOINER}[A-Za-z])(?:{_JOINER}[0-9A-Za-z〇零一二两三四五六七八九幺洞拐勾]){{8,14}})"
    r"(?![A-Za-z0-9])"
)
_LEAST_FIGURES = 5

_THIRD_PERSON = re.compile(
    r"(?:(?:我|俺|咱|她|他)(?:们)?(?:家)?(?:的)?(?:一个|有个|那个|几个)?(?:小|亲|大)?"
    rf"(?:{_ONE_OF_MINE}))"
    r"|(?:我|我们)(?:有|认识)(?:一)?(?:个|位)(?:老乡|朋友|大姐|阿姨|姐妹|邻居|亲戚|同事)"
    r"|(?:一个|有个|有位|这位|一位)(?:来电人|市民|群众|老乡|朋友|大姐|阿姨|亲戚|邻居|姐妹|大妈|大哥)"
    r"|来电(?:人|者)|(?<!广州)(?<!居民)(?<![城全])市民(?!卡|热线|政|办|服务|待遇)|来访人"
    r"|(?<=帮)(?:妈|爸|姐|妹|婆婆|媳妇|老婆|老公|朋友|邻居)(?=问|查|咨询)"
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
    figure = re.fullmatch(r"(\d+(?:\.\d+)?)([百千万kKwW]?)", text)
    if figure:
        return float(figure[1]) * _FIGURE_UNITS.get(figure[2].lower(), 1)
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
            group = next(place for place in range(1, pattern.groups + 1) if match[place])
            start, end, said = match.start(group), match.end(), match[group]
            if start in taken or _ONE.match(text, start) or _SEVERAL.search(said):
                continue
            taken.add(start)
            yield Entity("money", number(said), text[start:end], start, end)


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
