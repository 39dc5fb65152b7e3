"""The bot over HTTP: web chat, API, webhooks and health, as one FastAPI application."""

from bot.http.application import create_app

__all__ = ["create_app"]
