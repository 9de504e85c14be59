"""What the engine takes for a picture: arrays of several types, images of Pillow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage import data

from colorize_engine import ChannelBins, Colorizer
from colorize_engine.image import checked_image

GRAY = data.camera()[:60, :80]
ALPHA = np.arange(GRAY.size, dtype=np.uint8).reshape(GRAY.shape)
BINS = ChannelBins.unweighted(np.arange(-60, 61, 20))


def nets(light: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    wave = np.stack([light * k / 50 for k in range(7)]).astype(np.float32)
    return wave, wave[::-1].copy()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (GRAY[..., None], GRAY),
        (np.dstack([GRAY, ALPHA]), np.dstack([GRAY, GRAY, GRAY, ALPHA])),
        (GRAY > 99, (GRAY > 99) * np.uint8(255)),
        ((GRAY.astype(int) - 128).astype(np.int8), GRAY),
        ((GRAY.astype(int) * 257 - 32768).astype(np.int16), GRAY * np.uint16(257)),
        ((GRAY.astype(int) * 257 - 32768).astype(">i2"), GRAY * np.uint16(257)),
        (Image.fromarray(GRAY), GRAY),
        (Image.fromarray(GRAY > 99), (GRAY > 99) * np.uint8(255)),
        (Image.fromarray(GRAY * np.uint16(257)), GRAY * np.uint16(257)),
        (Image.fromarray(GRAY.astype(np.int32) * 3), GRAY.astype(np.uint16) * 3),
        (Image.fromarray(GRAY.astype(np.float32) / 255), GRAY.astype("f4") / 255),
        (Image.fromarray(data.coffee()), data.coffee()),
        (Image.fromarray(data.coffee()).convert("CMYK"), data.coffee()),
        (
            Image.fromarray(np.dstack([GRAY, ALPHA])),
            np.dstack([GRAY, GRAY, GRAY, ALPHA]),
        ),
    ],
    ids=lambda given: getattr(given, "mode", "") or "",
)
def test_pictures_of_all_kinds_are_colored(given: Any, expected: np.ndarray) -> None:
    np.testing.assert_array_equal(checked_image(given), expected)
    assert checked_image(given).dtype == expected.dtype
    colorizer = Colorizer(nets, BINS, BINS, working_size=20)
    found = colorizer.predict(given).colorize()
    np.testing.assert_array_equal(found, colorizer.predict(expected).colorize())
    assert found.shape[2] == (4 if expected.shape[2:] == (4,) else 3)


def test_a_palette_may_be_transparent() -> None:
    image = Image.fromarray(data.coffee()).quantize(16)
    assert checked_image(image).shape == (*data.coffee().shape[:2], 3)
    image.info["transparency"] = 3
    assert checked_image(image).shape == (*data.coffee().shape[:2], 4)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (np.zeros((4, 4), np.int32), "the type int32"),
        (np.zeros((4, 4, 5), np.uint8), r"the shape \(4, 4, 5\)"),
        (np.zeros((4, 4, 0), np.uint8), r"the shape \(4, 4, 0\)"),
        (np.zeros((4, 4, 2)) + 2, "floats in 2..2"),
        (Image.fromarray(np.full((4, 4), 70_000, np.int32)), "beyond 16 bits"),
        ([[1, 2]], "got list"),
        ("photo.png", "got str"),
    ],
    ids=str,
)
def test_what_is_no_picture_is_said(given: Any, words: str) -> None:
    with pytest.raises(ValueError, match=f"^expected a gray .*{words}"):
        checked_image(given)
