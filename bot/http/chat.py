"""The web chat page at `/`. Everything it shows or says to people is in templates/chat.html."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.app import App

_TEMPLATES = Path(__file__).parent / "templates"


def router(app: App) -> APIRouter:
    """The page. It is rendered at each call because a new release may cover more places."""
    routes = APIRouter(include_in_schema=False)
    pages = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined
    )

    @routes.get("/")
    def page() -> HTMLResponse:
        regions = app.conversation.words.regions
        codes = dict.fromkeys(document.region for document in app.library.documents())
        return HTMLResponse(
            pages.get_template("chat.html").render(
                places=[regions[code].label for code in codes],
                max_chars=app.settings.max_message_chars,
            )
        )

    return routes
