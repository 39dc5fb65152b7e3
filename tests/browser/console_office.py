"""A whole office on one machine: the application with its real library and model, permits, WeChat's
platform and Telegram's made up, and an account for each role."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize
from pydantic import SecretStr

from bot.app import App, assemble, utc_now
from bot.bench.process import free_port
from bot.console import accounts
from bot.http import create_app
from bot.settings import Settings, settings
from knowledge.registry.demo import DemoPermit, seed_demo
from tests.bot.serving import serving
from tests.simulators import telegram_api
from tests.simulators.telegram_chats import TOKEN, Chats
from tests.simulators.wechat_phone import Phones, phones

OFFICE: ViewportSize = {"width": 1366, "height": 768}
PASSWORD = "measuring kettle 7"
# Account, what colleagues call the person, role.
STAFF = (
    ("li", "李红", "operator"),
    ("wang", "王芳", "operator"),
    ("zhao", "赵强", "supervisor"),
    ("sun", "孙丽", "editor"),
    ("admin", "周敏", "administrator"),
)


@dataclass(frozen=True)
class Office:
    """The served application, and how people reach it."""

    app: App
    url: str
    wechat: Phones
    telegram: Chats
    permit: DemoPermit

    def telegram_says(self, chat: int, text: str) -> None:
        """Somebody writes on Telegram."""
        self.telegram.text(chat, text)
        statuses = telegram_api.deliver(self.telegram)
        assert set(statuses) == {200}, statuses


def whole_settings(folder: Path) -> Settings:
    """Settings for a whole application that keeps everything in `folder`."""
    for name in ("database", "audit_database"):
        os.environ[f"ANXIN_REGISTRY_{name.upper()}_URL"] = f"sqlite:///{folder}/{name}.db"
    os.environ["ANXIN_REGISTRY_AUDIT_ANCHOR"] = f"{folder}/anchor"
    return settings().model_copy(
        update={
            "database_url": f"sqlite:///{folder}/office.db",
            "seal_key_file": folder / "seal.key",
            "console_audit_anchor": folder / "console.anchor",
            "ask_limit": "100000/minute",  # everybody is at one address
            "read_limit": "100000/minute",
            "staff_hours": "",
        }
    )


@contextmanager
def office(folder: Path, **more: object) -> Iterator[Office]:
    """Serve it; `more` are settings that differ."""
    chats = Chats()
    with phones() as (wechat, wechat_api), telegram_api.running(chats) as telegram:
        port = free_port()
        url, account = f"http://127.0.0.1:{port}", wechat.account
        channels = {
            "port": port,
            "public_url": url,
            "wechat_token": SecretStr(account.token),
            "wechat_app_id": account.app_id,
            "wechat_app_secret": SecretStr(account.secret),
            "wechat_aes_key": SecretStr(account.aes_key),
            "wechat_verified": account.verified,
            "wechat_api_base": wechat_api,
            "telegram_token": SecretStr(TOKEN),
            "telegram_api_base": telegram,
            "telegram_webhook_url": f"{url}/telegram",
        }
        app = assemble(whole_settings(folder).model_copy(update=channels | more))
        with app.engine.begin() as connection:
            for name, label, role in STAFF:
                accounts.add(connection, name, label, role, PASSWORD, utc_now())
        assert app.registry is not None
        (permit,) = seed_demo(app.registry, 1, only="valid")
        with serving(create_app(app), lifespan="on", port=port):
            wechat.reach(f"{url}/wechat")
            yield Office(app, url, wechat, chats, permit)
        app.engine.dispose()


def at_desk(browser: Browser, url: str, name: str, size: ViewportSize = OFFICE) -> Page:
    """Somebody of the office, logged in in a browser of their own."""
    page = browser.new_context(viewport=size, locale="zh-CN", base_url=url).new_page()
    page.goto("/console/login")
    page.get_by_label("账号").fill(name)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url("**/console/**")
    return page
