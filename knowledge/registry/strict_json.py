"""JSON as a registry must send it: UTF-8, no duplicate keys, no NaN, nothing that two readers read
differently."""

from __future__ import annotations

import json
from typing import Any


def loads(raw: bytes) -> Any:
    """The value of `raw`. Raises `ValueError` for anything but strict JSON in UTF-8."""
    try:
        return json.loads(
            raw.decode("utf-8"), object_pairs_hook=_once, parse_constant=_refuse_constant
        )
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def dumps(value: Any) -> bytes:
    """The one canonical form of `value`: sorted keys, no spaces, UTF-8."""
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("duplicate key")
    return result


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
