"""Log lines as JSON on standard error. Nothing a person wrote is ever logged."""

from __future__ import annotations

import logging
import sys
import traceback
from pathlib import Path

import structlog


def configure_logging(level: str) -> None:
    """Set up structlog for this process. Called by the commands, never at import."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        # Looked up for each line: what stands for standard error may be exchanged.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


def described(error: BaseException) -> dict[str, object]:
    """An error for the log: its kind and where it arose. Its text may hold what a person wrote."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return {
        "error": type(error).__name__,
        "at": [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames],
    }
