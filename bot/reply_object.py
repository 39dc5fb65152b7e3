"""A reply as the JSON object that `anxin ask --jsonl` and the API share."""

from __future__ import annotations

from typing import Any

from dialogs.reply import Reply
from dialogs.text import as_text


def reply_object(reply: Reply) -> dict[str, Any]:
    """The reply, its text whole as a person would read it, standing and sources included."""
    return {
        "status": reply.status.value,
        "intent": reply.intent,
        "confidence": round(reply.confidence, 4),
        "text": as_text(reply),
        "citations": [
            {
                "clause": citation.clause,
                "document": citation.document,
                "doc_no": citation.doc_no,
                "standing": citation.standing.value,
                "quote": citation.quote,
            }
            for citation in reply.citations
        ],
        "options": [option.label for option in reply.options],
        "missing": list(reply.missing),
        "action": reply.action,
        "release": reply.release,
    }
