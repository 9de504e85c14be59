"""Records of the results, and a table of them as CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

from colorize_engine.files import replacing

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    Status = Literal["done", "skipped", "failed"]

SUFFIXES = (".csv", ".json")
ALREADY_DONE, IN_COLOR = "already done", "in color"


@dataclass(frozen=True)
class Record:
    """The result for one photo.

    Attributes
    ----------
    source, output : str
        Paths as given or found; bytes that are not UTF-8 appear as surrogates. A photo
        that was skipped for its color has no output.
    status : {"done", "skipped", "failed"}
    width, height : int or None
        Of the first page as stored, in pixels; None if the file could not be read.
    pages : int or None
    model, model_hash : str
    temperature, rebalance, saturation, caution : float or None
    working_size : int or None
    seconds : float
        From start to end of this photo; photos overlap in time.
    notes : tuple of str
        Why it was skipped, or what a user should know about the result. A report
        joins them by ``"; "``.
    error : str
        Why it failed.
    """

    source: str
    output: str
    status: Status
    width: int | None = None
    height: int | None = None
    pages: int | None = None
    model: str = ""
    model_hash: str = ""
    temperature: float | None = None
    rebalance: float | None = None
    saturation: float | None = None
    caution: float | None = None
    working_size: int | None = None
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    error: str = ""


def write_report(
    path: Path, records: Iterable[Record], *, overwrite: bool = False
) -> None:
    r"""Write a table of records, sorted by source.

    The file appears only when it is complete.

    Parameters
    ----------
    path : Path
        The suffix selects CSV (RFC 4180, UTF-8) or JSON (an array of objects). Bytes
        in names that are not UTF-8 become ``\udcXX``.
    records : iterable of Record
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    ValueError
        If the suffix is neither ``.csv`` nor ``.json``.
    OSError
        If the file exists and may not be replaced, or cannot be written.
    """
    check_suffix(path)
    rows = [
        {**asdict(record), "notes": "; ".join(record.notes)}
        for record in sorted(records, key=lambda one: one.source)
    ]
    text = _csv(rows) if path.suffix.lower() == ".csv" else _json(rows)
    with replacing(path, overwrite=overwrite) as stream:
        stream.write(text.encode("utf-8", "backslashreplace"))


def check_suffix(path: Path) -> None:
    """Raise ValueError unless a report of that name can be written."""
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError(
            f"expected a report that ends in {' or '.join(SUFFIXES)}, got {str(path)!r}"
        )


def _csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [field.name for field in fields(Record)])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _json(rows: list[dict[str, Any]]) -> str:
    return json.dumps(rows, indent=1) + "\n"
