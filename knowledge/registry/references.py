"""What stands for people and permits wherever they must not be named: digests by the key.

To whom the key is unknown they tell nothing; the same person or permit has the same one each time.
"""

from __future__ import annotations

import base64
import hmac
from uuid import UUID

from knowledge.registry.outcome import Verdict
from knowledge.registry.permit_number import PermitNumber
from knowledge.registry.webhook import notice_key, permit_key


class References:
    """The digests of one key, of 32 bytes or more."""

    def __init__(self, key: bytes) -> None:
        if len(key) < 32:
            raise ValueError("the key needs at least 32 bytes")
        self._key = key
        self.notice_key = notice_key(key)

    def asker(self, asker: str) -> str:
        """Of who asks: known to the registry and in the record."""
        return self._of(b"asker:" + asker.encode()).hex()

    def conversation(self, conversation: str) -> str:
        """Of where it is asked: known to the quota."""
        return self._of(b"chat:" + conversation.encode()).hex()

    def permit(self, number: str) -> str:
        """Of a permit: known in the record and in notices."""
        return permit_key(self.notice_key, number)

    def thousand(self, number: PermitNumber) -> str:
        """Of the thousand numbers around a permit's, so that who tries them in turn is noticed."""
        return self._of(number.value[:-4].encode()).hex()

    def nonce(self, request_id: UUID) -> str:
        """Of an attempt: nobody foresees it, and a check repeated after a crash is the same request
        to the registry."""
        digest = self._of(b"nonce:" + request_id.bytes)
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def code(self, request_id: UUID, verdict: Verdict) -> str:
        """Of a verdict: the short mark under which staff find its check again."""
        content = f"code:{request_id}:{int(verdict.outcome)}:{int(verdict.checked_at)}"
        return base64.b32encode(self._of(content.encode())).decode()[:8]

    def _of(self, content: bytes) -> bytes:
        return hmac.digest(self._key, content, "sha256")
