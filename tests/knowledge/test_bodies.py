"""Bodies are read whole, never beyond the cap, and half a body is none."""

from __future__ import annotations

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope

from knowledge.bodies import read_body, replayed


def received(*chunks: bytes, whole: bool = True) -> Receive:
    last = len(chunks) - 1
    messages: list[Message] = [
        {"type": "http.request", "body": chunk, "more_body": not whole or n < last}
        for n, chunk in enumerate(chunks)
    ]
    messages.append({"type": "http.disconnect"})

    async def receive() -> Message:
        return messages.pop(0)

    return receive


def scope(length: str | None = None) -> Scope:
    headers = [] if length is None else [(b"content-length", length.encode())]
    return {"type": "http", "headers": headers}


@given(chunks=st.lists(st.binary(max_size=20), min_size=1, max_size=6), most=st.integers(0, 60))
def test_a_body_in_any_pieces_is_whole_or_too_large(chunks: list[bytes], most: int) -> None:
    body = b"".join(chunks)
    read = anyio.run(read_body, scope(), received(*chunks), most)
    assert read == (body if len(body) <= most else None)


def test_a_declared_length_is_believed_when_it_is_too_large() -> None:
    async def never() -> Message:
        raise AssertionError("the body was read")

    assert anyio.run(read_body, scope("11"), never, 10) is None


@pytest.mark.parametrize("length", ["-1", "x", "", "²"])
def test_an_odd_length_declares_nothing(length: str) -> None:
    scope: Scope = {"type": "http", "headers": [(b"content-length", length.encode("latin-1"))]}
    assert anyio.run(read_body, scope, received(b"12345"), 10) == b"12345"


def test_half_a_body_is_none() -> None:
    with pytest.raises(ClientDisconnect):
        anyio.run(read_body, scope("10"), received(b'{"a": 1}', whole=False), 100)


def test_the_body_is_given_once_and_then_what_follows() -> None:
    async def read() -> list[Message]:
        again = replayed(b"abc", received())
        return [await again(), await again()]

    first, second = anyio.run(read)
    assert first == {"type": "http.request", "body": b"abc", "more_body": False}
    assert second == {"type": "http.disconnect"}
