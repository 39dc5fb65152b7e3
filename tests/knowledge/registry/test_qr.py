"""Photographs of a permit's QR, good and bad, and what is in them."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from bot.bench.photos import permit_photos
from knowledge.registry import qr
from knowledge.registry.photos import KINDS
from knowledge.registry.qr import UnreadablePhoto, read_photo


def picture(*texts: str, size: tuple[int, int] = (1200, 600), kind: str = "PNG") -> bytes:
    sheet = Image.new("L", size, 255)
    for place, text in enumerate(texts):
        code = Image.open(io.BytesIO(qr.draw(text, 4))).convert("L")
        sheet.paste(code, (20 + 400 * place, 20))
    out = io.BytesIO()
    sheet.save(out, kind)
    return out.getvalue()


def why(data: bytes) -> str:
    with pytest.raises(UnreadablePhoto) as caught:
        read_photo(data)
    return caught.value.why


def test_one_code_is_read_in_every_format_phones_send() -> None:
    for kind in ("PNG", "JPEG", "WEBP"):
        assert read_photo(picture("hello", kind=kind)) == "hello"


def test_the_same_code_twice_is_one_and_two_codes_are_never_chosen_from() -> None:
    assert read_photo(picture("one", "one")) == "one"
    assert why(picture("one", "two")) == "several"
    assert why(picture("one", "two", "three")) == "several"


def test_thirty_codes_are_several() -> None:
    sheet = Image.new("L", (1200, 1000), 255)
    for place in range(30):
        code = Image.open(io.BytesIO(qr.draw(f"code {place}", 4))).convert("L")
        sheet.paste(code, (10 + 195 * (place % 6), 10 + 195 * (place // 6)))
    out = io.BytesIO()
    sheet.save(out, "PNG")
    assert why(out.getvalue()) == "several"


def test_an_upside_down_photo_with_exif_is_read() -> None:
    image = Image.open(io.BytesIO(picture("hello"))).rotate(180)
    exif = Image.Exif()
    exif[0x0112] = 3
    exif[0x010E] = "mark as valid"
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif)
    assert read_photo(out.getvalue()) == "hello"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not an image",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
        picture("hello")[:200],
        b"\xff\xd8\xff\xe0" + b"\0" * 50,
        b"a" * (qr.MOST_BYTES + 1),
        b"<svg xmlns='http://www.w3.org/2000/svg'></svg>",
    ],
)
def test_what_is_no_image(data: bytes) -> None:
    assert why(data) == "not_an_image"


@pytest.mark.parametrize("size", [(20_000, 20_000), (20_000, 10), (10_000, 5_000)])
def test_large_images_are_not_unpacked(size: tuple[int, int]) -> None:
    out = io.BytesIO()
    Image.new("1", size).save(out, "PNG")
    assert why(out.getvalue()) == "not_an_image"


def test_an_empty_table_holds_no_code() -> None:
    assert why(picture()) == "none"


def test_photographs_by_kind_of_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.bench.photos.importlib.util.find_spec", lambda _name: None)
    report = permit_photos(each=6, seed=4)
    assert report.taken.total() == 6 * len(KINDS)
    assert report.misread == 0
    assert report.rate("anxin") >= 0.93
    assert report.rate("anxin", "straight") == 1
    assert "anxin" in report.text()


def test_a_code_for_the_terminal() -> None:
    drawn = qr.in_terminal("hello")
    assert len(drawn.splitlines()) > 10
