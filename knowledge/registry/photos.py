"""Photographs of permits as phones take them: drawn from a seed, damaged in a named way.

Used to measure how many are read. Each kind has a range of strength that a person would still take
for an ordinary bad photograph.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from knowledge.registry import qr

_SIZE = (1200, 900)  # pixels; the code takes up about a third of the height
_PAPER = 245
Points = Sequence[tuple[float, float]]


def photograph(token: str, kind: str, rng: random.Random) -> bytes:
    """A JPEG of a card with the QR of `token`, damaged as `kind` says (a key of `KINDS`)."""
    image = KINDS[kind](_card(token, rng), rng)
    out = io.BytesIO()
    image.convert("RGB").save(out, "JPEG", quality=rng.randrange(70, 92))
    return out.getvalue()


def _card(token: str, rng: random.Random) -> Image.Image:
    """A card on a table, with lines of print beside the code."""
    table = Image.new("L", _SIZE, rng.randrange(70, 170))
    side = rng.randrange(380, 520)
    code = Image.open(io.BytesIO(qr.draw(token, 8))).convert("L").resize((side, side))
    card = Image.new("L", (side + 420, side + 120), _PAPER)
    card.paste(code, (40, 60))
    pen = ImageDraw.Draw(card)
    for line in range(8):
        width = rng.randrange(120, 300)
        top = 90 + line * (side // 9)
        pen.rectangle((side + 70, top, side + 70 + width, top + 14), fill=60)
    spare = (_SIZE[0] - card.width, _SIZE[1] - card.height)
    table.paste(card, (rng.randrange(spare[0]), rng.randrange(spare[1])))
    return table


def _rotated(image: Image.Image, rng: random.Random) -> Image.Image:
    turned = image.rotate(rng.uniform(0, 360), Image.Resampling.BICUBIC, expand=True, fillcolor=110)
    turned.thumbnail((1600, 1600))
    return turned


def _skewed(image: Image.Image, rng: random.Random) -> Image.Image:
    width, height = image.size
    shift = [rng.uniform(0.03, 0.2) for _ in range(8)]
    corners = [
        (-width * shift[0], -height * shift[1]),
        (width * (1 + shift[2]), -height * shift[3] * 0.5),
        (width * (1 + shift[4] * 0.5), height * (1 + shift[5])),
        (-width * shift[6] * 0.5, height * (1 + shift[7] * 0.5)),
    ]
    frame = [(0, 0), (width, 0), (width, height), (0, height)]
    return image.transform(
        image.size,
        Image.Transform.PERSPECTIVE,
        _perspective(frame, corners),
        Image.Resampling.BICUBIC,
        fillcolor=110,
    )


def _perspective(to: Points, back: Points) -> list[float]:
    """The eight coefficients that take each point of `to` to its point of `back`."""
    rows = []
    for (x, y), (u, v) in zip(to, back, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    solved = np.linalg.solve(np.array(rows), np.array(back).reshape(8))
    return [float(value) for value in solved]


def _dim(image: Image.Image, rng: random.Random) -> Image.Image:
    dark = ImageEnhance.Brightness(image).enhance(rng.uniform(0.08, 0.3))
    return _noise(dark, rng, rng.uniform(1, 4))


def _blurred(image: Image.Image, rng: random.Random) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(rng.uniform(1.0, 3.2)))


def _shaken(image: Image.Image, rng: random.Random) -> Image.Image:
    """Moved while the picture was taken: smeared along one direction."""
    steps, angle = rng.randrange(3, 8), rng.uniform(0, 2 * np.pi)
    pixels = np.asarray(image, dtype=np.float32)
    total = np.zeros_like(pixels)
    for step in range(steps):
        dx, dy = round(np.cos(angle) * step), round(np.sin(angle) * step)
        total += np.roll(pixels, (dy, dx), axis=(0, 1))
    return Image.fromarray((total / steps).astype(np.uint8))


def _noisy(image: Image.Image, rng: random.Random) -> Image.Image:
    return _noise(image, rng, rng.uniform(15, 45))


def _glare(image: Image.Image, rng: random.Random) -> Image.Image:
    """A lamp reflected in the foil: brighter towards one spot, where contrast is lost."""
    width, height = image.size
    x, y = rng.uniform(0, width), rng.uniform(0, height)
    ys, xs = np.mgrid[0:height, 0:width]
    spot = np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / (2 * rng.uniform(90, 200) ** 2))
    pixels = np.asarray(image, dtype=np.float32)
    lit = pixels + (255 - pixels) * spot * rng.uniform(0.5, 0.85)
    return Image.fromarray(lit.clip(0, 255).astype(np.uint8))


def _small(image: Image.Image, rng: random.Random) -> Image.Image:
    factor = rng.uniform(0.3, 0.5)
    return image.resize((round(image.width * factor), round(image.height * factor)))


def _folded(image: Image.Image, rng: random.Random) -> Image.Image:
    """Dog-eared and scratched: pale creases across the code."""
    pen = ImageDraw.Draw(image)
    for _ in range(rng.randrange(1, 4)):
        start = (rng.randrange(image.width), 0)
        end = (rng.randrange(image.width), image.height)
        pen.line((start, end), fill=215, width=rng.randrange(3, 7))
    return image


def _everything(image: Image.Image, rng: random.Random) -> Image.Image:
    dim = ImageEnhance.Brightness(_skewed(image, rng)).enhance(rng.uniform(0.3, 0.7))
    soft = dim.filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 1.2)))
    return _noise(_rotated(soft, rng), rng, 4)


def _noise(image: Image.Image, rng: random.Random, strength: float) -> Image.Image:
    grain = np.random.default_rng(rng.randrange(2**32)).normal(0, strength, image.size[::-1])
    pixels = np.asarray(image, dtype=np.float32) + grain
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


KINDS: dict[str, Callable[[Image.Image, random.Random], Image.Image]] = {
    "straight": lambda image, _rng: image,
    "rotated": _rotated,
    "skewed": _skewed,
    "dim": _dim,
    "blurred": _blurred,
    "shaken": _shaken,
    "noisy": _noisy,
    "glare": _glare,
    "small": _small,
    "folded": _folded,
    "skewed, dim, blurred, rotated": _everything,
}
