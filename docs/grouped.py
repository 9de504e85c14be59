"""Parameters that a docstring describes together get a line each on the site.

numpydoc allows ``low, high`` before one description. griffe would give both of them the
type and the default of the first.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

# Names on a line of their own, a type or none, and the deeper lines below.
_GROUP = re.compile(
    r"^(?P<indent> *)(?P<names>\w+(?:, \w+)+)(?P<type> : .+)?\n"
    r"(?P<text>(?:(?P=indent) +\S.*(?:\n|\Z))*)",
    re.MULTILINE,
)
_SECTION = re.compile(
    r"(?<=Parameters\n----------\n)(?:.+(?:\n|\Z)|\n(?!\S.*\n-{3,}))*"
)


def split(docstring: str) -> str:
    """Copy a shared description to each of its parameters."""

    def apart(group: re.Match[str]) -> str:
        names = group["names"].split(", ")
        head, text = group["type"] or "", group["text"]
        text = text if not text or text.endswith("\n") else f"{text}\n"
        return "".join(f"{group['indent']}{n}{head}\n{text}" for n in names)

    return _SECTION.sub(lambda section: _GROUP.sub(apart, section[0]), docstring)


class Grouped(griffe.Extension):
    """Splits groups of parameters in all docstrings that griffe finds."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the docstring of one object before it is parsed."""
        if obj.docstring is not None:
            obj.docstring.value = split(obj.docstring.value)
