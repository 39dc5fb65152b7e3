"""Rasa as the engine, over HTTP: `POST /model/parse` of `rasa run --enable-api`.

Rasa lives in an environment of its own. Whatever goes wrong with it is `EngineUnavailable`, and the
embedded engine answers. After a failure Rasa is left alone for a while and then tried by one
message alone, so that its timeout is not paid by every message.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import structlog

from nlu.intents import intents
from nlu.understanding import EngineResting, EngineUnavailable, Score

log = structlog.get_logger(__name__)

_REST = 10.0  # seconds without a new attempt after a failure


class RasaClassifier:
    """Implements `nlu.understanding.Classifier`. `clock` counts seconds and never goes back."""

    name = "rasa"

    def __init__(
        self,
        url: str,
        timeout: float = 1.0,
        rest: float = _REST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = httpx.Client(base_url=url.rstrip("/"), timeout=timeout)
        self._timeout = timeout
        self._rest = rest
        self._clock = clock
        self._closed_until: float | None = None

    def classify(self, text: str) -> tuple[Score, ...]:
        """Rasa's intents for the normalised `text`, best first, those we do not list left out.

        Raises `EngineUnavailable` for any failure, and at once `EngineResting` while Rasa is given
        a rest.
        """
        now = self._clock()
        lost = self._closed_until is not None
        if self._closed_until is not None:
            if now < self._closed_until:
                left = self._closed_until - now
                raise EngineResting(f"rasa failed; next attempt in {left:.1f} s")
            self._closed_until = now + self._rest  # while this one tries, others do not wait for it
        try:
            scores = _scores(json.loads(self._parsed(text)))
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, TypeError, KeyError) as error:
            self._closed_until = self._clock() + self._rest
            raise EngineUnavailable(f"rasa: {error or type(error).__name__}") from error
        self._closed_until = None
        if lost:
            log.info("nlu_engine_back", engine=self.name)
        return scores

    def _parsed(self, text: str) -> bytes:
        """The body of Rasa's answer, all of it within the timeout.

        httpx's own timeout is that of each read: an answer that only trickles in would never end.
        """
        ends = time.monotonic() + self._timeout
        body = bytearray()
        with self._client.stream("POST", "/model/parse", json={"text": text}) as response:
            response.raise_for_status()
            for part in response.iter_bytes():
                body += part
                if time.monotonic() > ends:
                    raise httpx.ReadTimeout(f"no whole answer within {self._timeout:g} s")
        return bytes(body)

    def close(self) -> None:
        """Give the connections back. The classifier cannot be used afterwards."""
        self._client.close()


def _scores(answer: Any) -> tuple[Score, ...]:
    """Raises `ValueError`, `TypeError` or `KeyError` when this is not a parse of Rasa's."""
    if not isinstance(answer, Mapping):
        raise TypeError("the answer is not an object")
    ranking = answer.get("intent_ranking") or [answer["intent"]]
    known = intents()
    scores = [
        Score(str(row["name"]), min(1.0, max(0.0, float(row["confidence"]))))
        for row in ranking
        if row["name"] in known
    ]
    if not scores:
        raise ValueError("no intent of nlu/intents.yaml in the answer; train Rasa anew")
    return tuple(sorted(scores, key=lambda score: -score.confidence))
