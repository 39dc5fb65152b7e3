"""The operator's answer time: from the last key to the full answer, while others are chatting.

`python -m tests.browser.measure_assistant` serves the whole application (real library, real model)
in a process of its own, lets a hundred conversations go on in another, and types questions into the
assistant in Chromium.
"""

from __future__ import annotations

import argparse
import sys

from playwright.sync_api import Page

from bot.bench.process import load
from tests.browser.chromium import chromium
from tests.browser.console_office import at_desk
from tests.browser.load import loaded, quantiles

QUESTIONS = (
    "广州月嫂培训免费吗",
    "长治社保补贴什么条件",
    "肇庆星级评定怎么弄",
    "我是农村的能领什么补贴",
    "昆区家政保险谁来买",
    "沈阳回炉培训多久一次",
    "退伍军人学家政有钱拿吗",
    "上门服务证在哪里办",
)
# Notes when each full answer stands on the page, after the input it belongs to.
WATCH = """
() => {
  const field = document.getElementById("q"), answer = document.getElementById("answer");
  window.took = [];
  let typed = 0;
  field.addEventListener("input", () => { typed = performance.now(); });
  new MutationObserver(() => {
    if (answer.dataset.question === field.value.trim() && typed) {
      const since = typed;
      typed = 0;
      requestAnimationFrame(() => window.took.push(performance.now() - since));
    }
  }).observe(answer, { attributes: true, childList: true });
}
"""


def type_questions(page: Page, rounds: int, key_ms: float) -> list[float]:
    """The time of each answer that was waited for, in milliseconds."""
    page.evaluate(WATCH)
    for _ in range(rounds):
        for text in QUESTIONS:
            page.locator("#q").fill("")
            page.locator("#q").press_sequentially(text, delay=key_ms)
            page.locator(f'#answer[data-question="{text}"]').wait_for()
        page.wait_for_timeout(50)
    took: list[float] = page.evaluate("window.took")
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--every", type=float, default=20.0, help="seconds between messages")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--key-ms", type=float, default=120.0, help="between two keys")
    given = parser.parse_args()
    with loaded(given.people, given.every) as url, chromium() as browser:
        page = at_desk(browser, url, "li")
        page.goto("/console/assistant")
        type_questions(page, 1, given.key_ms)  # what is read once is read
        page.reload()
        took = type_questions(page, given.rounds, given.key_ms)
    sys.stdout.write(
        f"{len(took)} answers, {given.people} conversations (a message each {given.every:g} s): "
        f"{quantiles(took)}; {load()}\n"
    )


if __name__ == "__main__":
    main()
