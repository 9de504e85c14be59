"""Boxes of JPEG XL and JPEG 2000 files (ISO/IEC 14496-12): a kind and content each."""

from __future__ import annotations

import struct


def split(data: bytes) -> list[tuple[bytes, bytes]]:
    """Return the kind and the content of each box, up to where the file breaks off."""
    found, at = [], 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1 and at + 16 <= len(data):
            (size,) = struct.unpack_from(">Q", data, at + 8)
            head = 16
        end = at + size if size else len(data)
        if end < at + head:
            break
        found.append((kind, data[at + head : end]))
        at = end
    return found


def box(kind: bytes, content: bytes) -> bytes:
    """Return a box."""
    size = 8 + len(content)
    if size < 1 << 32:
        return struct.pack(">I4s", size, kind) + content
    return struct.pack(">I4sQ", 1, kind, size + 8) + content
