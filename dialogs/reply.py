"""What goes in and out of a conversation: messages, replies, citations. No channel knows more."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from knowledge.standing import Standing


class Status(StrEnum):
    """What became of a question. Closed: channels, figures and review read nothing else."""

    ANSWERED = "answered"
    PARTLY_ANSWERED = "partly_answered"  # the clause exists but gives no amount, office or date
    NEEDS_INFO = "needs_info"
    CLARIFY = "clarify"
    NOT_COVERED = "not_covered"
    OUT_OF_SCOPE = "out_of_scope"
    VERDICT = "verdict"
    HANDED_OFF = "handed_off"
    REFUSED = "refused"
    FAILED = "failed"


# `handoff`: wants a person. `contact`: leaves a number to be called back at. `hold_for_staff`: a
# member of staff looks at the answer first. `recheck`: the bot comes back by itself. `forget` and
# `export`: the person wants what is kept of the conversation deleted, or shown.
Action = Literal["continue", "handoff", "contact", "hold_for_staff", "recheck", "forget", "export"]
# How a verdict is coloured: it holds · look again · it does not hold · nothing is known.
Mark = Literal["good", "warn", "bad", "none"]

# What a block is for. POLICY blocks say something about a document: each statement needs a clause.
BlockKind = Literal[
    "conclusion",
    "detail",
    "conditions",
    "amount",
    "procedure",
    "office",
    "standing",
    "silence",
    "quotation",
    "talk",
    "question",
    "advice",
    "verdict",
]
POLICY_KINDS: frozenset[BlockKind] = frozenset(
    (
        "conclusion",
        "detail",
        "conditions",
        "amount",
        "procedure",
        "office",
        "standing",
        "silence",
        "quotation",
    )
)


@dataclass(frozen=True)
class Message:
    """One message as any channel hands it over."""

    text: str
    conversation: str = "local"
    id: str = ""
    channel: str = "terminal"
    sent_at: dt.datetime | None = None
    speaker: Literal["user", "bot", "staff"] = "user"
    staff: str | None = None  # the account of a member of staff who speaks
    images: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Citation:
    """The clause a statement rests on, in the source's own words, and its document's worth."""

    clause: str
    document: str
    document_id: str
    doc_no: str | None
    heading: str
    quote: str
    standing: Standing


@dataclass(frozen=True)
class Statement:
    """A sentence, and the clause ids it rests on (none where it says nothing about policy)."""

    text: str
    clauses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Block:
    """Statements with one purpose; `heading` is shown above them where there are several."""

    kind: BlockKind
    statements: tuple[Statement, ...]
    heading: str | None = None
    mark: Mark | None = None  # of a verdict


@dataclass(frozen=True)
class Option:
    """Something the person may tap or answer by number; `send` is what it says when chosen."""

    label: str
    send: str


@dataclass(frozen=True)
class Reply:
    """An answer before any channel's form."""

    status: Status
    blocks: tuple[Block, ...]
    citations: tuple[Citation, ...] = ()
    options: tuple[Option, ...] = ()
    missing: tuple[str, ...] = ()
    action: Action = "continue"
    intent: str = ""
    confidence: float = 1.0
    release: str | None = None
    open_facts: tuple[str, ...] = ()  # facts that would decide a condition of the first provision
    contact: str | None = field(default=None, repr=False)  # of somebody to be called back
    private: bool = False  # the message holds a name or a number: its words are not kept
    trace: tuple[str, ...] = field(default=())  # how each provision was decided, for /why and staff

    def statements(self) -> tuple[tuple[BlockKind, Statement], ...]:
        """Every statement with its block's kind, in order."""
        return tuple((block.kind, s) for block in self.blocks for s in block.statements)
