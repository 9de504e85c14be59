"""One photo and the files that are made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from colorize_engine.hints import Hint


@dataclass(frozen=True)
class Job:
    """A photo and its output files.

    Attributes
    ----------
    source, target : Path
    probabilities : tuple of Path
        Files for the distributions of a and of b; empty if not wanted.
    variants : tuple of Path
        Files for several plausible pictures, in place of ``target``; empty if not
        wanted.
    hints : Path, tuple of Hint, or None
        The photo's hints, or the CSV file or saved picture that has them.
    resumes : bool
        Whether the photo is skipped if its outputs exist and were made from the same
        bytes with the same settings. Any other existing output is an error, unless
        `Settings.overwrite` is set.
    """

    source: Path
    target: Path
    probabilities: tuple[Path, ...] = ()
    resumes: bool = False
    variants: tuple[Path, ...] = ()
    hints: Path | tuple[Hint, ...] | None = None

    @property
    def outputs(self) -> tuple[Path, ...]:
        """All output files of the photo."""
        return (*(self.variants or (self.target,)), *self.probabilities)
