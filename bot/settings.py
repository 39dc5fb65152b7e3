"""Settings, from the environment (prefix `ANXIN_`) or a `.env` file (docs/settings.md)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an operator may set. The defaults serve one machine with SQLite and need nothing."""

    model_config = SettingsConfigDict(env_prefix="ANXIN_", env_file=".env", extra="ignore")

    database_url: str = Field(
        "sqlite:///var/anxin.db", description="SQLAlchemy URL of the database: SQLite or PostgreSQL"
    )
    host: str = Field("127.0.0.1", description="address that `anxin serve` listens on")
    port: int = Field(8000, ge=1, le=65535, description="port that `anxin serve` listens on")
    nlu_engine: Literal["embedded", "rasa"] = Field(
        "embedded", description="embedded (in process) or rasa (over HTTP)"
    )
    rasa_url: str = Field(
        "http://127.0.0.1:5005", description="where Rasa listens, for nlu_engine=rasa"
    )
    model_dir: Path = Field(Path("models"), description="folder of the trained NLU models")
    seal_key_file: Path = Field(
        Path("var/seal.key"),
        description="key that seals what is remembered of a permit; made if missing",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="how much is logged"
    )
    max_message_chars: int = Field(
        2000,
        ge=100,
        description="longest message that is read; a longer one gets a request to shorten it",
    )


@cache
def settings() -> Settings:
    """The process's settings, read once."""
    return Settings()
