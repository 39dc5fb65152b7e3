"""The chat on other sites: on those that are named, and on no others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from bot.http import create_app
from bot.settings import Settings
from tests.bot.serving import app_on, copy_of, serving

SITES = "https://www.example.org https://*.example.com"


@pytest.fixture(scope="module")
def embedding(
    library_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    app = app_on(copy_of(library_file, tmp_path_factory.mktemp("embedding")))
    app = replace(app, settings=app.settings.model_copy(update={"embed_origins": SITES}))
    with serving(create_app(app)) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield client
    app.engine.dispose()


def test_only_the_named_sites_may_frame_it_and_nothing_else_is_loosened(
    client: httpx.Client, embedding: httpx.Client
) -> None:
    alone = client.get("/").headers["content-security-policy"]
    framed = embedding.get("/").headers["content-security-policy"]
    assert "frame-ancestors 'none'" in alone
    assert framed == alone.replace("frame-ancestors 'none'", f"frame-ancestors {SITES}")
    assert "frame-ancestors 'none'" in embedding.get("/healthz").headers["content-security-policy"]


def test_the_script(client: httpx.Client, embedding: httpx.Client) -> None:
    assert client.get("/embed.js").status_code == 404
    script = embedding.get("/embed.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert script.headers["cross-origin-resource-policy"] == "cross-origin"
    assert '"WORDS"' not in script.text
    assert "innerHTML" not in script.text


REST = "/webhooks/rest/webhook"
_ASKS = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "content-type",
}


@pytest.mark.parametrize(
    ("origin", "may"),
    [
        ("https://www.example.org", True),
        ("https://a.b.example.com", True),
        ("https://example.org.evil.test", False),
        ("https://wwwXexample.org", False),
        ("http://www.example.org", False),
        ("null", False),
    ],
)
def test_a_sites_own_widget_may_call_rasas_channel_where_the_site_is_named(
    embedding: httpx.Client, client: httpx.Client, origin: str, may: bool
) -> None:
    asked = embedding.options(REST, headers={"origin": origin, **_ASKS})
    assert asked.headers.get("access-control-allow-origin") == (origin if may else None)
    assert asked.is_success == may
    posted = embedding.post(REST, json={"message": "你好"}, headers={"origin": origin})
    assert posted.headers.get("access-control-allow-origin") == (origin if may else None)
    assert "access-control-allow-credentials" not in posted.headers
    alone = client.options(REST, headers={"origin": origin, **_ASKS})
    assert "access-control-allow-origin" not in alone.headers


def test_the_rest_of_the_api_is_not_for_other_sites(embedding: httpx.Client) -> None:
    asked = embedding.options(
        "/api/v1/messages", headers={"origin": "https://www.example.org", **_ASKS}
    )
    assert "access-control-allow-origin" not in asked.headers


@pytest.mark.parametrize(
    "sites", ["*", "example.org", "https://a.example; script-src *", "'self'", "javascript:x"]
)
def test_a_setting_that_would_loosen_more_is_refused(sites: str) -> None:
    with pytest.raises(ValidationError):
        Settings(embed_origins=sites, _env_file=None)
