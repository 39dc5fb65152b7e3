"""A moving window in a process and in Redis."""

from __future__ import annotations

import os
import threading
import uuid

import pytest
from structlog.testing import capture_logs

from bot.http.limiting import Limiter


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.redis)])
def redis_url(request: pytest.FixtureRequest) -> str:
    if request.param == "memory":
        return ""
    url = os.environ.get("ANXIN_TEST_REDIS_URL")
    if not url:
        pytest.skip("ANXIN_TEST_REDIS_URL is not set")
    return url


def test_so_many_are_admitted_and_no_more(redis_url: str) -> None:
    limiter, name = Limiter(redis_url), uuid.uuid4().hex
    paces = [limiter.hit("3/minute", name) for _ in range(5)]
    assert [pace.admitted for pace in paces] == [True, True, True, False, False]
    assert [pace.remaining for pace in paces] == [2, 1, 0, 0, 0]
    assert all(0 < pace.resets_s <= 61 for pace in paces)
    assert limiter.hit("3/minute", name, "another").admitted


def test_a_refused_request_uses_nothing_of_the_wider_limit(redis_url: str) -> None:
    limiter, name = Limiter(redis_url), uuid.uuid4().hex
    for _ in range(4):
        limiter.hit("1/minute;3/hour", name)
    assert limiter.hit("3/hour", name).admitted


def test_threads_share_one_count(redis_url: str) -> None:
    limiter, name = Limiter(redis_url), uuid.uuid4().hex
    admitted: list[bool] = []

    def many() -> None:
        admitted.extend(limiter.hit("20/minute", name).admitted for _ in range(10))

    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(admitted) == 20


@pytest.mark.redis
def test_processes_share_one_count_through_redis() -> None:
    url = os.environ.get("ANXIN_TEST_REDIS_URL")
    if not url:
        pytest.skip("ANXIN_TEST_REDIS_URL is not set")
    one, other, name = Limiter(url), Limiter(url), uuid.uuid4().hex
    assert one.hit("1/minute", name).admitted
    assert not other.hit("1/minute", name).admitted


def test_without_its_redis_a_process_counts_alone() -> None:
    limiter = Limiter("redis://127.0.0.1:1/0")
    with capture_logs() as logs:
        assert limiter.hit("1/minute", "a").admitted
        assert not limiter.hit("1/minute", "a").admitted
    assert {line["event"] for line in logs} == {"limiter_redis"}


def test_an_address_that_is_no_redis_is_refused() -> None:
    with pytest.raises(ValueError, match="ANXIN_REDIS_URL"):
        Limiter("async+redis://127.0.0.1:1/0")
