"""Settings, from the environment (prefix `ANXIN_`) or a `.env` file (docs/settings.md)."""

from __future__ import annotations

import re
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal

from limits import parse_many
from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.handover.hours import parse_hours


def _limits(text: str) -> str:
    parse_many(text)
    return text


def networks(text: str) -> tuple[Network, ...]:
    """Addresses and networks separated by commas. Raises `ValueError` for what is neither."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def _networks(text: str) -> str:
    networks(text)
    return text


def _hours(text: str) -> str:
    parse_hours(text)
    return text


Hours = Annotated[str, AfterValidator(_hours)]


def _wechat_key(key: SecretStr) -> SecretStr:
    if key.get_secret_value() and not re.fullmatch("[A-Za-z0-9+/]{43}", key.get_secret_value()):
        raise ValueError("an EncodingAESKey has 43 letters and digits")
    return key


Network = IPv4Network | IPv6Network
# In the notation of the `limits` library, as in 60/minute;1000/day.
Limits = Annotated[str, AfterValidator(_limits)]
Networks = Annotated[str, AfterValidator(_networks)]


def _telegram_token(value: SecretStr) -> SecretStr:
    if re.fullmatch(r"(\d+:[\w-]+)?", value.get_secret_value(), re.ASCII) is None:
        raise ValueError("not a bot's token: copy it whole from @BotFather (123456:ABC-DEF…)")
    return value


def _telegram_secret(value: SecretStr) -> SecretStr:
    if re.fullmatch(r"[\w-]{0,256}", value.get_secret_value(), re.ASCII) is None:
        raise ValueError("only A-Z, a-z, 0-9, _ and - are allowed, 256 at most")
    return value


TelegramToken = Annotated[SecretStr, AfterValidator(_telegram_token)]
TelegramSecret = Annotated[SecretStr, AfterValidator(_telegram_secret)]
WeChatKey = Annotated[SecretStr, AfterValidator(_wechat_key)]


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

    # HTTP API: who may ask how often, and who may read the figures (docs/api.md).
    redis_url: str = Field(
        "",
        description="Redis that counts requests for all processes (redis://host/0); empty: each",
    )
    ask_limit: Limits = Field(
        "120/minute", description="questions that one address may ask; a key has its own limit"
    )
    read_limit: Limits = Field(
        "300/minute", description="look-ups of one address: conversations, documents, clauses"
    )
    trusted_proxies: Networks = Field(
        "",
        description="addresses or networks, separated by commas, of reverse proxies whose"
        " X-Forwarded-For and X-Forwarded-Proto are believed",
    )
    metrics_allow: Networks = Field(
        "127.0.0.0/8,::1", description="addresses or networks that may read /metrics"
    )
    metrics_public: bool = Field(False, description="whether everybody may read /metrics")
    public_url: str = Field(
        "",
        pattern=r"^$|^https?://[^/\s]+/?$",
        description="address that people reach `anxin serve` at; empty: http://host:port",
    )
    embed_origins: str = Field(
        "",
        pattern=r"^$|^https?://[\w.*:-]+( +https?://[\w.*:-]+)*$",
        description="sites that may show the chat in a frame, and whose own widgets may call Rasa's"
        " REST channel; separated by spaces",
    )

    staff_hours: Hours = Field(
        "mon-fri 09:00-17:00",
        description="working hours of the staff, China's time; empty: always "
        "(`mon-fri 09:00-12:00, mon-fri 14:00-17:30`)",
    )
    staff_away_minutes: float = Field(
        5, gt=0, description="a conversation goes back to the queue when its staff are gone so long"
    )
    library_verify_days: int = Field(
        180, ge=1, description="a document not checked for so long is shown to staff as overdue"
    )
    retention_days: int = Field(
        365, ge=1, description="so long conversations are kept; then they are taken away"
    )
    hold_below: float = Field(
        0,
        ge=0,
        le=1,
        description="answers of a lower confidence wait for staff in working hours; 0: none does",
    )
    hold_minutes: float = Field(
        5, gt=0, description="how long such an answer waits; then the person is told"
    )

    # The console: how long a log-in lasts.
    console_idle_minutes: int = Field(
        60, ge=1, description="a log-in to the console ends when it is not used for so long"
    )
    console_session_hours: int = Field(
        12, ge=1, description="a log-in to the console ends after so long in any case"
    )

    console_audit_anchor: Path = Field(
        Path("var/console-audit.anchor"),
        description="file that holds the head of the console's audit; best on another disk than"
        " the database",
    )

    # Telegram (docs/telegram.md).
    telegram_token: TelegramToken = Field(
        SecretStr(""), description="the bot's token from @BotFather; empty: no Telegram"
    )
    telegram_secret: TelegramSecret = Field(
        SecretStr(""),
        description="what Telegram sends with each update (A-Z a-z 0-9 _ -); empty: made from the"
        " token",
    )
    telegram_webhook_url: str = Field(
        "",
        pattern=r"^$|^https?://\S+$",
        description="address of /telegram from outside, told to Telegram at start; empty: not told",
    )
    telegram_api_base: str = Field(
        "https://api.telegram.org",
        pattern=r"^https?://\S+$",
        description="address of the Bot API, Telegram's or a server of one's own",
    )
    telegram_file_base: str = Field(
        "",
        pattern=r"^$|^https?://\S+$",
        description="address of the Bot API's files; empty: that of the Bot API and /file",
    )
    telegram_proxy: str = Field(
        "",
        pattern=r"^$|^https?://\S+$",
        description="HTTP proxy on the way to Telegram; empty: that of the environment, if any",
    )

    # WeChat Official Account (docs/wechat.md). Without a token there is no /wechat.
    wechat_token: SecretStr = Field(
        SecretStr(""), description="令牌 of the account's message push; empty: no WeChat"
    )
    wechat_app_id: str = Field("", description="the account's AppID, for the API and for safe mode")
    wechat_app_secret: SecretStr = Field(
        SecretStr(""), description="the account's AppSecret, for the API"
    )
    wechat_aes_key: WeChatKey = Field(
        SecretStr(""), description="EncodingAESKey, 43 characters; empty: plain mode"
    )
    wechat_previous_aes_key: WeChatKey = Field(
        SecretStr(""), description="the EncodingAESKey before, while the key is being changed"
    )
    wechat_allow_plain: bool = Field(
        False, description="let plain messages in though a key is set, while changing to safe mode"
    )
    wechat_verified: bool = Field(
        False, description="a verified account (已认证): late answers by customer-service message"
    )
    wechat_freshness_s: int = Field(
        300, ge=0, description="how old or early a request may be, in seconds; 0: not checked"
    )
    wechat_budget_s: float = Field(
        4.3, gt=0, lt=5, description="seconds an answer may take to go back in the request"
    )
    wechat_api_base: str = Field(
        "https://api.weixin.qq.com",
        pattern=r"^https?://[^/\s]+/?$",
        description="address of the WeChat API, WeChat's or a test platform's",
    )

    @field_validator("wechat_aes_key", "wechat_verified")
    @classmethod
    def _wechat_needs(cls, value: SecretStr | bool, info: ValidationInfo) -> SecretStr | bool:
        """Safe mode needs the AppID, the API the AppSecret too."""
        asked = value if isinstance(value, bool) else bool(value.get_secret_value())
        if asked and not info.data.get("wechat_app_id"):
            raise ValueError("needs ANXIN_WECHAT_APP_ID too")
        secret = info.data.get("wechat_app_secret")
        if value is True and not (secret and secret.get_secret_value()):
            raise ValueError("needs ANXIN_WECHAT_APP_SECRET too")
        return value

    @property
    def address(self) -> str:
        """The address that links to this server begin with."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104 - compared
        host = f"[{host}]" if ":" in host else host
        return self.public_url.rstrip("/") or f"http://{host}:{self.port}"


@cache
def settings() -> Settings:
    """The process's settings, read once."""
    return Settings()
