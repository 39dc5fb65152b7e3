"""What a Telegram Bot API server knows: people, chats, messages, updates. Its rules are kept:
4,096 characters, 64 bytes to a button, well-formed HTML, updates repeated until confirmed."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

TOKEN = "1000:TEST-token_of-the-simulator"
BOT = {"id": 1000, "is_bot": True, "first_name": "安心问", "username": "anxin_test_bot"}
DATE = 1795248000
_TAGS = frozenset(("b", "i", "u", "s", "code", "pre", "a", "blockquote", "tg-spoiler"))

Update = dict[str, Any]


class Refusal(Exception):
    """What the server answers instead of a result."""

    def __init__(self, status: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters


@dataclass
class Fault:
    """Something that goes wrong once. `after`: it was done, and only the answer got lost."""

    method: str
    status: int
    description: str
    retry_after: int | None = None
    after: bool = False


@dataclass
class Sent:
    """A message of the bot as the person sees it."""

    message_id: int
    chat: int
    text: str
    entities: list[str]
    buttons: list[list[dict[str, str]]] = field(default_factory=list)
    parse_mode: str | None = None

    @property
    def labels(self) -> list[str]:
        return [button["text"] for row in self.buttons for button in row]


class Chats:
    """The whole of it; safe to share between the server's thread and a test's."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.sent: list[Sent] = []
        self.answered: list[dict[str, str]] = []  # taps, as the bot answered them
        self.commands: list[dict[str, str]] = []
        self.webhook: dict[str, str] = {}
        self.last_error = ""  # of a delivery to the webhook
        self.pending: deque[Update] = deque()
        self.faults: deque[Fault] = deque()
        self.blocked: set[int] = set()
        self.files: dict[str, bytes] = {}
        self.typing: list[int] = []
        self.calls: list[str] = []
        self.closing = False  # nobody is kept waiting any longer
        self._known: set[int] = set()
        self._open_taps: set[str] = set()
        self._updates = itertools.count(500_000_001)
        self._messages = itertools.count(1)

    # --- what a person does: each gives the update, and puts it among those to be delivered -------

    def text(self, chat: int, text: str) -> Update:
        """Write; a text that begins with / is a command, as the clients mark it."""
        more: dict[str, Any] = {"text": text}
        if text.startswith("/"):
            length = len(text.split()[0])
            more["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        return self.message(chat, **more)

    def message(self, chat: int, **content: Any) -> Update:
        """Any message: `sticker={…}`, `location={…}` and so on."""
        return self._update("message", self._written(chat, **content))

    def edit(self, update: Update, text: str) -> Update:
        """Change what was written before."""
        edited = update["message"] | {"text": text, "edit_date": DATE + 60}
        return self._update("edited_message", edited)

    def photo(self, chat: int, picture: bytes, caption: str | None = None) -> Update:
        """Send a photograph; Telegram offers it in two sizes."""
        sizes = [self._file(picture, "s", size=90), self._file(picture, "x")]
        content: dict[str, Any] = {"photo": sizes}
        return self.message(chat, **content, **({"caption": caption} if caption else {}))

    def document(self, chat: int, content: bytes, mime_type: str) -> Update:
        """Send a file."""
        return self.message(chat, document=self._file(content, "d") | {"mime_type": mime_type})

    def tap(self, chat: int, label: str) -> Update:
        """Tap the newest button of that label. LookupError when there is none."""
        for message in reversed(self.seen(chat)):
            for row in message.buttons:
                for button in row:
                    if button["text"] == label:
                        return self.tap_data(message, button["callback_data"])
        raise LookupError(label)

    def tap_data(self, message: Sent, data: str) -> Update:
        """Tap a button of a message, also one that has gone since."""
        query = f"q{message.message_id}-{next(self._messages)}"
        with self.lock:
            self._open_taps.add(query)
        below = {
            "message_id": message.message_id,
            "date": DATE,
            "chat": _chat(message.chat),
            "from": BOT,
            "text": message.text,
        }
        return self._update(
            "callback_query",
            {
                "id": query,
                "from": _person(message.chat),
                "chat_instance": str(message.chat),
                "message": below,
                "data": data,
            },
        )

    def seen(self, chat: int) -> list[Sent]:
        """The bot's messages in a chat, oldest first."""
        with self.lock:
            return [message for message in self.sent if message.chat == chat]

    def fails(self, method: str, status: int, description: str, **more: Any) -> None:
        """Let the next call of `method` go wrong."""
        self.faults.append(Fault(method, status, description, **more))

    # --- what the bot does -----------------------------------------------------------------------

    def call(self, method: str, given: dict[str, Any]) -> Any:
        """The result of a method. Raises `Refusal`."""
        with self.lock:
            self.calls.append(method)
            fault = next((one for one in self.faults if one.method == method), None)
            if fault is not None:
                self.faults.remove(fault)
            if fault is None or fault.after:
                result = self._do(method, given)
            if fault is not None:
                raise _refusal(fault)
            return result

    def _do(self, method: str, given: dict[str, Any]) -> Any:
        match method:
            case "sendChatAction":
                self.typing.append(int(given["chat_id"]))
            case "getMe":
                return BOT
            case "setMyCommands":
                self.commands = given["commands"]
            case "setWebhook":
                self.webhook = {"url": given["url"], "secret": given.get("secret_token", "")}
            case "deleteWebhook":
                self.webhook = {}
            case "getWebhookInfo":
                return {
                    "url": self.webhook.get("url", ""),
                    "has_custom_certificate": False,
                    "pending_update_count": len(self.pending),
                    **({"last_error_message": self.last_error} if self.last_error else {}),
                }
            case "getUpdates":
                return self._waiting(given.get("offset"), given.get("allowed_updates"))
            case "sendMessage":
                return self._message_sent(given)
            case "editMessageReplyMarkup":
                return self._buttons_changed(given)
            case "answerCallbackQuery":
                query = given["callback_query_id"]
                if query not in self._open_taps:
                    raise Refusal(400, "Bad Request: query is too old and response timeout expired")
                self._open_taps.remove(query)
                self.answered.append(given)
            case "getFile":
                content = self.files.get(given["file_id"])
                if content is None:
                    raise Refusal(400, "Bad Request: invalid file_id")
                name = given["file_id"]
                return _file_object(name, len(content)) | {"file_path": f"photos/{name}.jpg"}
            case _:
                raise Refusal(404, "Not Found")
        return True

    def _waiting(self, offset: int | None, allowed: list[str] | None) -> list[Update]:
        if self.webhook:
            raise Refusal(409, "Conflict: can't use getUpdates method while webhook is active")
        while self.pending and offset is not None and self.pending[0]["update_id"] < offset:
            self.pending.popleft()
        wanted = [one for one in self.pending if not allowed or set(one) & set(allowed)]
        return wanted[:100]

    def _message_sent(self, given: dict[str, Any]) -> dict[str, Any]:
        chat = int(given["chat_id"])
        if chat in self.blocked:
            raise Refusal(403, "Forbidden: bot was blocked by the user")
        if chat not in self._known:
            raise Refusal(400, "Bad Request: chat not found")
        text: str = given["text"]
        entities: list[str] = []
        if given.get("parse_mode") == "HTML":
            text, entities = parsed(text)
        if not text.strip():
            raise Refusal(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) // 2 > 4096:
            raise Refusal(400, "Bad Request: message is too long")
        sent = Sent(
            next(self._messages),
            chat,
            text,
            entities,
            _buttons(given.get("reply_markup")),
            given.get("parse_mode"),
        )
        self.sent.append(sent)
        return _message_object(sent)

    def _buttons_changed(self, given: dict[str, Any]) -> dict[str, Any]:
        for message in self.sent:
            if message.message_id == int(given["message_id"]):
                buttons = _buttons(given.get("reply_markup"))
                if buttons == message.buttons:
                    raise Refusal(400, "Bad Request: message is not modified")
                message.buttons = buttons
                return _message_object(message)
        raise Refusal(400, "Bad Request: message to edit not found")

    def _update(self, kind: str, content: dict[str, Any]) -> Update:
        with self.lock:
            update = {"update_id": next(self._updates), kind: content}
            self.pending.append(update)
            return update

    def _written(self, chat: int, **content: Any) -> dict[str, Any]:
        with self.lock:
            self._known.add(chat)
            number = next(self._messages)
        sender = _person(abs(chat))
        return {
            "message_id": number,
            "date": DATE,
            "chat": _chat(chat),
            "from": sender,
            **content,
        }

    def _file(self, content: bytes, kind: str, size: int | None = None) -> dict[str, Any]:
        name = f"{kind}{next(self._messages)}"
        with self.lock:
            self.files[name] = content
        return _file_object(name, size or len(content)) | {"width": 90, "height": 90}


def parsed(text: str) -> tuple[str, list[str]]:
    """HTML as Telegram reads it: the bare text and its entities. Raises `Refusal`."""
    parser = _Markup()
    parser.feed(text)
    parser.close()
    if parser.open:
        raise _unreadable(f"can't find end tag corresponding to start tag {parser.open[-1]}")
    return "".join(parser.text), parser.entities


class _Markup(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self.entities: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            raise _unreadable(f'unsupported start tag "{tag}"')
        self.open.append(tag)
        self.entities.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise _unreadable(f'unexpected end tag "{tag}"')

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        raise _unreadable("unsupported start tag")


def _unreadable(why: str) -> Refusal:
    return Refusal(400, f"Bad Request: can't parse entities: {why}")


def _refusal(fault: Fault) -> Refusal:
    more = {} if fault.retry_after is None else {"retry_after": fault.retry_after}
    return Refusal(fault.status, fault.description, **more)


def _buttons(markup: dict[str, Any] | None) -> list[list[dict[str, str]]]:
    rows: list[list[dict[str, str]]] = (markup or {}).get("inline_keyboard", [])
    for button in itertools.chain.from_iterable(rows):
        if not 1 <= len(button["callback_data"].encode()) <= 64:
            raise Refusal(400, "Bad Request: BUTTON_DATA_INVALID")
        if not button["text"].strip():
            raise Refusal(400, "Bad Request: inline keyboard button text must be non-empty")
    return rows


def _person(number: int) -> dict[str, Any]:
    return {"id": number, "is_bot": False, "first_name": "李梅", "language_code": "zh-hans"}


def _chat(number: int) -> dict[str, Any]:
    if number < 0:
        return {"id": number, "type": "supergroup", "title": "家政姐妹群"}
    return {"id": number, "type": "private", "first_name": "李梅"}


def _file_object(name: str, size: int) -> dict[str, Any]:
    return {"file_id": name, "file_unique_id": f"u{name}", "file_size": size}


def _message_object(sent: Sent) -> dict[str, Any]:
    return {
        "message_id": sent.message_id,
        "date": DATE,
        "chat": _chat(sent.chat),
        "from": BOT,
        "text": sent.text,
    }
