"""The page as it is delivered. How it works in a browser is for tests/browser/."""

from __future__ import annotations

import re
from pathlib import Path

import httpx

import bot.http

FILES = sorted((Path(bot.http.__file__).parent / "static").iterdir())


def test_the_page_is_chinese_and_names_the_places(client: httpx.Client) -> None:
    page = client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert '<html lang="zh-CN">' in page.text
    for place in ("广州", "长治", "辽宁", "肇庆"):
        assert place in page.text


def test_nothing_comes_from_another_host(client: httpx.Client) -> None:
    texts = [client.get("/").text, *(path.read_text("utf-8") for path in FILES)]
    for text in texts:
        addresses = re.findall(r"(?:https?:)?//[\w.-]+\.\w+", text)
        assert set(addresses) <= {"http://www.w3.org"}  # the name of SVG, not an address to load


def test_the_page_holds_no_inline_script_or_style(client: httpx.Client) -> None:
    page = client.get("/").text
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
    assert re.findall(r"<script[^>]*>(.*?)</script>", page, re.DOTALL) == [""]


def test_the_scripts_never_write_markup() -> None:
    for path in FILES:
        if path.suffix == ".js":
            text = path.read_text("utf-8")
            assert not re.search(
                r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text
            )


def test_what_people_read_is_in_the_page_not_in_the_scripts() -> None:
    for path in FILES:
        code = re.sub(r"//.*|/\*.*?\*/", "", path.read_text("utf-8"), flags=re.DOTALL)
        chinese = re.findall(r"[\u4e00-\u9fff]+", code if path.suffix == ".js" else "")
        assert chinese == []


def test_every_file_is_served_with_its_type(client: httpx.Client) -> None:
    kinds = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
    for path in FILES:
        response = client.get(f"/static/{path.name}")
        assert response.status_code == 200
        assert response.headers["content-type"].startswith(kinds[path.suffix])
        again = client.get(
            f"/static/{path.name}", headers={"if-none-match": response.headers["etag"]}
        )
        assert again.status_code == 304
