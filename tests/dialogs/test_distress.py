"""Distress is recognised by its words, and everyday words are not taken for it."""

from __future__ import annotations

import pytest

from dialogs.converse import Conversation
from dialogs.distress import distress_in
from dialogs.memory import Memory
from dialogs.reply import Message
from nlu.normalise import normalise

SAID = {
    "self_harm 12356": ["我不想活了", "想自杀", "活够了", "真的想不开", "唔想活喇"],
    "missing 110": ["雇主家小孩被我看丢了", "我孩子被拐走了", "老人走丢了怎么办"],
    "fire 119": ["家里着火了", "煤气漏了怎么办"],
    "first_aid 120": ["煤气中毒了", "晕倒了", "宝宝噎住了", "雇主家孩子摔伤了", "老人叫不醒"],
    "abused 110": [
        "雇主打孩子",
        "保姆打老人怎么办",
        "阿姨打我孩子",
        "保姆给孩子喂安眠药",
        "孩子被保姆打了",
        "宝宝身上青一块紫一块",
    ],
    "harassed 110": ["男雇主摸我", "客户对我动手动脚", "雇主性骚扰我", "雇主老是骚扰俺"],
    "home_violence 12338": ["老公家暴", "我老公打我", "俺男人捶俺", "老公老打俺"],
    "violence 110": ["雇主打我", "他用刀砍我", "我被打了", "被雇主打伤了", "东家揍俺"],
    "locked_in 110": ["他把我关起来不让我出门", "被雇主关在屋里", "我被困在雇主家出不去"],
    "papers_kept 110": [
        "扣了我的身份证",
        "老板扣了俺滴身份证",
        "护照被公司扣了",
        "他们扣着我的证不给我",
        "身份证押在公司不还",
    ],
    "injury 12333": [
        "擦玻璃的时候摔了",
        "这算不算工伤",
        "俺在雇主家跌断了胳膊",
        "切菜割破手了",
        "上班烫伤了",
    ],
    "wages 12333": [
        "公司拖欠工资",
        "老板不给我工资",
        "欠我三个月工资",
        "老板不发工次",
        "老赖老板跑路工资没给",
        "工钱一直没结",
        "喺广州做嘢老细唔出粮",
        "老板唔俾人工",
        "工资被扣了一半",
        "俺们工资木发",
        "老板欠着俺两万块钱",
    ],
    "uninsured 12333": ["公司不给交社保怎么办", "没给我交社保", "老板一直不给买五险"],
    "cheated 96110": ["中介收了我三千块钱跑路了", "中介骗我钱", "交了押金不退", "被中介坑了"],
    "insulted 12338": ["雇主骂我", "雇主老是羞辱我", "有人欺负我"],
}


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for kind, texts in SAID.items() for text in texts]
)
def test_distress(kind: str, text: str) -> None:
    found = distress_in(normalise(text))
    name, number = kind.split()
    assert found is not None
    assert found.id == name
    assert number in found.says


@pytest.mark.parametrize(
    "text",
    [
        "长治工资指导价是多少",
        "非员工制的工伤保险怎么办",
        "工伤预防培训有吗",
        "谁打我电话了",
        "被打电话骚扰",
        "广州月嫂培训免费吗",
        "上班要持证吗",
        "扣除社保后发多少",
        "笑死我了",
        "累死了",
        "今天累得想死",
        "想死你了",
        "气死我了怎么还没发证",
        "这是跳楼价",
        "带孩子去打预防针",
        "打扫老人房间要培训吗",
        "打电话给孩子",
        "照顾骨折的老人要什么证",
        "噎住了怎么办的课有没有",
        "公司打我卡上的钱是补贴吗",
        "培训期间发不发工资",
        "广州骗补贴怎么处理",
        "这个培训是不是骗人的",
        "怕被骗怎么办",
        "要拿身份证去报名吗",
        "长治黑中介去哪投诉",
        "我妈不给我报名",
        "公司不给交社保能领社保补贴吗",
        "没交社保能学保育员吗",
        "月嫂把孩子摔了责任险赔不赔",
    ],
)
def test_everyday_words(text: str) -> None:
    assert distress_in(normalise(text)) is None


def test_life_comes_before_wages() -> None:
    found = distress_in("拖欠工资，我不想活了")
    assert found is not None
    assert found.id == "self_harm"
    assert found.alone


def _said(conversation: Conversation, *texts: str) -> str:
    memory = Memory()
    for text in texts:
        reply, memory = conversation.converse(Message(text), memory)
    return "\n".join(statement.text for _, statement in reply.statements())


def test_nothing_but_the_number_where_nothing_was_asked(conversation: Conversation) -> None:
    found = distress_in("老板拖欠工资")
    assert found is not None
    assert _said(conversation, "我在广州做保姆，老板拖欠工资") == found.says


def test_what_was_asked_besides_is_answered_below_the_number(conversation: Conversation) -> None:
    text = _said(conversation, "老板还欠我工资，长治社保补贴多少钱")
    assert text.startswith("被欠工资，打12333")
    assert "社会保险补贴" in text


def test_distress_turns_the_talk_to_nobody_else(conversation: Conversation) -> None:
    assert "您孩子" not in _said(conversation, "我孩子被拐走了", "长治社保补贴多少钱")
