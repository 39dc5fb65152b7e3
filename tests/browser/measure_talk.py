"""How long what one side writes takes to stand before the other, in the web chat and on WeChat.

`python -m tests.browser.measure_talk` serves the whole application in a process of its own while a
hundred others chat with it; somebody with the web chat and somebody with a telephone ask for a
person, a member of staff takes both, and they write to each other. A time begins with the key that
sends (on the telephone: when WeChat has the message) and ends when the words are painted on the
other's page (on the telephone: when WeChat's API has been given them).
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable
from functools import partial

from playwright.sync_api import Browser, Page

from bot.bench.process import load
from tests.browser.chatting import ask
from tests.browser.chromium import chromium
from tests.browser.console_office import OFFICE, at_desk
from tests.browser.load import loaded, quantiles
from tests.simulators.wechat_phone import Phones, phones
from tests.simulators.wechat_platform import Delivered

AUNT = "oAuntWithATelephone0000000001"
_LONGEST_S = 30.0
# How words are sent, and how they are seen: each gives when, in milliseconds of the clock.
Exchange = tuple[Callable[[str], float], Callable[[str], float]]
# Notes when each sentence (第…句) is first painted, and when the key that sends went down.
WATCH = """
() => {
  window.seen = {};
  window.sentAt = 0;
  const look = () => {
    for (const [words] of document.body.innerText.matchAll(/第\\d+句/g)) {
      if (!(words in seen)) {
        seen[words] = 0;
        requestAnimationFrame(() => { seen[words] = Date.now(); });
      }
    }
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter") window.sentAt = Date.now();
  }, true);
}
"""


def watch(page: Page) -> None:
    """From now on the page notes when it is sent something, and when sentences are painted."""
    page.evaluate(WATCH)


def taken(exchange: Exchange, number: int) -> float:
    """How long sentence `number`, which nobody has said yet, took from one side to the other, in
    milliseconds."""
    send, seen = exchange
    words = f"第{number}句"
    began = send(words)
    return seen(words) - began


def takes(page: Page) -> None:
    """The member of staff takes whoever waits longest, and looks at the conversation."""
    page.goto("/console/conversations")
    page.get_by_role("button", name="接过来").first.click()
    page.get_by_text("您接着", exact=True).wait_for()
    page.wait_for_load_state()
    watch(page)


def measure(
    browser: Browser, url: str, phone: Phones, on_phone: dict[str, float], rounds: int
) -> dict[str, list[float]]:
    """Let them write to each other, `rounds` times; what took how long, in milliseconds."""
    times: dict[str, list[float]] = {}
    rng = random.Random(4)
    mei = browser.new_context(viewport=OFFICE, locale="zh-CN", base_url=url).new_page()
    mei.goto("/")
    ask(mei, "转人工")
    web = at_desk(browser, url, "li")
    takes(web)
    watch(mei)
    phone.say(AUNT, "转人工")
    wechat = at_desk(browser, url, "wang")
    takes(wechat)
    exchanges: dict[str, Exchange] = {
        "web chat → staff": (web_asks(mei), seen_on(web)),
        "staff → web chat": (staff_says(web), seen_on(mei)),
        "WeChat → staff": (phone_asks(phone), seen_on(wechat)),
        "staff → WeChat": (staff_says(wechat), partial(arrived, on_phone)),
    }
    for number in range(rounds):
        for place, (what, exchange) in enumerate(exchanges.items()):
            time.sleep(rng.uniform(0.3, 1.3))  # at no fixed place in anybody's round
            times.setdefault(what, []).append(taken(exchange, len(exchanges) * number + place))
    return times


def web_asks(page: Page) -> Callable[[str], float]:
    """Somebody writes in the web chat; when it was sent, in milliseconds of the clock."""

    def send(words: str) -> float:
        ask(page, words)
        return float(page.evaluate("window.sentAt"))

    return send


def staff_says(page: Page) -> Callable[[str], float]:
    """The member of staff writes; when it was sent."""

    def send(words: str) -> float:
        page.get_by_role("textbox", name="上的人说").fill(words)
        page.keyboard.press("Control+Enter")
        return float(page.evaluate("window.sentAt"))

    return send


def phone_asks(phone: Phones, openid: str = AUNT) -> Callable[[str], float]:
    """Somebody writes on WeChat; when."""

    def send(words: str) -> float:
        began = 1000 * time.time()
        phone.say(openid, words)
        return began

    return send


def seen_on(page: Page) -> Callable[[str], float]:
    """When words are painted on a page."""

    def seen_at(words: str) -> float:
        seen = page.wait_for_function(
            "words => window.seen[words]", arg=words, timeout=1000 * _LONGEST_S, polling=20
        )
        return float(seen.json_value())

    return seen_at


def noting(phone: Phones) -> dict[str, float]:
    """When each text that is sent to a telephone from now on came, as soon as it has."""
    on_phone: dict[str, float] = {}

    async def note(delivered: Delivered) -> None:
        on_phone.setdefault(delivered.text, 1000 * time.time())

    phone.api.on_delivered = note
    return on_phone


def arrived(on_phone: dict[str, float], words: str) -> float:
    """When the telephone had the words."""
    deadline = time.monotonic() + _LONGEST_S
    while words not in on_phone:
        if time.monotonic() > deadline:
            raise SystemExit(f"{words} never came")
        time.sleep(0.005)
    return on_phone[words]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--every", type=float, default=20.0, help="seconds between messages")
    parser.add_argument("--rounds", type=int, default=40)
    given = parser.parse_args()
    with phones() as (phone, api), loaded(given.people, given.every, api) as url:
        phone.reach(f"{url}/wechat")
        on_phone = noting(phone)
        with chromium() as browser:
            times = measure(browser, url, phone, on_phone, given.rounds)
    for what, took in times.items():
        late = sum(one > 1000 for one in took)
        sys.stdout.write(f"{what}: {len(took)} times, {quantiles(took)}, {late} over a second\n")
    sys.stdout.write(f"{given.people} others chatting; {load()}\n")


if __name__ == "__main__":
    main()
