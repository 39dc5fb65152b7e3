"""Passwords: argon2 hashes, what a password must be, and ones made for a single use."""

from __future__ import annotations

import secrets
import threading
import unicodedata
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from knowledge.strict_yaml import read

SHORTEST, LONGEST = 10, 128  # characters
_FEWEST_DIFFERENT = 5
_GROUPS, _GROUP = 4, 4
_ONE_TIME_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike on paper

HASHER = PasswordHasher()  # RFC 9106's second recommended choice: 64 MiB, three passes
# Each hash takes 64 MiB and a core: a crowd at the door must not take the machine.
_AT_ONCE = threading.BoundedSemaphore(2)


def hashed(password: str) -> str:
    """The password's argon2id hash, salted, with its parameters in it."""
    with _AT_ONCE:
        return HASHER.hash(_normal(password))


def matches(stored: str | None, password: str) -> bool:
    """Whether `password` is the one that `stored` was made of. Without a stored one it is never,
    and finding that out takes as long: the time must not tell which accounts there are."""
    with _AT_ONCE:
        try:
            return HASHER.verify(stored or _nobodys(), _normal(password)) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


def outdated(stored: str) -> bool:
    """Whether the hash was made with weaker parameters than those of today."""
    return HASHER.check_needs_rehash(stored)


def weakness(password: str, name: str) -> str | None:
    """Why `password` will not do for the account `name`: a key of wording.yaml's `error`."""
    plain = _normal(password).casefold()
    if len(plain) < SHORTEST:
        return "password_short"
    if len(plain) > LONGEST:
        return "password_long"
    if name.casefold() in plain:
        return "password_name"
    if plain in _commonest() or len(set(plain)) < _FEWEST_DIFFERENT:
        return "password_plain"
    return None


def one_time() -> str:
    """A password of 79 random bits that can be read out over the telephone."""
    return "-".join(
        "".join(secrets.choice(_ONE_TIME_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS)
    )


def _normal(password: str) -> str:
    # The same keys give the same password whichever way an input method composes characters.
    return unicodedata.normalize("NFKC", password)


@cache
def _nobodys() -> str:
    return HASHER.hash(secrets.token_urlsafe())


@cache
def _commonest() -> frozenset[str]:
    return frozenset(read(Path(__file__).with_name("commonest_passwords.yaml")).data)
