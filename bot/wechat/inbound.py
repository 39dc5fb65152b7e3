"""What WeChat pushes, as one frozen value: messages and events of every kind.

Read here and not by wechatpy, which gives `None` for an empty field and 0 for the id of every
event, renames some events, and raises whatever broken input happens to cause.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from xml.etree import ElementTree

_SCENE = "qrscene_"
# Nothing but an XML declaration may stand before the root: a DOCTYPE could stand nowhere else.
_PROLOG = re.compile(r"\s*(<\?xml[^>]*\?>\s*)?<xml[\s>]")
_LONGEST_ID = 100  # an openid has 28 characters, a MsgId 20


class Malformed(Exception):
    """A body that is no message of WeChat's. Its text is a code for the log."""


@dataclass(frozen=True)
class Received:
    """A message or an event. `key` tells it from every other, and is the same in each repeat."""

    key: str
    sender: str  # the person's openid
    account: str  # ours, as WeChat calls it (gh_…)
    kind: str  # text, image, voice, video, shortvideo, location, link, event … in small letters
    text: str = ""
    event: str = ""  # in small letters; empty for messages
    event_key: str = ""  # without qrscene_
    picture_url: str = ""
    media_id: str = ""
    menu_id: str = ""  # of a tap on a msgmenu, which arrives as a text
    scanned: str = ""  # what a QR code said that was scanned by way of the menu


def fields_of(body: bytes | str) -> dict[str, str]:
    """The fields of a pushed body, those one level down by their own names.

    Raises `Malformed` for anything but one `<xml>` element in UTF-8 with each field once. A DOCTYPE
    is refused before any parser sees it.
    """
    try:
        text = body if isinstance(body, str) else body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed("not_utf8") from error
    if not _PROLOG.match(text):
        raise Malformed("json" if text.lstrip()[:1] in ("{", "[") else "not_xml")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - no DOCTYPE gets here
    except ElementTree.ParseError as error:
        raise Malformed("broken_xml") from error
    fields: dict[str, str] = {}
    for element in root:
        if element.tag in fields:
            raise Malformed("field_twice")
        fields[element.tag] = (element.text or "").strip()
    for inner in (inner for element in root for inner in element):
        fields.setdefault(inner.tag, (inner.text or "").strip())
    return fields


def received(fields: dict[str, str]) -> Received:
    """The message in the fields of a plain body. Raises `Malformed` where one is missing."""
    sender, created = fields.get("FromUserName", ""), fields.get("CreateTime", "")
    kind, event = fields.get("MsgType", "").lower(), fields.get("Event", "").lower()
    event_key, message_id = fields.get("EventKey", ""), fields.get("MsgId", "")
    if not sender or len(sender) > _LONGEST_ID or not kind or not created.isdecimal():
        raise Malformed("incomplete")
    if kind == "event":
        # Events have no id of their own.
        named = "|".join((sender, created, event, event_key))
        key = "event-" + hashlib.sha256(named.encode()).hexdigest()[:40]
    elif message_id.isdecimal() and len(message_id) <= _LONGEST_ID:
        key = message_id  # an unsigned 64-bit number: kept as it is written
    else:
        raise Malformed("no_message_id")
    return Received(
        key=key,
        sender=sender,
        account=fields.get("ToUserName", ""),
        kind=kind,
        # A voice message's words, where they are still recognised: WeChat stopped it in 2023.
        text=fields.get("Content", "") or fields.get("Recognition", ""),
        event=event if kind == "event" else "",
        event_key=event_key.removeprefix(_SCENE) if event == "subscribe" else event_key,
        picture_url=fields.get("PicUrl", ""),
        media_id=fields.get("MediaId", ""),
        menu_id=fields.get("bizmsgmenuid", ""),
        scanned=fields.get("ScanResult", ""),
    )
