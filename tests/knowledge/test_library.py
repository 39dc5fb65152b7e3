from knowledge.library import Library, build
from tests.conftest import LOADED_AT


def test_x(engine, documents, words):
    build(engine, documents, words, LOADED_AT)
    assert Library(engine).search("月嫂 回炉")
