"""Telegram: webhook or polling in, messages and buttons out (docs/telegram.md)."""

from __future__ import annotations

import os

# Durations as such, not as whole seconds: what the library's next major version gives anyway.
os.environ.setdefault("PTB_TIMEDELTA", "1")
