"""`anxin chat`: a conversation in the terminal, also through a pipe and without colour."""

from __future__ import annotations

import contextlib
import datetime as dt
import sys
from pathlib import Path

import typer

from bot.app import App, assemble
from bot.settings import settings
from dialogs.memory import Memory
from dialogs.reply import Message, Reply
from dialogs.text import as_text
from dialogs.wording import say


def run_chat(as_of: dt.date | None) -> None:
    """Read lines until the end of input; each gets a reply. `/help` lists the commands."""
    app = assemble(settings(), typer.echo)
    if sys.stdin.isatty():
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401 - importing it gives the prompt a history
    session = Session(app, as_of)
    typer.echo(say("terminal.welcome"))
    while True:
        try:
            line = input("> " if sys.stdin.isatty() else "")
        except (EOFError, KeyboardInterrupt):
            typer.echo()
            return
        if not session.handle(line.strip()):
            return


class Session:
    """One conversation at the terminal: lines in, replies printed."""

    def __init__(self, app: App, as_of: dt.date | None) -> None:
        self.app = app
        self.as_of = as_of
        self.memory = Memory()
        self.last: Reply | None = None  # that rests on clauses, for /sources and /why

    def handle(self, line: str) -> bool:
        """Answer one line; False when the conversation is over."""
        if line in ("/quit", "/exit"):
            return False
        name, _, argument = line.partition(" ")
        if name == "/photo":
            self.photo(argument.strip())
        elif line.startswith("/"):
            typer.echo(self.command(line))
        else:
            self.say(Message(line))
        return True

    def say(self, message: Message) -> None:
        """Print the reply to a message, and remember what `/sources` and `/why` need."""
        reply, self.memory = self.app.conversation.converse(message, self.memory, self.as_of)
        if reply.citations or reply.trace:
            self.last = reply
        typer.echo(as_text(reply, sources=False) + "\n")

    def photo(self, path: str) -> None:
        """Send the picture in the file at `path`."""
        try:
            picture = Path(path).expanduser().read_bytes()
        except (OSError, RuntimeError, ValueError):  # not there, no such home, no path at all
            typer.echo(say("terminal.no_photo", path=path))
            return
        self.say(Message("", images=(picture,)))

    def command(self, line: str) -> str:
        """What a command that begins with a slash prints."""
        name, _, argument = line.partition(" ")
        if name == "/sources":
            return self.sources()
        if name == "/why":
            trace = self.last.trace if self.last else ()
            return "\n".join(trace) or say("why.none")
        if name == "/reset":
            self.memory, self.last = Memory(), None
            return say("talk.restart")
        if name == "/as-of":
            return self.change_day(argument.strip())
        return say("terminal.help")

    def sources(self) -> str:
        """The clauses of the last answer, word for word."""
        if self.last is None or not self.last.citations:
            return say("terminal.no_sources")
        whole = as_text(self.last)
        return whole[whole.index(say("sources.heading")) :]

    def change_day(self, text: str) -> str:
        """Answer as of another day from now on; empty, of today."""
        if not text:
            self.as_of = None
            return say("terminal.today")
        try:
            self.as_of = dt.date.fromisoformat(text)
        except ValueError:
            return say("terminal.bad_day", text=text)
        return say("terminal.as_of", day=self.as_of.isoformat())
