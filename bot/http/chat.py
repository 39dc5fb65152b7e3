"""The web chat page at `/`, and the script that puts it on other sites. Everything the page shows
or says to people is in templates/."""

from __future__ import annotations

import json
from pathlib import Path

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.app import App
from bot.http.guard import content_policy
from knowledge.strict_yaml import read

_TEMPLATES = Path(__file__).parent / "templates"
_MODULES = sorted(file.name for file in (Path(__file__).parent / "static").glob("*.js"))


def router(app: App) -> APIRouter:
    """The page. It is rendered at each call because a new release may cover more places.

    By setting (`ANXIN_EMBED_ORIGINS`) the sites named there, and no others, may show it in a frame;
    without, there is no script for them either.
    """
    routes = APIRouter(include_in_schema=False)
    pages = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    origins = app.settings.embed_origins
    framed = {"content-security-policy": content_policy(origins)} if origins else {}

    @routes.get("/")
    def page() -> HTMLResponse:
        regions = app.conversation.words.regions
        return HTMLResponse(
            pages.get_template("chat.html").render(
                places=[regions[code].label for code in app.library.regions()],
                max_chars=app.settings.max_message_chars,
                modules=_MODULES,
            ),
            headers=framed,
        )

    @routes.get("/embed.js")
    def embed() -> Response:
        """`<script src="…/embed.js"></script>` puts a button for the chat on a page."""
        if not origins:
            raise HTTPException(404, "embedding is not set up (ANXIN_EMBED_ORIGINS)")
        words = json.dumps(read(_TEMPLATES / "embed.yaml").data)
        script = (_TEMPLATES / "embed.js").read_text("utf-8").replace('"WORDS"', words, 1)
        return Response(
            script,
            media_type="text/javascript",
            headers={"cross-origin-resource-policy": "cross-origin"},
        )

    return routes
