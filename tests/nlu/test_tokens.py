from __future__ import annotations

import jieba

from nlu.tokens import dictionary_lines, dictionary_words, processed, tokens


def test_words_of_the_vocabulary_stay_whole() -> None:
    assert "上门服务证" in tokens("上门服务证怎么办")
    assert "".join(tokens("回炉 要钱吗？")) == "回炉 要钱吗？"


def test_whole_numbers_are_alike_and_letters_small() -> None:
    assert processed(["50", "GZ", "4050人员"]) == ["__number__", "gz", "4050人员"]
    assert processed(["GZ"], lowercase=False) == ["GZ"]


def test_a_jieba_with_the_written_dictionary_cuts_alike(tmp_path: object) -> None:
    # What Rasa does with the file of nlu/rasa_export.py.
    other = jieba.Tokenizer()
    other.initialize()
    for line in dictionary_lines():
        word, frequency = line.rsplit(" ", 1)
        other.add_word(word, int(frequency))
    for text in [*dictionary_words(), "我妈在长治做月嫂没交社保能领补贴吗", "粤菜师傅工程还有效吗"]:
        assert tuple(other.cut(text)) == tokens(text)
