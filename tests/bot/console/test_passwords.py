"""What a password must be, and how it is kept."""

from __future__ import annotations

import re
from typing import ClassVar, Literal

import pytest
from argon2 import PasswordHasher, extract_parameters
from hypothesis import given
from hypothesis import strategies as st

from bot.console import passwords
from bot.console.passwords import hashed, matches, one_time, outdated, weakness


@pytest.fixture
def real_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parameters that passwords have outside tests."""
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher())


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("123456789", "password_short"),
        ("家政政策一二三四五", "password_short"),
        ("x" * 129, "password_long"),
        ("xx-wang.li-2026", "password_name"),
        ("xx-WANG.LI-2026", "password_name"),
        ("1234567890", "password_plain"),
        ("Password1234", "password_plain"),
        ("woaini1314520", "password_plain"),
        ("１２３４５６７８９０", "password_plain"),  # full width is no disguise
        ("aaaaaaaaaaaa", "password_plain"),
        ("abababababab", "password_plain"),
        ("correct horse 1", None),
        ("春眠不觉晓处处闻啼鸟", None),
        ("x7-" * 10 + "kettle", None),
    ],
)
def test_what_will_do(password: str, code: str | None) -> None:
    assert weakness(password, "wang.li") == code


@given(st.text(max_size=40))
def test_a_password_matches_itself_only(password: str) -> None:
    stored = hashed(password)
    assert matches(stored, password)
    assert not matches(stored, password + "x")
    assert not matches(None, password)


def test_the_same_keys_are_the_same_password() -> None:
    assert matches(hashed("ｐａｓｓé１２３"), "passe\u0301123")


def test_a_hash_is_argon2id_with_a_good_amount_of_work(real_work: None) -> None:
    stored = hashed("correct horse 1")
    parameters = extract_parameters(stored)
    assert parameters.type.name == "ID"
    assert parameters.memory_cost >= 64 * 1024  # KiB
    assert parameters.time_cost >= 3
    assert not outdated(stored)
    assert outdated(PasswordHasher(time_cost=1, memory_cost=1024).hash("correct horse 1"))


def test_what_is_no_hash_matches_nothing() -> None:
    assert not matches("", "x")
    assert not matches("plain text", "plain text")


def test_nobodys_password_is_as_much_work_as_somebodys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or the time would tell which accounts there are."""

    class Counting(PasswordHasher):
        checked: ClassVar[list[str]] = []

        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
            self.checked.append(str(hash))
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "HASHER", Counting(time_cost=1, memory_cost=64))
    passwords._nobodys.cache_clear()
    assert not matches(hashed("correct horse 1"), "another")
    assert not matches(None, "another")
    passwords._nobodys.cache_clear()
    somebody, nobody = (extract_parameters(kept) for kept in Counting.checked)
    assert somebody == nobody


def test_one_time_passwords() -> None:
    made = {one_time() for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(r"([a-hjkmnp-z2-9]{4}-){3}[a-hjkmnp-z2-9]{4}", one) for one in made)
    assert all(weakness(one, "wang.li") is None for one in made)
