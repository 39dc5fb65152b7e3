"""`/metrics`: what it counts, and for whom it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from bot.app import App
from knowledge.library import Library
from knowledge.vocabulary import Vocabulary
from nlu.understand import Understander
from nlu.understanding import EngineUnavailable, Score
from tests.bot.http.conftest import served
from tests.bot.serving import KeywordClassifier
from tests.permit_desk import NAME, open_desk

WEBHOOK = "/webhooks/rest/webhook"
Samples = dict[tuple[str, tuple[str, ...]], float]


def samples(client: httpx.Client) -> Samples:
    read = client.get("/metrics")
    assert read.status_code == 200
    assert read.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = list(text_string_to_metric_families(read.text))
    names = [family.name for family in families]
    assert len(set(names)) == len(names)
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def test_messages_are_counted_once_each_by_what_became_of_them(app: App) -> None:
    with served(app) as client:
        for _ in range(2):  # the second is the same message again
            client.post(
                "/api/v1/messages", json={"conversation": "c" * 22, "id": "1", "text": "你好"}
            )
        client.post("/api/v1/messages", json={"text": "今天的天气"})
        client.post(WEBHOOK, json={"message": "广州月嫂培训免费吗"})
        found = samples(client)
    counted = {labels: n for (name, labels), n in found.items() if name == "anxin_messages_total"}
    assert sum(counted.values()) == 3, counted
    assert {labels[0] for labels in counted} == {"web", "rest"}
    assert counted[("web", "far", "out_of_scope")] == 1  # labels by name
    assert {labels[1] for labels in counted} == {"social", "far", "topic"}
    assert found[("anxin_turn_seconds_count", ("web",))] == 2
    assert 0 < found[("anxin_turn_seconds_sum", ("web",))] < 60


def test_refusals_are_counted_by_entrance_and_reason(app: App) -> None:
    with served(app) as client:
        client.post(WEBHOOK, json={})
        client.post(WEBHOOK, content=b"{", headers={"content-type": "application/json"})
        client.post(WEBHOOK, content=b"x" * 70_000)
        client.post("/api/v1/determinations", json={})
        client.get("/nothing")
        found = samples(client)
    refused = {
        labels: n for (name, labels), n in found.items() if name == "anxin_http_refusals_total"
    }
    assert refused == {
        ("rest", "invalid"): 1,
        ("rest", "malformed"): 1,
        ("rest", "too_large"): 1,
        ("api", "no_key"): 1,
    }


def test_the_state_of_the_database_is_told(app: App) -> None:
    release = app.library.release()
    assert release is not None
    with served(app) as client:
        found = samples(client)
    assert found[("anxin_library_info", (release.id,))] == 1
    assert any(name == "anxin_build_info" for name, _ in found)
    for state in ("waiting", "held", "dead"):
        assert found[("anxin_outbox_parcels", (state,))] == 0
    for state in ("waiting", "staff", "contact"):
        assert found[("anxin_handovers_open", (state,))] == 0


def test_parcels_and_handovers_are_counted_by_state(app: App) -> None:
    at = "2026-11-21 08:00:00"
    with app.engine.begin() as connection:
        for n, state in enumerate(("waiting", "waiting", "dead", "sent")):
            connection.exec_driver_sql(
                "INSERT INTO outbox (key, channel, recipient, state, parts_sent, attempts, reason,"
                " created_at, due_at)"
                f" VALUES ('{n}', 'x', 'y', '{state}', 0, 0, '', '{at}', '{at}')"
            )
        connection.exec_driver_sql(
            "INSERT INTO conversation (pk, channel, id, memory, updated_at)"
            f" VALUES (1, 'web', 'c', '{{}}', '{at}')"
        )
        for state in ("closed", "staff"):
            connection.exec_driver_sql(
                "INSERT INTO handover (conversation_pk, state, reason, asked_at)"
                f" VALUES (1, '{state}', 'asked', '{at}')"
            )
    with served(app) as client:
        found = samples(client)
    assert found[("anxin_outbox_parcels", ("waiting",))] == 2
    assert found[("anxin_outbox_parcels", ("dead",))] == 1
    assert ("anxin_outbox_parcels", ("sent",)) not in found
    assert found[("anxin_handovers_open", ("staff",))] == 1
    assert found[("anxin_handovers_open", ("waiting",))] == 0


def test_a_broken_database_leaves_its_figures_out(app: App) -> None:
    with app.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE outbox")
    with capture_logs() as logs, served(app) as client:
        found = samples(client)
    assert not any(name == "anxin_outbox_parcels" for name, _ in found)
    assert any(name == "anxin_build_info" for name, _ in found)
    assert [line["event"] for line in logs] == ["metrics_database"]


def test_an_engine_that_is_gone_is_counted(app: App) -> None:
    class Gone:
        name = "rasa"

        def classify(self, _text: str) -> tuple[Score, ...]:
            raise EngineUnavailable("gone")

    understander = Understander(Gone(), KeywordClassifier(), app.metrics.fallback)
    with served(replace(app, understander=understander)) as client:
        for _ in range(2):
            assert client.post("/model/parse", json={"text": "培训补贴"}).status_code == 200
        assert samples(client)[("anxin_nlu_fallbacks_total", ("rasa",))] == 2


def test_permit_checks_are_counted_by_outcome(
    app: App, library: Library, words: Vocabulary, tmp_path: Path
) -> None:
    with open_desk(tmp_path, library, words) as desk:
        desk.permits.verifier.on_verdict = app.metrics.checked
        desk.say(f"查一下 {desk.issue().number.written} {NAME}")
        desk.anew().say(f"{desk.issue().number.written}")
        with served(app) as client:
            found = samples(client)
    checks = {
        labels: n for (name, labels), n in found.items() if name == "anxin_permit_checks_total"
    }
    assert checks == {("VALID",): 1, ("NOT_ASKED",): 1}


def test_the_figures_are_for_the_addresses_of_the_settings(app: App) -> None:
    with served(app, metrics_allow="10.0.0.0/8") as client:
        refused = client.get("/metrics")
        assert refused.status_code == 403
        assert refused.headers["content-type"] == "application/problem+json"
    with served(app, metrics_allow="10.0.0.0/8", metrics_public=True) as client:
        assert client.get("/metrics").status_code == 200


@pytest.mark.parametrize("sign", ["x-forwarded-for", "forwarded", "x-real-ip"])
def test_an_undeclared_proxy_is_no_neighbour(app: App, sign: str) -> None:
    with served(app) as client:
        assert client.get("/metrics").status_code == 200
        assert client.get("/metrics", headers={sign: "127.0.0.1"}).status_code == 403


def test_through_a_trusted_proxy_the_clients_address_counts(app: App) -> None:
    with served(app, trusted_proxies="127.0.0.1") as client:
        assert client.get("/metrics", headers={"x-forwarded-for": "203.0.113.1"}).status_code == 403
        assert client.get("/metrics").status_code == 200
