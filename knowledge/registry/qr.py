"""The permit's QR: a signed token in an image, and what a photograph of one holds.

Nothing found in a QR is ever opened. What counts is a token signed by the registry, alone or as the
last part of an address whose host is allow-listed; everything else is named foreign.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import segno
import zxingcpp
from joserfc.jwk import ECKey
from PIL import Image, ImageFilter, ImageOps

from knowledge.registry import contract, signing
from knowledge.registry.permit_number import BadNumber, PermitNumber, parse

MOST_BYTES = 8 * 1024 * 1024
_MOST_PIXELS = 40_000_000
_MOST_SIDE = 12_000
_WORK_SIDE = 1600  # pixels; a phone's photograph is brought down to this before it is searched
_MOST_CODES = 8
_QR_ONLY = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
_FORMATS = ("JPEG", "PNG", "WEBP")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,400}\.[A-Za-z0-9_-]{1,800}\.[A-Za-z0-9_-]{86}", re.ASCII)
_PATH = re.compile(r"/p/([A-Za-z0-9_.-]{1,1300})", re.ASCII)


class UnreadablePhoto(Exception):
    """No single code could be read. `why` is `none`, `several` or `not_an_image`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class QrPermit:
    """What a genuine QR says: which permit, which of its cards, until when (Unix seconds)."""

    number: PermitNumber
    card: int
    expires_at: int
    index: int  # the permit's place in the status list


def issue(number: PermitNumber, card: int, index: int, now: int, expires: int, key: ECKey) -> str:
    """The signed token a permit's QR holds."""
    claims = {"sub": number.value, "card": card, "idx": index, "iat": now, "exp": expires}
    return signing.sign(claims, key, contract.TYP_QR)


def check(token: str, keys: signing.KeySet, now: float) -> QrPermit:
    """What a token says, once its signature holds. One that has run out is still read: the caller
    must take it for expired. Raises `BadToken`."""
    claims = signing.verify(token, keys, contract.TYP_QR)
    if not isinstance(claims, dict) or set(claims) != {"sub", "card", "idx", "iat", "exp"}:
        raise signing.BadToken("not a permit's token")
    numbers = [claims[name] for name in ("card", "idx", "iat", "exp")]
    if any(type(number) is not int for number in numbers) or not isinstance(claims["sub"], str):
        raise signing.BadToken("not a permit's token")
    if claims["iat"] > now + contract.CLOCK_LEEWAY_S:
        raise signing.BadToken("issued in the future")
    try:
        number = parse(claims["sub"])
    except BadNumber as error:
        raise signing.BadToken("no permit number inside") from error
    return QrPermit(number, claims["card"], claims["exp"], claims["idx"])


def token_in(content: str, hosts: Collection[str] = ()) -> str:
    """The token in a QR's text. Raises `BadToken` for a foreign code. Opens nothing."""
    content = content.strip()
    if _TOKEN.fullmatch(content):
        return content
    if not content.isascii() or len(content) > 2000 or re.search(r"[\s\\@]", content):
        raise signing.BadToken("foreign code")
    try:
        parts = urlsplit(content)
        port = parts.port
    except ValueError as error:
        raise signing.BadToken("foreign code") from error
    path = _PATH.fullmatch(parts.path)
    if parts.scheme != "https" or parts.netloc.lower() not in hosts or port or not path:
        raise signing.BadToken("foreign code")
    if parts.query or parts.fragment or not _TOKEN.fullmatch(path.group(1)):
        raise signing.BadToken("foreign code")
    return path.group(1)


def draw(token: str, scale: int = 6) -> bytes:
    """The QR of a token as a PNG, with error correction M and the quiet zone."""
    out = io.BytesIO()
    segno.make(token, error="m", micro=False, boost_error=False).save(
        out, kind="png", scale=scale, border=4
    )
    return out.getvalue()


def in_terminal(token: str) -> str:
    """The QR of a token in block characters, to be scanned from a terminal."""
    out = io.StringIO()
    segno.make(token, error="m", micro=False, boost_error=False).terminal(out, compact=True)
    return out.getvalue()


def read_photo(data: bytes) -> str:
    """The text of the one QR in a photograph. Raises `UnreadablePhoto`."""
    image = _open(data)
    for attempt in _attempts(image):
        codes = zxingcpp.read_barcodes(attempt, formats=_QR_ONLY)
        texts = {code.text for code in codes[: _MOST_CODES + 1] if code.text}
        if len(texts) > 1:
            raise UnreadablePhoto("several")
        if texts:
            return texts.pop()
    raise UnreadablePhoto("none")


def _open(data: bytes) -> Image.Image:
    """The photograph in grey, upright, without metadata; its size is checked before unpacking."""
    if len(data) > MOST_BYTES:
        raise UnreadablePhoto("not_an_image")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=_FORMATS)
            width, height = image.size
            if width * height > _MOST_PIXELS or max(width, height) > _MOST_SIDE:
                raise UnreadablePhoto("not_an_image")
            image.draft("L", (_WORK_SIDE, _WORK_SIDE))  # a JPEG is unpacked at reduced size
            return ImageOps.exif_transpose(image).convert("L")
    except UnreadablePhoto:
        raise
    except Exception as error:  # Pillow's decoders raise many kinds for broken files
        raise UnreadablePhoto("not_an_image") from error


def _attempts(image: Image.Image) -> Iterator[Image.Image]:
    """The photograph as it is, then helped: each costs time, so the likeliest come first."""
    small = image.copy()
    small.thumbnail((_WORK_SIDE, _WORK_SIDE))
    yield small
    clear = ImageOps.autocontrast(small.filter(ImageFilter.MedianFilter(3)), cutoff=1)
    yield clear
    yield small.filter(ImageFilter.UnsharpMask(radius=4, percent=300, threshold=0))
    larger = clear.resize((clear.width * 3 // 2, clear.height * 3 // 2), Image.Resampling.BICUBIC)
    yield larger.filter(ImageFilter.UnsharpMask(radius=6, percent=400, threshold=0))
    if image.size != small.size:
        yield image
