from __future__ import annotations

from dialogs.joining import joined
from dialogs.reply import Block, Reply, Statement, Status

WHERE = "您在哪个城市？"


def reply(conclusion: str) -> Reply:
    blocks = (
        Block("conclusion", (Statement(conclusion, ("a/1",)),)),
        Block("talk", (Statement("还可以问12333。"), Statement(WHERE))),
    )
    return Reply(Status.NEEDS_INFO, blocks, intent="refresher")


def said(one: Reply) -> list[str]:
    return [statement.text for block in one.blocks for statement in block.statements]


def test_what_is_asked_back_is_asked_once_at_the_end() -> None:
    both = said(joined([reply("甲。"), reply("乙。")], ["关于甲：", "关于乙："]))
    assert both == [
        "关于甲：",
        "甲。",
        "还可以问12333。",
        "关于乙：",
        "乙。",
        "还可以问12333。",
        WHERE,
    ]


def test_a_policy_sentence_is_never_left_out() -> None:
    asks = reply("这样对吗？")
    assert said(joined([asks, asks], ["关于甲：", "关于乙："])).count("这样对吗？") == 2


def test_one_reply_stays_as_it_is() -> None:
    assert joined([reply("甲。")], ["关于甲："]) == reply("甲。")
