"""Error messages in plain words for people at the window."""

from __future__ import annotations

import logging

from napari_colorize.runs import NotColorable

_log = logging.getLogger(__name__)


def describe(error: Exception) -> str:
    """Return what went wrong in plain words, and what to do about it if known.

    Parameters
    ----------
    error
        The exception that ended the work.

    Returns
    -------
    str
        Whole sentences without the names of Python types.
    """
    from colorize_engine import ModelError
    from colorize_engine.memory import is_shortage

    if isinstance(error, NotColorable):
        return str(error)
    text = reason(error)
    if is_shortage(error):
        told = text if "working size" in text else "there is not enough memory"
        return (
            f"{told[:1].upper()}{told[1:]}. Under Advanced, choose a smaller working "
            "size, a region or another device, and press Colorize again."
        )
    if isinstance(error, ModelError):
        return f"The model cannot be used: {text}. Choose another one."
    if isinstance(error, OSError):
        return (
            f"Coloring failed: {text}. Check the free space and the permissions on "
            "the disk."
        )
    if isinstance(error, (RuntimeError, ValueError)):
        return (
            f"Coloring failed: {text}. If that happens again, choose another device "
            "under Advanced."
        )
    _log.error("coloring failed", exc_info=error)
    return (
        "Coloring failed because of a fault in the program. Please report it together "
        "with the output in the terminal."
    )


def sentence(text: str) -> str:
    """Return a message of the engine as a sentence, with a capital and a full stop."""
    return f"{text[:1].upper()}{text[1:].rstrip('. ')}."


def reason(error: Exception) -> str:
    """Return why something failed: the first line of an error, without a full stop."""
    text = error.strerror if isinstance(error, OSError) else None
    lines = (text or str(error)).strip().splitlines()
    return lines[0].rstrip(". ") if lines else "no reason was given"
