"""Kinds of result layers, and the key of their metadata."""

from __future__ import annotations

# Key in a result layer's metadata for the record of how it was made.
METADATA = "napari-colorize"

KINDS = (
    "colorized",
    "a",
    "b",
    "a probability",
    "b probability",
    "uncertainty",
)

# Kinds that change with the sliders; the others are what the nets predict.
DECODED = ("colorized", "a", "b")

AT_FULL_SIZE = ("colorized",)
