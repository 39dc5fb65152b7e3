"""Quotas: the asker is limited, the permit never, and Redis may be gone."""

from __future__ import annotations

import os
import uuid
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from knowledge.registry.quota import Limits, Quota
from tests.knowledge.registry.conftest import GENEROUS


def test_an_asker_runs_out_and_others_do_not() -> None:
    quota = Quota(replace(GENEROUS, asker="3/minute"))
    assert [quota.admit("a", "c") for _ in range(3)] == [None] * 3
    refused = quota.admit("a", "c2")
    assert refused is not None
    assert quota.admit("b", "c") is None


def test_a_conversation_runs_out() -> None:
    quota = Quota(replace(GENEROUS, conversation="2/minute"))
    assert quota.admit("a", "c") is None
    assert quota.admit("b", "c") is None
    assert quota.admit("d", "c") is not None


def test_everybody_runs_out_with_an_alert() -> None:
    quota = Quota(replace(GENEROUS, everybody="1/minute"))
    assert quota.admit("a", "c") is None
    with capture_logs() as logs:
        assert quota.admit("b", "d") is not None
    assert logs[0]["event"] == "registry_quota_everybody"


def test_one_permit_may_be_asked_for_by_any_number_of_people() -> None:
    quota = Quota()
    assert all(quota.admit_permit(f"asker-{n}", "permit") is None for n in range(500))


def test_one_asker_may_not_ask_for_one_permit_for_ever() -> None:
    quota = Quota(replace(GENEROUS, pair="2/hour"))
    assert quota.admit_permit("a", "p") is None
    assert quota.admit_permit("a", "p") is None
    assert quota.admit_permit("a", "p") is not None
    assert quota.admit_permit("a", "q") is None


def test_distinct_permits_of_an_asker_are_counted_once_each() -> None:
    quota = Quota(replace(GENEROUS, permits="2/day"))
    assert all(quota.admit_permit("a", "p") is None for _ in range(5))
    assert quota.admit_permit("a", "q") is None
    assert quota.admit_permit("a", "r") is not None


def test_failures_close_the_asker() -> None:
    quota = Quota(replace(GENEROUS, failures="2/day"))
    quota.failed("a", None)
    assert quota.admit("a", "c") is None
    quota.failed("a", None)
    assert quota.admit("a", "c") is not None
    assert quota.admit("b", "c") is None


def test_probing_one_thousand_numbers_in_a_row_raises_an_alert_across_askers() -> None:
    quota = Quota(replace(GENEROUS, neighbours="3/day"))
    with capture_logs() as logs:
        for n in range(5):
            quota.failed(f"asker-{n}", "neighbourhood")
    assert [line["kind"] for line in logs] == ["neighbours"] * 2


def test_failures_everywhere_raise_an_alert() -> None:
    quota = Quota(replace(GENEROUS, failures_everywhere="1/hour"))
    with capture_logs() as logs:
        quota.failed("a", "x")
        quota.failed("b", "y")
    assert [line["kind"] for line in logs] == ["failures_everywhere"]


def test_redis_gone_means_this_process_counts_alone() -> None:
    quota = Quota(replace(GENEROUS, asker="1/minute"), "redis://127.0.0.1:1/0")
    with capture_logs() as logs:
        assert quota.admit("a", "c") is None
        assert quota.admit("a", "c") is not None
    assert {line["event"] for line in logs} == {"registry_quota_redis"}


def test_the_defaults_are_in_the_libraries_notation() -> None:
    assert Quota(Limits()).admit("a", "c") is None


@pytest.mark.redis
def test_two_processes_share_one_count() -> None:
    url = os.environ.get("ANXIN_TEST_REDIS_URL")
    if not url:
        pytest.skip("ANXIN_TEST_REDIS_URL is not set")
    limits = replace(GENEROUS, asker="2/minute")
    one, other = Quota(limits, url), Quota(limits, url)
    asker = str(uuid.uuid4())
    assert one.admit(asker, asker) is None
    assert other.admit(asker, asker) is None
    assert one.admit(asker, asker) is not None
