"""What comes by itself: staff, the queue, and going on after the line broke. And ratings."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from bot.app import App
from bot.conversations.held import held
from bot.conversations.kept import conversation_pk
from bot.conversations.ratings import RatingRow
from bot.http import create_app
from tests.bot.serving import NOW, app_on, copy_of, serving
from tests.browser.accessibility import accessible
from tests.browser.chatting import ask, last_answer
from tests.browser.conftest import NARROW, PATIENCE_MS, WIDE

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def app(library_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    own = app_on(copy_of(library_file, tmp_path_factory.mktemp("live")))
    own.handovers.hours = ()  # the tests' clock stands on a Saturday; these staff work then
    yield own
    own.engine.dispose()


@pytest.fixture(scope="module")
def site(app: App) -> Iterator[str]:
    with serving(create_app(app), lifespan="on") as url:
        yield url


@pytest.fixture(params=[NARROW, WIDE], ids=["360px", "1280px"])
def context(
    browser: Browser, site: str, request: pytest.FixtureRequest
) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=request.param, locale="zh-CN", base_url=site)
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


def begun(page: Page, app: App) -> tuple[str, int]:
    """Ask something; the conversation's id and row."""
    ask(page, "你好")
    expect(last_answer(page)).to_be_visible()
    id = page.evaluate("localStorage.getItem('anxin.conversation')")
    pk = conversation_pk(app.engine, "web", id)
    assert pk is not None
    return id, pk


def waits(app: App, id: str) -> None:
    with held(app.engine, "web", id, NOW) as conversation:
        app.handovers.ask(conversation)
        conversation.remember(conversation.memory, NOW)  # as a turn does


def test_staff_are_waited_for_come_speak_and_go(page: Page, app: App) -> None:
    id, pk = begun(page, app)
    waits(app, id)
    state = page.get_by_role("status").filter(has_text="工作人员")
    expect(state).to_contain_text("正在等工作人员，您排在第一位")
    accessible(page)
    handover = app.handovers.of_conversation(pk)
    assert handover is not None
    assert app.handovers.take(handover.pk, "li")
    expect(state).to_contain_text("现在是工作人员在和您说话")
    assert app.handovers.say(
        handover.pk, "li", "您好，我姓李。请看 https://www.example.org/a?b=1。"
    )
    said = page.locator(".turn").last
    expect(said.locator(".from-staff")).to_have_text("工作人员")
    link = said.get_by_role("link")
    expect(link).to_have_attribute("href", "https://www.example.org/a?b=1")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(said.locator(".asked")).to_have_count(0)
    ask(page, "谢谢")
    expect(page.get_by_text("已经发给工作人员")).to_be_visible()
    accessible(page)
    assert app.handovers.close(handover.pk, "li", "solved")
    expect(last_answer(page)).to_contain_text("下面又是我")
    expect(state).to_be_hidden()
    before = page.locator("#log").inner_text()
    page.reload()
    expect(last_answer(page)).to_contain_text("下面又是我")
    assert page.locator("#log").inner_text() == before


def test_who_does_not_want_to_wait_says_so_with_one_tap(page: Page, app: App) -> None:
    id, pk = begun(page, app)
    waits(app, id)
    page.get_by_role("button", name="不等了").click()
    expect(last_answer(page)).to_contain_text("不排队了")
    expect(page.locator("#state")).to_be_hidden()
    handover = app.handovers.of_conversation(pk)
    assert handover is not None
    assert handover.state == "closed"


def test_what_was_said_while_the_line_was_cut_is_not_lost(
    page: Page, app: App, context: BrowserContext
) -> None:
    _, pk = begun(page, app)
    handover = app.handovers.take_over(pk, "li")
    assert handover is not None
    expect(page.locator("#state")).to_contain_text("工作人员在和您说话")
    context.set_offline(True)
    expect(page.get_by_text("网络断了")).to_be_visible()
    for words in ("第一句", "第二句"):
        assert app.handovers.say(handover, "li", words)
    context.set_offline(False)
    expect(page.locator(".from-staff")).to_have_count(2)
    texts = page.locator(".answer").all_inner_texts()
    assert texts[-2:] == ["第一句", "第二句"]


