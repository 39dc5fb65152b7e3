"""The review in the console: seen, labelled, looked at again, exported, trained."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from bot.http import create_app
from bot.review.heard import note_missing
from dialogs.reply import Message
from tests.bot.console.desk import Clock, Desk, Person
from tests.bot.review.teaching import MISSED, MISSED_INTENT, SPOILING, teachable_app
from tests.bot.serving import NOW, serving

REVIEW = "/console/review"
LABELS = f"{REVIEW}/labels"
TEST_MESSAGE = "我今年五十六了人家培训班还收不收"  # of nlu/evaluation


def ask(desk: Desk, *texts: str, channel: str = "web") -> None:
    for number, text in enumerate(texts):
        desk.app.inbox.handle(Message(text, f"{channel}-{text}-{number}", "m", channel))


def refs(page: str) -> list[str]:
    return re.findall(r'name="ref" value="([^"]+)"', page)


def headings(page: str) -> list[str]:
    return re.findall(r'<h2 id="heard-\d+">(.*?)</h2>', page)


@pytest.fixture
def teachable(staffed_file: Path, tmp_path: Path) -> Iterator[Desk]:
    """A console over an engine small enough to be trained here."""
    with teachable_app(staffed_file, tmp_path) as app:
        web = create_app(app)
        with serving(web) as url:
            desk = Desk(app, web, url, Clock(NOW))
            yield desk
            for person in desk.people:
                person.close()


def test_a_message_is_labelled_changed_and_exported(desk: Desk) -> None:
    ask(desk, "保姆证丢了在长治怎么补", "保姆证丢了在肇庆怎么补", "月嫂用哪款吸奶器")
    person = desk.logged_in("editor")
    page = person.get(REVIEW).text
    assert headings(page) == ["保姆证丢了在长治怎么补", "月嫂用哪款吸奶器"]
    assert "2种说法" in page
    both = refs(page)[:2]
    done = person.post(
        f"{REVIEW}/label",
        data={"csrf": person.csrf, "ref": both, "choice": "other", "intent": "permit"},
    )
    assert "定好了。" in done.text
    assert headings(done.text) == ["月嫂用哪款吸奶器"]
    labels = person.get(f"{REVIEW}/labels").text
    assert labels.count("/console/review/labels/") >= 2
    assert {line.who for line in desk.audited(action="label_made")} == {"editor"}

    second = desk.logged_in("supervisor")
    changed = second.submit(f"{REVIEW}/labels/1", choice="library", note="补证写在哪里")
    assert "改好了。" in changed.text
    assert "补证写在哪里" in second.get(f"{REVIEW}/tasks").text
    assert desk.audited(action="label_changed")[0].about == "label:1"

    second.submit(f"{REVIEW}/labels/2/confirm")  # the engine takes it for another office's
    patch = person.submit(f"{REVIEW}/export")
    assert patch.headers["content-disposition"] == 'attachment; filename="labels.yml"'
    assert patch.text.count("    - ") == 1
    assert person.submit(f"{REVIEW}/export").status_code == 409
    again = person.submit(f"{REVIEW}/labels/2", choice="dismissed")
    assert again.status_code == 422
    assert "已经导出，不能再改" in again.text
    assert desk.audited(action="labels_exported")


def test_a_task_for_the_library_is_done(desk: Desk) -> None:
    note_missing(desk.app.engine, "工龄补贴在哪个文件", "140400", "operator", NOW)
    person = desk.logged_in("supervisor")
    (ref,) = refs(person.get(REVIEW).text)
    short = person.submit(f"{REVIEW}/label", ref=ref, choice="library")
    assert short.status_code == 422
    assert "请写说明" in short.text
    person.submit(f"{REVIEW}/label", ref=ref, choice="library", note="三条都没写工龄")
    tasks = person.get(f"{REVIEW}/tasks").text
    assert "三条都没写工龄" in tasks
    assert "长治" in tasks
    assert "做完的（1）" in person.submit(f"{REVIEW}/tasks/1/done").text
    assert "还要做的（1）" in person.submit(f"{REVIEW}/tasks/1/done").text
    actions = [line.action for line in desk.audited(about="label:1")]
    assert actions == ["task_reopened", "task_done", "label_made"]
    assert person.submit(f"{REVIEW}/tasks/99/done").status_code == 404


def test_the_filters_and_the_way_back(desk: Desk) -> None:
    ask(desk, "月嫂用哪款吸奶器", channel="wechat")
    ask(desk, "保姆证丢了怎么补", channel="web")
    person = desk.logged_in("editor")
    assert headings(person.get(f"{REVIEW}?channel=wechat").text) == ["月嫂用哪款吸奶器"]
    assert headings(person.get(f"{REVIEW}?kind=unanswered").text) == []
    assert len(headings(person.get(f"{REVIEW}?kind=strayed").text)) == 2
    old = person.get(f"{REVIEW}?since=2020-01-01&until=2020-02-01").text
    assert "没有要看的问题" in old
    for bad in ("since=yesterday", "since=2026-02-02&until=2026-01-01", "since=0001-01-01"):
        assert person.get(f"{REVIEW}?{bad}").status_code == 422
    ref = refs(person.get(f"{REVIEW}?channel=web").text)[0]
    back = "channel=web&page=1&evil=//x"
    done = person.submit(f"{REVIEW}/label", ref=ref, choice="dismissed", back=back)
    assert str(done.url).endswith("/console/review?channel=web&page=1&done=label_made")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "请选一项"),
        ({"choice": "other"}, "请选问的是哪件事"),
        ({"choice": "intent:no_such"}, "请选问的是哪件事"),
        ({"choice": "dismissed", "ref": "turn-999"}, "这个问题已经不在了"),
        ({"choice": "dismissed", "ref": "turn-" + "9" * 50}, "这个问题已经不在了"),
        ({"choice": "dismissed", "ref": "account-1"}, "这个问题已经不在了"),
        ({"choice": "intent:permit", "word": "嘎"}, "没认出的词"),
        ({"choice": "intent:permit", "example": "。。"}, "例句里没有字"),
        ({"choice": "intent:permit", "example": TEST_MESSAGE}, "和考题几乎一样"),
    ],
)
def test_what_cannot_be_labelled_is_said(
    shared_desk: Desk, fields: dict[str, str], said: str
) -> None:
    ask(shared_desk, "保姆证丢了怎么补")
    person = shared_desk.logged_in("editor")
    refused = person.submit(f"{REVIEW}/label", **({"ref": "turn-1"} | fields))
    assert refused.status_code == 422
    assert said in refused.text
    assert not shared_desk.audited(action="label_made")


def test_what_a_citizen_writes_is_never_markup(desk: Desk) -> None:
    attack = '<script>alert(1)</script>月嫂证"><img src=x onerror=alert(1)>'
    ask(desk, attack)
    person = desk.logged_in("editor")
    page = person.get(REVIEW).text
    assert "月嫂证" in page
    assert "<script>alert" not in page
    assert "<img" not in page
    person.submit(f"{REVIEW}/label", ref="turn-1", choice="library", note=attack)
    for path in ("labels", "labels/1", "tasks"):
        assert "<img" not in person.get(f"{REVIEW}/{path}").text


def test_only_keepers_train_and_export(shared_desk: Desk) -> None:
    supervisor = shared_desk.logged_in("supervisor")
    assert supervisor.get(REVIEW).status_code == 200
    assert "review/retrain" not in supervisor.get(REVIEW).text
    for path in ("retrain", "export"):
        assert supervisor.submit(f"{REVIEW}/{path}").status_code == 403
    assert shared_desk.logged_in("editor").get(f"{REVIEW}/retrain").status_code == 200


def label_all(person: Person, texts: tuple[str, ...], intent: str) -> None:
    """Label the groups on the page whose typical message is among the texts."""
    for _ in texts:
        page = person.get(REVIEW).text
        shown = [one for one in headings(page) if one in texts]
        if not shown:
            return
        articles = page.split("<article")[1:]
        (article,) = [one for one in articles if f">{shown[0]}</h2>" in one]
        person.post(
            f"{REVIEW}/label",
            data={"csrf": person.csrf, "ref": refs(article), "choice": f"intent:{intent}"},
        )


def trained(desk: Desk, person: Person) -> str:
    """Train by the button, wait for the end, and give the page."""
    assert "开始训练了" in person.submit(f"{REVIEW}/retrain").text
    for thread in threading.enumerate():
        if thread.name == "retrain":
            thread.join(600)
    assert person.get(f"{REVIEW}/retrain/state").json()["state"] != "running"
    return person.get(f"{REVIEW}/retrain").text


def test_the_loop_from_a_missed_question_to_its_answer(teachable: Desk) -> None:
    desk = teachable
    ask(desk, *MISSED)
    person = desk.logged_in("editor")
    assert all(text in person.get(REVIEW).text for text in MISSED)
    label_all(person, MISSED, MISSED_INTENT)
    assert headings(person.get(REVIEW).text) == []
    assert "有3处改动机器人还没学" in person.get(f"{REVIEW}/retrain").text
    page = trained(desk, person)
    assert "换上了新的" in page
    assert "7 / 7（100.0%）" in page
    assert "机器人都学过了" in page
    reply = desk.app.inbox.handle(Message(MISSED[0], "later", "m", "web"))
    assert reply.intent == MISSED_INTENT
    assert reply.citations  # a true answer, with its clause
    assert desk.audited(action="retrained")


def test_labels_that_spoil_it_are_refused_in_sight(teachable: Desk) -> None:
    desk = teachable
    person = desk.logged_in("administrator")
    for text in SPOILING:
        note_missing(desk.app.engine, text, None, "operator", NOW)
    label_all(person, SPOILING, "out_of_scope")
    assert "没有新的可学" in trained(desk, person)  # they wait for somebody else
    colleague = desk.logged_in("supervisor")
    for waiting in re.findall(r"review/labels/(\d+)/confirm", colleague.get(LABELS).text):
        colleague.submit(f"{LABELS}/{waiting}/confirm")
    page = trained(desk, person)
    assert "新的更差，没有换" in page
    assert "社保补贴到账慢" in page
    reply = desk.app.inbox.handle(Message("社保补贴怎么领", "later", "m", "web"))
    assert reply.intent == "social_insurance_subsidy"


def test_what_the_bot_answered_stands_beside_the_question(desk: Desk) -> None:
    reply = desk.app.inbox.handle(Message("辽宁的星级怎么评", "p", channel="web"))
    said = "".join(statement.text for _kind, statement in reply.statements())
    page = unescape(desk.logged_in("editor").get("/console/review").text)
    assert f"机器人答的：</span>{said[:200]}" in page


def test_what_was_asked_before_stands_beside_the_question(desk: Desk) -> None:
    for number, text in enumerate(("广州的星级怎么评", "月嫂用哪款吸奶器")):
        desk.app.inbox.handle(Message(text, "p", f"m{number}", "web"))
    ask(desk, "保姆证丢了怎么补")
    page = desk.logged_in("editor").get(REVIEW).text
    before = {
        article.partition("</h2>")[0].rpartition(">")[2]: "上一句：</span>广州的星级怎么评"
        in article
        for article in page.split("<article")[1:]
    }
    assert before == {"月嫂用哪款吸奶器": True, "保姆证丢了怎么补": False}


def test_what_a_word_means_is_chosen_by_its_words(desk: Desk) -> None:
    note_missing(desk.app.engine, "回锅班哪里有", "140400", "operator", NOW)
    person = desk.logged_in("editor")
    page = person.get(REVIEW).text
    (ref,) = refs(page)
    meant = next(words for words in re.findall(r'<option value="(工种：[^"]+)"', page))
    form = {"choice": "intent:refresher", "word": "回锅", "meaning": meant, "ref": ref}
    assert "定好了" in person.submit(f"{REVIEW}/label", **form).text
    again = person.get(f"{REVIEW}/labels/1").text
    assert (
        f'name="meaning" list="meanings" maxlength="80" autocomplete="off" value="{meant}"' in again
    )
    assert (
        "还要选是指什么"
        in person.submit(f"{REVIEW}/labels/1", **form | {"meaning": "不知道是什么"}).text
    )


def test_a_label_that_the_engine_contradicts_waits_for_somebody_else(desk: Desk) -> None:
    person = desk.logged_in("editor")
    said = {}
    for text, intent in (("保险谁来买", "accident_insurance"), ("星级几年评一次", "refresher")):
        note_missing(desk.app.engine, text, "140400", "operator", NOW)
        (ref,) = refs(person.get(REVIEW).text)
        done = person.submit(f"{REVIEW}/label", choice=f"intent:{intent}", ref=ref)
        said[text] = "要另一位同事" in done.text
    assert said == {"保险谁来买": False, "星级几年评一次": True}
    page = person.get(f"{REVIEW}/labels").text
    assert page.count("等另一位同事认可") == 1
    assert "机器人觉得是“星级和等级评定”" in page
    assert "没标错" not in page
    own = person.submit(f"{REVIEW}/labels/2/confirm")
    assert own.status_code == 422
    assert "要另一位同事来认可" in own.text
    assert "一共标了1句" in person.get(f"{REVIEW}/retrain").text
    assert "星级" not in person.submit(f"{REVIEW}/export").text

    colleague = desk.logged_in("supervisor")
    assert colleague.get(f"{REVIEW}/labels").text.count("没标错") == 1
    confirmed = colleague.submit(f"{REVIEW}/labels/2/confirm")
    assert "认可了，下次训练会教给机器人" in confirmed.text
    assert "等另一位同事" not in confirmed.text
    assert desk.audited(action="label_confirmed")[0].about == "label:2"
    assert "一共标了2句" in person.get(f"{REVIEW}/retrain").text
    assert "星级几年评一次" in person.submit(f"{REVIEW}/export").text
    assert colleague.submit(f"{REVIEW}/labels/99/confirm").status_code == 404


def test_who_is_alone_confirms_the_next_day(desk: Desk) -> None:
    person = desk.logged_in("administrator")
    note_missing(desk.app.engine, "星级几年评一次", "140400", "operator", NOW)
    (ref,) = refs(person.get(REVIEW).text)
    person.submit(f"{REVIEW}/label", choice="intent:refresher", ref=ref)
    assert "没标错" not in person.get(f"{REVIEW}/labels").text
    desk.clock.forward(hours=13)
    person = desk.logged_in("administrator")
    assert "没标错" in person.get(f"{REVIEW}/labels").text
    assert "认可了" in person.submit(f"{REVIEW}/labels/1/confirm").text
