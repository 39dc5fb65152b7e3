"""The library as staff read it: browse, search, a document, releases, reports of mistakes."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import replace
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.console.library_words import in_words, marked
from knowledge.loader import LoadedDocument
from knowledge.releases import build
from knowledge.vocabulary import Vocabulary
from tests.bot.console.desk import Desk
from tests.bot.serving import NOW

CLAUSE = "guangzhou/3/二/10"


@given(st.text(max_size=60), st.sets(st.text(max_size=4), max_size=4))
def test_marking_changes_no_letter(text: str, meant: set[str]) -> None:
    parts = marked(text, meant)
    assert "".join(part for part, _ in parts) == text
    wanted = {word.lower() for word in meant}
    assert all(part.lower() in wanted for part, is_meant in parts if is_meant)


def test_every_provision_has_words(documents: list[LoadedDocument], words: Vocabulary) -> None:
    for loaded in documents:
        for provision in loaded.document.provisions:
            shown = in_words(provision, words)
            assert shown.says == provision.says
            money = [value for name, value in shown.facts if name.startswith("金额")]
            assert len(money) == len(provision.amounts)
            for amount, value in zip(provision.amounts, money, strict=True):
                assert amount.state in ("given", "free", "set_elsewhere") or "没写" in value
                assert amount.text is None or amount.text in value


def test_all_documents_are_listed_with_their_worth(shared_desk: Desk) -> None:
    text = shared_desk.logged_in("operator").get("/console/library").text
    assert text.count("<tr>") == 16  # the head and 15 documents
    assert re.search(r"chip repealed.>已废止", text)


@pytest.mark.parametrize(
    ("query", "there", "not_there"),
    [
        ("region=140400", "长治", "肇庆家嫂"),
        ("worth=repealed", "已废止", "太行家政"),
        ("topic=star_rating", "<tr>", "没有这样的文件"),
        ("as_of=2010-01-01&worth=expired", "没有这样的文件", "<tr>"),
    ],
)
def test_the_list_is_narrowed(shared_desk: Desk, query: str, there: str, not_there: str) -> None:
    text = shared_desk.logged_in("editor").get(f"/console/library?{query}").text
    body = text.split('id="documents-title"')[1]
    assert there in body
    assert not_there not in body


def test_search_marks_what_was_found(shared_desk: Desk) -> None:
    person = shared_desk.logged_in("operator")
    text = person.get("/console/library", params={"q": "意外伤害保险"}).text
    assert "<mark>" in text
    assert "意外伤害" in text
    empty = person.get("/console/library", params={"q": "zzzz"}).text
    assert "没有找到" in empty
    evil = person.get("/console/library", params={"q": "<script>alert(1)</script>"}).text
    assert "<script>alert" not in evil


def test_a_document_stands_beside_its_provisions(shared_desk: Desk) -> None:
    person = shared_desk.logged_in("operator")
    clause, document = shared_desk.app.library.clause(CLAUSE) or pytest.fail("no clause")
    text = person.get(f"/console/library/documents/{document.id}?quote={clause.text[3:9]}").text
    assert f'id="{CLAUSE}"' in text
    assert f"<mark>{clause.text[3:9]}</mark>" in text
    assert "文件的用词" in text
    moved = person.get(f"/console/library/clause?id={CLAUSE}", follow_redirects=False)
    assert moved.headers["location"].startswith("/console/library/documents/guangzhou/3#")
    assert person.get("/console/library/documents/nowhere").status_code == 404
    assert person.get("/console/library/clause?id=nowhere/1").status_code == 404


def test_what_changed_between_releases(shared_desk: Desk) -> None:
    text = shared_desk.logged_in("editor").get("/console/library/releases").text
    assert "现在只有一个版本" in text


def test_a_change_is_told_in_words(desk: Desk, documents: Sequence[LoadedDocument]) -> None:
    words = desk.app.conversation.words
    first, second, *others = documents
    renamed = first.document.model_copy(update={"last_verified_on": dt.date(2026, 11, 25)})
    provision = second.document.provisions[0].model_copy(update={"says": "改过的意思"})
    changed = second.document.model_copy(
        update={"provisions": [provision, *second.document.provisions[1:]]}
    )
    anew = [
        replace(first, document=renamed, digest="1" * 64),
        replace(second, document=changed, digest="2" * 64),
        *others[:-1],
    ]
    build(desk.app.engine, anew, words, NOW)
    gone = others[-1].document
    text = desk.logged_in("operator").get("/console/library/releases").text
    body = unescape(text.split("<tbody>")[1])
    assert f"<td>{gone.name}</td>" in body
    assert f"整份文件，{len(gone.provisions)}条规定" in body
    assert f"<del>{first.document.last_verified_on}</del> → <ins>2026-11-25</ins>" in body
    assert f"<del>{second.document.provisions[0].says}</del> → <ins>改过的意思</ins>" in body
    assert body.count("<tr>") == 3
    assert "{" not in body


def test_a_mistake_is_reported_and_decided(desk: Desk) -> None:
    operator, editor = desk.logged_in("operator"), desk.logged_in("editor")
    sent = operator.submit(
        "/console/library/reports", clause=CLAUSE, what="数字不对，来电13812345678说的"
    )
    assert "记下了" in sent.text
    assert "13812345678" not in sent.text
    assert "改好了</button>" not in sent.text  # operators do not decide
    assert operator.submit("/console/library/reports/1", state="done").status_code == 403
    assert "请写一句为什么" in editor.submit("/console/library/reports/1", state="rejected").text
    assert "请选" in editor.submit("/console/library/reports/1", state="open").text
    assert "处理好了" in editor.submit("/console/library/reports/1", state="done").text
    assert editor.submit("/console/library/reports/1", state="done").status_code == 404
    assert "数字不对" in editor.get("/console/library/reports?state=done").text
    assert [line.who for line in desk.audited(action="clause_report_decided")] == ["editor"]


def test_an_empty_report_is_sent_back(shared_desk: Desk) -> None:
    operator = shared_desk.logged_in("operator")
    sent = operator.submit("/console/library/reports", clause=CLAUSE, what=" ")
    assert sent.status_code == 422
    assert "还没有写哪里不对" in sent.text
    assert operator.submit("/console/library/reports", clause="no/1", what="x").status_code == 404
