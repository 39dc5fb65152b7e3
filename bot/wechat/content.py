"""What the channel says of itself, its menu and its QR scenes: all in YAML beside this module."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dialogs.reply import Block, Reply, Statement, Status
from knowledge.sentences import Sentences

_SENTENCES = Sentences(Path(__file__).with_name("wording.yaml"))
_MENU = Sentences(Path(__file__).with_name("menu.yaml"))
say = _SENTENCES.say


def talk(text: str, status: Status = Status.ANSWERED) -> Reply:
    """A reply that says nothing about policy."""
    return Reply(status, (Block("talk", (Statement(text),)),), intent="wechat")


def is_word(kind: str, text: str) -> bool:
    """Whether `text` is one of the words of a kind (collect, number, sources)."""
    words: list[str] = _SENTENCES.data["words"][kind]
    return text.strip().strip("。.!！~～ ").casefold() in words


def sticker(text: str) -> bool:
    """Whether WeChat put this text for something that it cannot hand over (a sticker, a file)."""
    found: str = _SENTENCES.data["unsupported_text"]
    return text.startswith(found)


def menu() -> dict[str, Any]:
    """The account's menu in the shape of the API."""
    buttons: list[dict[str, Any]] = _MENU.data["menu"]
    return {"button": buttons}


def asked_by_menu(key: str) -> str | None:
    """What a tap on a menu item asks; None for an item that there is not (any more)."""
    return _MENU.table("questions").get(key)


def asked_by_scene(scene: str) -> str | None:
    """What the QR code of a scene asks; None for an unknown one."""
    return scenes().get(scene)


def scenes() -> dict[str, str]:
    """The scenes and what each asks."""
    return _MENU.table("scenes")
