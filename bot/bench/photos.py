"""`anxin bench photos`: how many photographs of a permit's QR are read, by kind of damage,
beside a second decoder where one is installed."""

from __future__ import annotations

import importlib
import importlib.util
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from joserfc.jwk import ECKey

from knowledge.registry import qr
from knowledge.registry.permit_number import generate
from knowledge.registry.photos import KINDS, photograph

Decode = Callable[[bytes], str | None]


@dataclass
class PhotoReport:
    """Photographs taken and read, by kind. `misread` must be 0: a wrong text, not none."""

    taken: Counter[str] = field(default_factory=Counter)
    read: dict[str, Counter[str]] = field(default_factory=dict)
    misread: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    def rate(self, decoder: str, kind: str | None = None) -> float:
        """The share read, of one kind or of all."""
        if kind is not None:
            return self.read[decoder][kind] / self.taken[kind]
        return self.read[decoder].total() / self.taken.total()

    def text(self) -> str:
        """One screen for a terminal."""
        names = list(self.read)
        lines = [f"permit photographs: {self.taken.total()}, misread {self.misread}"]
        lines.append(f"  {'kind':<31}{'taken':>6}" + "".join(f"{name:>10}" for name in names))
        for kind in KINDS:
            shares = "".join(f"{self.rate(name, kind):>10.1%}" for name in names)
            lines.append(f"  {kind:<31}{self.taken[kind]:>6}{shares}")
        shares = "".join(f"{self.rate(name):>10.1%}" for name in names)
        lines.append(f"  {'all':<31}{self.taken.total():>6}{shares}")
        speeds = "".join(
            f"{self.seconds[name] / self.taken.total() * 1000:>7.0f} ms" for name in names
        )
        lines.append(f"  {'a photograph takes':<37}{speeds}")
        return "\n".join(lines)


def permit_photos(each: int = 20, seed: int = 1) -> PhotoReport:
    """Take and read `each` photographs of every kind. OpenCV is the second decoder."""
    rng = random.Random(seed)  # noqa: S311  to repeat a run, not for secrets
    key = ECKey.generate_key("P-256", {"kid": "bench"}, private=True, auto_kid=False)
    report = PhotoReport()
    decoders = _decoders()
    for name in decoders:
        report.read[name] = Counter()
        report.seconds[name] = 0.0
    for kind in KINDS:
        for _ in range(each):
            token = qr.issue(generate("GZ"), 1, rng.randrange(99999), 1_790_000_000,
                             1_822_000_000, key)  # fmt: skip
            photo = photograph(token, kind, rng)
            report.taken[kind] += 1
            for name, decode in decoders.items():
                started = time.perf_counter()
                text = decode(photo)
                report.seconds[name] += time.perf_counter() - started
                report.read[name][kind] += text == token
                report.misread += text not in (None, token)
    return report


def _decoders() -> dict[str, Decode]:
    decoders: dict[str, Decode] = {"anxin": _ours}
    if importlib.util.find_spec("cv2") is not None:
        decoders["OpenCV"] = _opencv()
    return decoders


def _ours(photo: bytes) -> str | None:
    try:
        return qr.read_photo(photo)
    except qr.UnreadablePhoto:
        return None


def _opencv() -> Decode:
    cv2 = importlib.import_module("cv2")
    numpy = importlib.import_module("numpy")
    detector = cv2.QRCodeDetector()

    def decode(photo: bytes) -> str | None:
        image = cv2.imdecode(numpy.frombuffer(photo, dtype="uint8"), cv2.IMREAD_GRAYSCALE)
        try:
            text, _points, _straight = detector.detectAndDecode(image)
        except cv2.error:
            return None
        return text or None

    return decode
