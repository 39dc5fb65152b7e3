"""Whether a word such as 高级 or 三级 names a skill level.

A skill level (knowledge/vocabulary/levels.yaml) is a rung of 职业技能等级: of a certificate, of the
examination for it, or of the one who holds it. So a word is one where

- it can be nothing else: 中级工, 高级技师, 三级证;
- it stands for itself: 考四级, 高级的补多少, 从初级到中级;
- what it belongs to has such levels: an occupation (高级育婴员, 五级厨师), or learning and being
  examined for one (高级班, 三级鉴定补贴).

It is none where it says of anything else how high it stands: an office (中级法院), a hospital, an
enterprise's grade, a disability, a professional title (高级农艺师), a title that a company gives
(金牌三级), goods (高级餐厅), or where levels are only counted (一共分五级). 技师 is one, but not a
shop's workman (足浴店的技师).
"""

from __future__ import annotations

import re
from functools import cache

from knowledge.vocabulary import vocabulary
from knowledge.words import one_of

# Nothing else is called so, but for what an accountant holds.
_SURELY = re.compile(r"[工证]$|专项|^高级技师$")
# What may follow a level that stands for itself ...
_BY_ITSELF = (
    r"$|[，。？！；、:·“”\"'()（）/|~—\-]|[初中高一二三四五1-5]级|[的了过吗呢吧啊呀嘛不没未也都就还要能可会是和跟与及或有怎多几那这哪谁"
    r"各再先才往升转到给领补考报学读练拿换算给认以之上下同往完想比得走开在分差办做直最并才属什收被够让持去来行又本每咋对值后前]|一[样起]"
)
# ... and what it may belong to, besides occupations.
_OF_SKILL = (
    r"[工证班课]|技师|技能(?!大师)|技术工|职业(?!道德)|资格|等级|级别|水平|标准|培训|补贴|补助|鉴定|学徒|学员|理论|实操|家政|"
    r"护理(?:证|工|班|员)|[^，。？！的了做学当考]{1,4}(?:师(?!傅)|嫂|(?:护理|服务|保洁|保育|操作|护老|照护)员)|(?:电|焊|钳|车)工"
)
# Titles that an office or a profession gives: 高级经济师, 二级建造师; and the like.
_TITLE = re.compile(
    r"[^，。？！]{0,4}(?:工程|经济|会计|审计|统计|政工|农艺|园艺|兽医|畜牧|建造|造价|监理|设计|分析|架构|消防|结构|"
    r"人力资源|心理咨询|律|教|讲|医|药|护|导游?)师|(?:以上)?(?:医院|单位)|会计|会员|社工|社会工作|一?级|能效|能耗|上网|对口|学校|中学|小学|教育|点(?!心)|着|得很|"
    r"贯通|制(?=$|[的是跟，。？什])"
)
# Levels of other things, told before the word: 肢体残疾三级, 工伤定了四级, 信用评了三级 ...
_OF_OTHER_THINGS = re.compile(
    r"(残疾(?:人?证)?|伤残|工伤|肢体|视力|听力|智力|精神|致残|伤情|失能|护理等级|重度|高血压|"
    r"企业(?:等级)?|信用|星级|士官|消防|国家级|英语|计算机|能效|建造师|造价师)[^，。？！能考证]{0,5}$|"
    r"(普通话|钢琴|会计|金牌|教师|工程师|设计师|职称|地震|台风|近视|结节)$"
)
# ... or counted (一共分五级), or the offices of several areas (省市县三级).
_COUNTED = re.compile(
    r"(分(为|成)?|一?共(有|分)?|(等级|级别)(有|是)|[省市县区乡镇街村]、?[市县区乡镇街村]、?)$"
)
# 往上升一级, 区一级: a step, not the highest level or the next to it.
_STEP = re.compile(
    r"[哪县高升省市区国镇街乡村上下这那每同更低逐连跳各某提级]$|升了$|往上(?:再)?考$"
)
_STEPS = frozenset(("一级", "二级"))
# 挺高级的: good.
_VERY = re.compile(r"(?:挺|很|特别|真|好|够|更|太|多|比较|蛮|那么|这么|最)$")
# A shop's workman: 足浴店里哪个技师好.
_OF_A_SHOP = re.compile(
    r"(店|会所|足浴|足疗|按摩|推拿|修脚|美容|美发|美甲|理发|养生|苹果|维修|汽修|修?空调|水电|首席|特级)[^，。？！考评升]{0,4}$|"
    r"[一三五]级$"
)
_WORKMAN = "技师"
_OF_WORK = ("伤", "程")  # 三级|工伤, 高级|工程师


@cache
def _may_follow() -> re.Pattern[str]:
    called = (name for term in vocabulary().occupations.values() for name in term.called)
    return re.compile(f"{_BY_ITSELF}|{_OF_SKILL}|{one_of(called)}")


def names_a_skill_level(text: str, start: int, end: int) -> bool:
    """Whether text[start:end], a word of the vocabulary, is said of a skill."""
    word, before, after = text[start:end], text[:start], text[end:]
    if word == _WORKMAN:
        return not (_OF_A_SHOP.search(before) or after.startswith("学院"))
    if _SURELY.search(word):
        return not (before.endswith("会计") or after.startswith(_OF_WORK))
    return not (
        _OF_OTHER_THINGS.search(before)
        or (word[0] not in "初中高" and _COUNTED.search(before))
        or _TITLE.match(after)
        or (word in _STEPS and _STEP.search(before) and not after.startswith(("证", "工", "技师")))
        or (word == "高级" and _VERY.search(before))
        or not _may_follow().match(after)
    )
