"""Replies as XML. Written here because wechatpy puts texts into CDATA as they are: one with `]]>`
ends it and may go on with elements of its own."""

from __future__ import annotations

import re

# What XML 1.0 cannot hold, not even escaped.
_IMPOSSIBLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def element(name: str, text: str) -> str:
    """`<name>` with `text` in it, whatever the text."""
    inside = _IMPOSSIBLE.sub("", text).replace("]]>", "]]]]><![CDATA[>")
    return f"<{name}><![CDATA[{inside}]]></{name}>"


def text_reply(to: str, sender: str, text: str, created_at: int) -> str:
    """A passive reply of the kind text. `created_at` is in seconds since 1970."""
    return (
        "<xml>"
        + element("ToUserName", to)
        + element("FromUserName", sender)
        + f"<CreateTime>{created_at}</CreateTime>"
        + element("MsgType", "text")
        + element("Content", text)
        + "</xml>"
    )
