"""Tables as CSV that a table program opens with Chinese in it and runs nothing of."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

BOM = "\ufeff"  # or Excel takes it for another encoding


def csv_row(cells: Iterable[str]) -> str:
    """One line of a table."""
    written = io.StringIO()
    csv.writer(written).writerow([_harmless(cell) for cell in cells])
    return written.getvalue()


def _harmless(cell: str) -> str:
    # A table program would run what begins like this.
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
