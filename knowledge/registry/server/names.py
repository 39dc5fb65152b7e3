"""Names as they are compared: exact but for how they are typed."""

from __future__ import annotations

import hmac
import unicodedata

_DOTS = str.maketrans(dict.fromkeys("•‧∙⋅・･．.᛫⸱●。", "·"))


def canonical_name(name: str) -> str:
    """One form for a name: composed characters, no spaces, one dot for those of minority names.

    NFKC would also fold compatibility ideographs, which NFC does already; it is used for full-width
    Latin letters. Variant characters (异体字) stay different: the permit says which one is hers.
    """
    text = unicodedata.normalize("NFKC", name).translate(_DOTS)
    return "".join(
        char for char in text if not char.isspace() and unicodedata.category(char) != "Cf"
    )


def same_name(given: str, held: str) -> bool:
    """Whether two names are the same, in a time that does not depend on where they differ."""
    return hmac.compare_digest(canonical_name(given).encode(), canonical_name(held).encode())


def mask_name(name: str) -> str:
    """Family name (or first character) and stars: 李*, 阿**."""
    return name[0] + "*" * min(3, max(1, len(name) - 1))