def test_without_a_stream_the_turns_are_looked_at_now_and_then(page: Page, app: App) -> None:
    page.clock.install()
    page.route("**/events?*", lambda route: route.fulfill(status=204))
    _, pk = begun(page, app)
    handover = app.handovers.take_over(pk, "li")
    assert handover is not None
    assert app.handovers.say(handover, "li", "我在")
    expect(page.locator(".answer")).to_have_count(1)
    for _ in range(20):  # when the page learns that there is no stream is not for the clock to say
        page.clock.run_for(21_000)
        if page.locator(".from-staff").count():
            break
        time.sleep(0.3)
    expect(page.locator(".from-staff")).to_have_count(1)
    expect(last_answer(page)).to_have_text("我在")
    expect(page.locator("#state")).to_contain_text("工作人员在和您说话")


def test_an_answer_is_rated_with_a_reason(page: Page, app: App) -> None:
    begun(page, app)
    ask(page, "今天天气")
    expect(page.locator(".answer")).to_have_count(2)
    rating = page.get_by_role("group", name="这个回答有用吗").last
    rating.get_by_role("button", name="有用").click()
    expect(rating).to_contain_text("谢谢")
    rating.get_by_role("button", name="没用").click()
    expect(rating.get_by_role("button", name="没用")).to_have_attribute("aria-pressed", "true")
    expect(rating.get_by_role("button", name="有用")).to_have_attribute("aria-pressed", "false")
    expect(rating.get_by_role("button", name="答的不是我问的")).to_be_focused()
    accessible(page)
    rating.get_by_label("自己写").fill("我问的是工资")
    page.keyboard.press("Enter")
    expect(rating).to_contain_text("谢谢")
    expect(rating.get_by_label("自己写")).to_be_hidden()
    with app.engine.connect() as connection:
        newest = connection.execute(
            select(RatingRow.useful, RatingRow.reason).order_by(RatingRow.turn_pk.desc())
        ).first()
    assert newest is not None
    assert tuple(newest) == (False, "我问的是工资")
    page.reload()
    again = page.get_by_role("group", name="这个回答有用吗").last
    expect(again.get_by_role("button", name="没用")).to_have_attribute("aria-pressed", "true")


def test_a_rating_that_does_not_arrive_says_so(page: Page, app: App) -> None:
    begun(page, app)
    page.route("**/ratings", lambda route: route.abort("internetdisconnected"))
    rating = page.get_by_role("group", name="这个回答有用吗")
    rating.get_by_role("button", name="有用").click()
    expect(rating).to_contain_text("没记上")
    expect(rating.get_by_role("button", name="有用")).to_have_attribute("aria-pressed", "false")


def test_on_paper_question_answer_sources_day_and_standing(page: Page, app: App) -> None:
    ask(page, "广州月嫂培训免费吗")
    expect(last_answer(page)).to_be_visible()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    turn = page.locator(".turn")
    expect(turn.locator("time")).to_be_visible()
    expect(turn.locator("time")).to_contain_text("年")
    expect(turn.get_by_text("广州月嫂培训免费吗")).to_be_visible()
    expect(turn.locator("mark").first).to_be_visible()
    expect(turn.locator(".source .chip").first).to_be_visible()
    expect(turn.get_by_text("还有效吗").first).to_be_visible()
    expect(page.get_by_text("以上是机器人")).to_be_visible()
    for hidden in (".rating", "#form", ".tools"):
        expect(page.locator(hidden).first).to_be_hidden()
    assert len(page.pdf()) > 10_000
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(turn.locator("mark").first).to_be_hidden()
