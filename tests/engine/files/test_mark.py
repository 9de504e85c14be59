"""What is done already, told by the outputs themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import numpy as np
import pytest
from PIL import Image

from colorize_engine import files
from colorize_engine.files import is_current
from colorize_engine.files.metadata import xmp

if TYPE_CHECKING:
    from pathlib import Path

RGB = np.random.default_rng(1).integers(0, 256, (24, 32, 3), np.uint8)
MARK = files.Mark("napari-colorize 1", "m & <n> 0 abc", {"temperature": "0.4"})
SOURCE = "0" * 32
EVENT = b"http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"


def signed(source: str = SOURCE, **settings: object) -> files.Mark:
    return replace(MARK, settings={**MARK.settings, **settings, "source": source})


@pytest.fixture(params=["png", "jpg", "tif", "webp"])
def output(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    path = tmp_path / f"o.{request.param}"
    files.write(path, [files.Picture(RGB)], signed())
    return path


def test_an_output_tells_what_it_was_made_of(output: Path) -> None:
    assert is_current(output, signed())
    # Another version of the program would make the same colors.
    assert is_current(output, replace(signed(), software="napari-colorize 2"))


def test_other_bytes_settings_and_models_are_told_apart(output: Path) -> None:
    others = [
        signed("1" * 32),
        signed(range="auto"),
        signed(range="0.0..4095.0"),
        signed(quality=80),
        replace(signed(), model="m & <n> 0 abd"),
        replace(signed(), settings={**signed().settings, "temperature": "0.5"}),
    ]
    assert len({other.parameters for other in others}) == len(others)
    assert not any(is_current(output, other) for other in others)


def test_of_an_output_colored_again_the_last_time_counts(output: Path) -> None:
    (picture,) = files.read(output)
    again = signed("2" * 32)
    files.write(output, [picture], again, overwrite=True)
    assert is_current(output, again)
    assert not is_current(output, signed())


@pytest.mark.parametrize(
    "event",
    [
        b'<rdf:li stEvt:parameters="%s"/>',
        b'<rdf:li><e:parameters xmlns:e="' + EVENT + b'">%s</e:parameters></rdf:li>',
    ],
    ids=["as an attribute", "under another prefix"],
)
def test_other_programs_may_write_the_event_in_their_way(event: bytes) -> None:
    told = escape(signed().parameters).encode()
    packet = (
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/' xmlns:stEvt='%s' xmlns:rdf="
        b"'http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:RDF>%s</rdf:RDF>"
        b"</x:xmpmeta>"
    ) % (EVENT, event % told)
    assert xmp.parameters(packet) == signed().parameters


def test_a_name_with_control_characters_is_known_again(tmp_path: Path) -> None:
    odd = replace(signed(), model="m\x00\x1b \ud800 0 abc")
    files.write(tmp_path / "o.png", [files.Picture(RGB)], odd)
    assert is_current(tmp_path / "o.png", odd)
    assert not is_current(tmp_path / "o.png", signed())


def test_foreign_damaged_and_missing_files_are_not_ours(output: Path) -> None:
    whole = output.read_bytes()
    for content in (b"", b"II*\0", whole[:40], b"text" * 99):
        output.write_bytes(content)
        assert not is_current(output, signed())
    output.unlink()
    assert not is_current(output, signed())
    Image.fromarray(RGB).save(output)
    assert not is_current(output, signed())
