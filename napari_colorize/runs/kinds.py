"""Kinds of result layers, and the key of their metadata."""

from __future__ import annotations

# Key of a layer's metadata under which a result says how it was made.
METADATA = "napari-colorize"

KINDS = (
    "colorized",
    "a",
    "b",
    "a probability",
    "b probability",
    "uncertainty",
)

# Kinds that change with the sliders; the others are what the nets said.
DECODED = ("colorized", "a", "b")

AT_FULL_SIZE = ("colorized",)
