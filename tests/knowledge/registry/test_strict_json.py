"""JSON that two readers might read differently is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.registry.strict_json import dumps, loads

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(values)
def test_what_is_written_is_read_again(value: object) -> None:
    try:
        written = dumps(value)
    except UnicodeEncodeError:
        return  # a lone surrogate has no UTF-8
    assert loads(written) == value


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":1,"a":2}',
        b'{"x":{"a":1,"a":1}}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b"\xff{}",
        b"",
        b"{",
        b"[" * 100_000,
        b'{"a":' + b"9" * 5000 + b"}",
        '{"a":1}'.encode("utf-16"),
    ],
)
def test_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  any kind of it
        loads(raw)
