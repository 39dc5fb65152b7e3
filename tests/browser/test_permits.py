"""A permit checked in the web chat: a photograph goes out, the verdict comes as a card."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from bot.app import connected
from bot.http import create_app
from dialogs.wording import say
from knowledge.registry.server.issuing import Issued
from tests.bot.serving import app_on, copy_of, serving
from tests.browser.accessibility import accessible
from tests.browser.conftest import NARROW, PATIENCE_MS, WIDE
from tests.permit_desk import NAME, Desk, open_desk

pytestmark = pytest.mark.browser


@pytest.fixture
def desk(library_file: Path, tmp_path: Path) -> Iterator[Desk]:
    app = app_on(library_file)
    with open_desk(tmp_path, app.library, app.conversation.words) as desk:
        yield desk
    app.engine.dispose()


@pytest.fixture(params=[NARROW, WIDE], ids=["360px", "1280px"])
def page(
    browser: Browser,
    desk: Desk,
    library_file: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[Page]:
    own = app_on(copy_of(library_file, tmp_path))
    app = connected(own.settings, own.engine, desk.conversation, own.seal, desk.registry)
    with serving(create_app(app), lifespan="on") as url:
        context = browser.new_context(viewport=request.param, locale="zh-CN", base_url=url)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        page.goto("/")
        yield page
        context.close()
    app.engine.dispose()
    assert errors == []


def photograph(desk: Desk) -> bytes:
    """A permit's code on a table, as a phone takes it: large, and a little turned."""
    code = Image.open(io.BytesIO(desk.photo(desk.issue()))).convert("RGB").resize((1100, 1100))
    table = Image.new("RGB", (3000, 2200), "#c9b79c")
    turned = code.rotate(7, expand=True, fillcolor="#c9b79c")
    table.paste(turned, (800, 400))
    out = io.BytesIO()
    table.save(out, "JPEG", quality=85)
    return out.getvalue()


def send_photo(page: Page, data: bytes, name: str = "permit.jpg") -> None:
    page.get_by_label("发照片").set_input_files(
        {"name": name, "mimeType": "image/jpeg", "buffer": data}
    )


def test_a_photograph_and_its_verdict(page: Page, desk: Desk) -> None:
    send_photo(page, photograph(desk))
    expect(page.get_by_role("img", name="您发的照片")).to_be_visible()
    card = page.locator(".verdict")
    expect(card.get_by_role("heading")).to_have_text("证有效，人还没核对")
    expect(card).to_contain_text("核验码")
    page.get_by_label("您要问的话").fill(NAME)
    page.get_by_label("您要问的话").press("Enter")
    second = page.locator(".verdict.good")
    expect(second.get_by_role("heading")).to_have_text("证有效，信息相符")
    expect(page.get_by_role("button", name="请她授权").last).to_be_visible()
    page.reload()
    expect(page.locator(".verdict")).to_have_count(2)
    expect(page.get_by_text(NAME)).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_file_that_is_no_picture_says_so(page: Page) -> None:
    send_photo(page, b"no picture", "words.txt")
    expect(page.get_by_role("alert")).to_contain_text("不是照片")


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "polling"])
def test_a_check_put_off_comes_by_itself(page: Page, desk: Desk, stream: bool) -> None:
    if not stream:
        page.clock.install()
        page.route("**/events?*", lambda route: route.fulfill(status=204))
    desk.way.down = True
    send_photo(page, photograph(desk))
    expect(page.locator(".verdict").get_by_role("heading")).to_have_text("没有结论")
    expect(page.locator(".turn").last).to_contain_text(say("permit.recheck_by_itself"))
    desk.way.down = False
    last = page.locator(".turn").last
    told = last.get_by_text(say("permit.recheck_done"))
    for _ in range(50):  # minutes
        desk.time.move(60)
        page.wait_for_timeout(300)
        if not stream:
            page.clock.run_for(21_000)
        if told.count():
            break
    expect(told).to_be_visible()
    expect(last.get_by_role("heading", level=3)).to_have_text("证有效，人还没核对")
    expect(last.locator(".asked")).to_have_count(0)
    accessible(page)


