from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.split import announced, asked, is_question, questions


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "培训多少钱，还有社保补贴怎么领，另外有没有意外险",
            ("培训多少钱，", "还有社保补贴怎么领，", "另外有没有意外险"),
        ),
        ("能报名吗社保补贴怎么领", ("能报名吗", "社保补贴怎么领")),
        ("要多少钱？去哪报名？", ("要多少钱？", "去哪报名？")),
        ("培训补贴还有吗", ("培训补贴还有吗",)),
        ("广州和长治有什么不一样", ("广州和长治有什么不一样",)),
        ("我妈今年五十二。在长治做月嫂。没交社保。能领补贴吗", None),
        ("还有没有名额", ("还有没有名额",)),
        ("这个文件还有效吗", ("这个文件还有效吗",)),
        ("你好，请问社保补贴怎么领？谢谢", None),
        ("社保补贴怎么领意外险谁买", ("社保补贴怎么领", "意外险谁买")),
        ("工资拖了找谁社保能自己交吗", ("工资拖了找谁", "社保能自己交吗")),
        ("社保补贴、意外险、工伤都怎么办", ("社保补贴、", "意外险、", "工伤都怎么办")),
        ("退役军人和残疾人有什么政策", ("退役军人", "和残疾人有什么政策")),
        ("那怎么办社保补贴", ("那怎么办社保补贴",)),
        ("我和我姐能一起报名吗", ("我和我姐能一起报名吗",)),
        ("我能不能报名", ("我能不能报名",)),
        ("通知是哪几个单位发的", None),
        # a word is not cut, nor what it is asked of
        ("培训期间有没有误工费", None),
        ("考完给发什么证", None),
        ("老板不给交社保补贴怎么领", None),
        ("有没有生活费补贴意外险谁买", ("有没有生活费补贴", "意外险谁买")),
        ("我不问培训，我问工伤怎么报", ("我不问培训，我问工伤怎么报",)),
        ("", ("",)),
    ],
)
def test_cuts_are_proposed_where_another_question_may_begin(
    text: str, parts: tuple[str, ...] | None
) -> None:
    assert questions(text) == (parts or (text,))


@given(st.text(alphabet="培训补贴吗呢还有另外，。？多少怎么我 妈", max_size=60))
def test_no_word_is_lost_and_none_invented(text: str) -> None:
    joined = "".join(questions(text))
    assert joined.replace(" ", "") == text.replace(" ", "")


@given(st.text(max_size=60))
def test_any_text_has_parts(text: str) -> None:
    assert questions(text)


def test_another_question_is_announced() -> None:
    assert announced("，另外有没有意外险")
    assert not announced("有没有意外险")


def test_what_is_asked_at_the_end_of_a_story() -> None:
    story = "我妈在长治做月嫂。" * 20 + "她没交社保。能领补贴吗？谢谢。"
    assert asked(story, 20).endswith("能领补贴吗？")
    assert len(asked(story, 20)) <= 20
    assert asked("没有问句。只有叙述。", 4) == "只有叙述。"[-4:]


def test_questions_are_known_by_their_words() -> None:
    assert is_question("社保补贴怎么领")
    assert is_question("能不能报")
    assert not is_question("我在长治做月嫂。")
    assert not is_question("，还有，")
