"""What makes a record show that somebody has changed it: a keyed chain, its head anchored in a
file.

Each link is an HMAC over an entry and the link before it, so an edit, a deletion or a reorder
breaks the chain, and nobody without the key can mend it. A tail cut off leaves a shorter, sound
chain; that is seen by the anchor, which is kept outside the database. Where entries and head are
stored is the record's own affair (audit.py here, and the console's audit).
"""

from __future__ import annotations

import fcntl
import hmac
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from knowledge.registry.strict_json import dumps, loads

FIRST = "0" * 64  # the link before the first entry
Written = tuple[int, Mapping[str, Any], str]  # an entry's number, its content, its link


class Chain:
    """The chain of one record. `purpose` keeps it apart from others that use the same key."""

    def __init__(self, key: bytes, anchor: Path, purpose: str = "audit") -> None:
        self._key = key
        self._anchor = anchor
        self._purpose = purpose.encode()

    def link(self, seq: int, content: Mapping[str, Any], before: str) -> str:
        """The link of entry `seq`; the one before it has the link `before`."""
        whole = dumps({"seq": seq, "before": before, **content})
        return hmac.digest(self._key, self._purpose + b":" + whole, "sha256").hex()

    def problems(self, written: Iterable[Written], head: tuple[int, str]) -> list[str]:
        """What is wrong with the entries (in order) and the head (number and link of the last), in
        plain English; empty when all is whole."""
        wrong = []
        before, expected = FIRST, 1
        links = {0: FIRST}
        for seq, content, link in written:
            if seq != expected:
                wrong.append(f"entries {expected} to {seq - 1} are missing")
            if not hmac.compare_digest(self.link(seq, content, before), link):
                wrong.append(f"entry {seq} was changed, moved, or follows a changed one")
            before, expected = link, seq + 1
            links[seq] = link
        if head != (expected - 1, before):
            wrong.append(f"the head says {head[0]} entries, the record has {expected - 1}")
        return wrong + self._anchor_problems(links)

    def anchor(self, seq: int, link: str) -> None:
        """Put the head down outside the database; never an older one over a newer. Raises
        `OSError`."""
        self._anchor.parent.mkdir(parents=True, exist_ok=True)
        with _FileLock(self._anchor.with_suffix(".lock")):
            known = self._read_anchor()
            if known is not None and known["seq"] >= seq:
                return
            fresh = self._anchor.with_suffix(".new")
            with fresh.open("wb") as file:
                file.write(dumps({"seq": seq, "link": link, "mac": self._anchor_mac(seq, link)}))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._anchor)

    def _read_anchor(self) -> dict[str, Any] | None:
        try:
            value = loads(self._anchor.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError:
            return {"seq": -1, "link": "", "mac": ""}
        return value if isinstance(value, dict) else {"seq": -1, "link": "", "mac": ""}

    def _anchor_mac(self, seq: int, link: str) -> str:
        return hmac.digest(self._key, f"anchor:{seq}:{link}".encode(), "sha256").hex()

    def _anchor_problems(self, links: dict[int, str]) -> list[str]:
        anchor = self._read_anchor()
        if anchor is None:
            return ["the anchor is missing"] if len(links) > 1 else []
        seq, link = anchor.get("seq"), str(anchor.get("link"))
        mac = self._anchor_mac(seq if type(seq) is int else -1, link)
        if not hmac.compare_digest(mac, str(anchor.get("mac"))):
            return ["the anchor was changed"]
        if seq not in links:
            return [
                f"the anchor says {seq} entries, the record ends at {max(links)}: a tail is cut"
            ]
        if links[seq] != link:
            return [f"entry {seq} is not the one that was anchored"]
        return []


class _FileLock:
    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        self._file = self._path.open("a")
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_error: object) -> None:
        self._file.close()