def asked_for_consent(page: Page, desk: Desk) -> tuple[Issued, str]:
    """Check a permit in the chat and ask for her consent; the permit, and the link's path."""
    permit = desk.issue()
    desk.registry.issuing.set_component(permit.number, "identity", desk.time.today, None)
    box = page.get_by_label("您要问的话")
    box.fill(f"{permit.number.value} {NAME}")
    box.press("Enter")
    page.get_by_role("button", name="请她授权").click()
    link = page.locator(".turn").last.get_by_role("link")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    path = re.search(r"/permit/consent/[a-p]{32}$", link.get_attribute("href") or "")
    assert path is not None
    return permit, path.group()


def test_her_consent_from_the_link_to_the_chat(page: Page, desk: Desk) -> None:
    permit, path = asked_for_consent(page, desk)
    hers = page.context.new_page()
    hers.goto(path)
    expect(hers.get_by_role("heading", level=1)).to_have_text("有人想看您的服务证详情")
    accessible(hers)
    hers.get_by_label("您的证号").fill(permit.number.written)
    hers.get_by_label("6位数字密码").fill("000000" if permit.pin != "000000" else "000001")
    hers.get_by_role("button", name="同意", exact=True).click()
    expect(hers.get_by_role("alert")).to_contain_text("打勾")
    for box in hers.get_by_role("checkbox").all():
        box.check()
    hers.get_by_label("6位数字密码").fill("000000" if permit.pin != "000000" else "000001")
    hers.get_by_role("button", name="同意", exact=True).click()
    expect(hers.get_by_role("alert")).to_contain_text("对不上")
    expect(hers.get_by_label("您的证号")).to_have_value(permit.number.written)
    expect(hers.get_by_label("6位数字密码")).to_have_value("")
    accessible(hers)
    # By keyboard alone from here on.
    hers.get_by_label("6位数字密码").focus()
    hers.keyboard.type(permit.pin)
    hers.keyboard.press("Tab")
    expect(hers.get_by_role("button", name="同意", exact=True)).to_be_focused()
    hers.keyboard.press("Enter")
    expect(hers.get_by_role("heading", level=1)).to_have_text("您同意了")
    accessible(hers)
    desk.time.move(11)
    last = page.locator(".turn").last
    expect(last).to_contain_text(say("permit.consent_given"))
    expect(last).to_contain_text("体检没有记录")
    accessible(page)
    hers.goto(path)
    expect(hers.get_by_role("heading", level=1)).to_have_text("这条链接不能用")
    accessible(hers)


def test_she_sees_who_looked_and_takes_a_consent_back(page: Page, desk: Desk) -> None:
    permit, _path = asked_for_consent(page, desk)
    hers = page.context.new_page()
    hers.goto("/permit/mine")
    accessible(hers)
    hers.get_by_label("您的证号").fill(permit.number.value)
    hers.get_by_label("6位数字密码").fill(permit.pin)
    hers.keyboard.press("Enter")
    expect(hers.get_by_role("heading", level=1)).to_have_text("我的证：有效")
    expect(hers.get_by_text("雇用前核验")).to_be_visible()
    accessible(hers)
    hers.get_by_role("link", name="去回答").click()
    for box in hers.get_by_role("checkbox").all():
        box.check()
    hers.get_by_label("您的证号").fill(permit.number.value)
    hers.get_by_label("6位数字密码").fill(permit.pin)
    hers.get_by_role("button", name="同意", exact=True).click()
    hers.get_by_role("link", name="我的证").click()
    hers.get_by_label("您的证号").fill(permit.number.value)
    hers.get_by_label("6位数字密码").fill(permit.pin)
    hers.keyboard.press("Enter")
    hers.get_by_role("button", name="收回授权").click()
    expect(hers.get_by_role("status")).to_contain_text("已经收回")
    accessible(hers)
    desk.time.move(11)
    expect(page.locator(".turn").last).to_contain_text(say("permit_consent.WITHDRAWN"))
