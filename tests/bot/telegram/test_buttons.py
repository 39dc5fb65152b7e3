"""Buttons: what they carry, and when a tap still counts."""

from __future__ import annotations

from bot.telegram.buttons import keyboard
from bot.telegram.updates import COMMANDS
from bot.telegram.wording import sentence, table
from dialogs.reply import Block, Option, Reply, Statement, Status


def asking(*labels: str, question: str = "是哪个？", missing: tuple[str, ...] = ()) -> Reply:
    return Reply(
        Status.NEEDS_INFO,
        (Block("question", (Statement(question),)),),
        options=tuple(Option(label, label) for label in labels),
        missing=missing,
    )


def rows(reply: Reply) -> list[list[str]]:
    buttons = keyboard(reply)
    return [[b.text for b in row] for row in buttons.inline_keyboard] if buttons else []


def data(reply: Reply) -> list[str]:
    buttons = keyboard(reply)
    assert buttons is not None
    return [str(button.callback_data) for row in buttons.inline_keyboard for button in row]


def test_short_labels_stand_side_by_side_and_long_ones_below_each_other() -> None:
    assert rows(asking("是", "不是", "不清楚", "返回")) == [["是", "不是", "不清楚"], ["返回"]]
    assert rows(asking("是", "公司正式员工（员工制）")) == [["是"], ["公司正式员工（员工制）"]]
    assert rows(asking()) == []


def test_where_several_may_be_chosen_they_are_numbered() -> None:
    assert rows(asking("残疾人", "都不是", missing=("groups",))) == [["1. 残疾人", "2. 都不是"]]


def test_a_button_carries_64_bytes_at_most() -> None:
    long = asking(*["很长的选项" * 30] * 120)
    for reply in (long, sentence("start", with_examples=True)):
        assert all(1 <= len(one.encode()) <= 64 for one in data(reply))


def test_the_same_options_under_another_question_are_other_buttons() -> None:
    assert not set(data(asking("是", "否"))) & set(data(asking("是", "否", question="签了吗？")))
    assert data(asking("是", "否")) == data(asking("是", "否"))


def test_numbers_that_are_not_kept_do_not_tell_buttons_apart() -> None:
    """The stored reply, with which a tap is compared, has them taken out."""
    assert data(asking("13812345678")) == data(asking("〔电话〕"))


def test_every_command_stands_in_the_menu() -> None:
    assert tuple(table("commands")) == COMMANDS
