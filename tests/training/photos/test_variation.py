"""Each variation of L by itself, and all of them by chance."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image

from training.photos import Dice, vary
from training.photos.variation import blur, jpeg

# The numbers in the order in which `vary` takes them.
NUMBERS = (
    *("tone", "toned", "faded", "black", "white", "kind", "strength", "width"),
    *("coarse", "grain", "grained", "quality", "compressed"),
)


class Loaded(Dice):
    """Dice that leave L as it is, but for the numbers given by name."""

    def __init__(self, **numbers: float) -> None:
        super().__init__((0,), 1)
        self.numbers = numbers

    def table(self, columns: int) -> torch.Tensor:
        """Give the numbers for one photo."""
        assert columns == len(NUMBERS)
        return torch.tensor([[self.numbers.get(name, 0.99) for name in NUMBERS]])


@pytest.fixture(scope="module")
def picture() -> torch.Tensor:
    """Gray picture (1, 64, 72) in 0.05..0.95."""
    import skimage.data

    gray = skimage.data.camera()[100:228:2, 180:324:2] / 255
    return torch.from_numpy(0.05 + 0.9 * gray).float()[None]


def detail(picture: torch.Tensor) -> float:
    return float((picture[..., 1:] - picture[..., :-1]).std())


def test_nothing_may_happen(picture: torch.Tensor) -> None:
    assert torch.equal(vary(picture, Loaded()), picture)


@pytest.mark.parametrize("number", [0.1, 0.9])
def test_the_tone_curve_is_a_power(picture: torch.Tensor, number: float) -> None:
    found = vary(picture, Loaded(toned=0.39, tone=number))
    torch.testing.assert_close(found, picture ** np.exp(number - 0.5))


def test_fading_reduces_the_range(picture: torch.Tensor) -> None:
    found = vary(picture, Loaded(faded=0.24, black=0.5, white=0.25))
    torch.testing.assert_close(found, 0.075 + (0.85 - 0.075) * picture)


def test_softness_is_a_gaussian(picture: torch.Tensor) -> None:
    from scipy.ndimage import gaussian_filter

    for number, sigma in ((0.0, 0.3), (0.64, 0.3 + 1.3 * 0.512)):
        found = vary(picture, Loaded(kind=0.34, width=number))[0].numpy()
        wanted = gaussian_filter(picture[0].numpy(), sigma, mode="mirror", radius=4)
        np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_sharpness_adds_what_a_gaussian_takes_away(picture: torch.Tensor) -> None:
    found = vary(picture, Loaded(kind=0.59, strength=0.5, width=0.5))
    soft = blur(picture, torch.tensor([1.1]))
    sharp = picture + 0.6 * (picture - soft)
    torch.testing.assert_close(found, sharp.clamp(0, 1))
    assert detail(found) > 1.1 * detail(picture) > 1.2 * detail(soft)


def test_a_blur_leaves_flat_planes_and_has_a_width_for_each() -> None:
    planes = torch.full((2, 9, 11), 0.3)
    planes[:, 4, 5] = 1.3
    found = blur(planes, torch.tensor([0.0, 2.0]))
    torch.testing.assert_close(found[0], planes[0])
    assert 0.3 < float(found[1].max()) < 0.4


@pytest.mark.parametrize(("coarse", "correlation"), [(0.99, 0.0), (0.4, 0.6)])
def test_grain_is_fine_or_coarse(coarse: float, correlation: float) -> None:
    flat = torch.full((1, 128, 128), 0.5)
    found = vary(flat, Loaded(grained=0.34, grain=0.8, coarse=coarse))[0]
    assert float(found.mean()) == pytest.approx(0.5, abs=0.002)
    assert float(found.std()) == pytest.approx(0.8 * 0.05, rel=0.15)
    pairs = torch.stack([found[:, 1:].flatten(), found[:, :-1].flatten()])
    assert float(torch.corrcoef(pairs)[0, 1]) == pytest.approx(correlation, abs=0.1)


@pytest.mark.parametrize(("quality", "exact"), [(50, 0.85), (20, 0.4), (85, 0.0)])
def test_jpeg_is_that_of_pillow(
    picture: torch.Tensor, quality: int, exact: float
) -> None:
    """At quality 50 all but ties are the same; else libjpeg rounds its table."""
    levels = (picture[0] * 255).round().byte().numpy()
    stream = io.BytesIO()
    Image.fromarray(levels).save(stream, "JPEG", quality=quality)
    wanted = np.asarray(Image.open(stream)).astype(int)
    whole = torch.from_numpy(levels)[None] / 255
    found = jpeg(whole, torch.tensor([float(quality)]))[0].numpy() * 255
    difference = np.abs(found.clip(0, 255) - wanted)
    blocks = difference.reshape(8, 8, 9, 8).max((1, 3))
    assert (blocks < 0.75).mean() >= exact
    assert difference.mean() < 0.4 * np.abs(wanted - levels.astype(int)).mean()


def test_jpeg_takes_any_size_and_befalls_a_photo(picture: torch.Tensor) -> None:
    part = picture[:, :61, :59]
    whole = jpeg(part, torch.tensor([40.0]))
    assert whole.shape == part.shape
    assert 0 < float((whole - part).abs().mean()) < 0.03
    found = vary(part, Loaded(compressed=0.29, quality=20 / 70))
    torch.testing.assert_close(found, whole.clamp(0, 1))


def test_all_of_it_is_by_chance_and_keeps_the_range(picture: torch.Tensor) -> None:
    small = picture[:, :16, :16].expand(3000, 16, 16)
    found = vary(small, Dice((1,), 3000))
    assert 0 <= float(found.min()) < float(found.max()) <= 1
    same = (found == small).flatten(1).all(1).float().mean()
    assert float(same) == pytest.approx(0.6 * 0.75 * 0.4 * 0.65 * 0.7, abs=0.02)
    assert torch.equal(found, vary(small, Dice((1,), 3000)))
    assert not torch.equal(found, vary(small, Dice((2,), 3000)))


def test_processes_vary_their_photos_as_one_would(picture: torch.Tensor) -> None:
    small = picture[:, :16, :16].expand(12, 16, 16)
    whole = vary(small, Dice((7,), 12))
    for rank in range(3):
        own = slice(rank, None, 3)
        found = vary(small[own], Dice((7,), 12, own))
        torch.testing.assert_close(found, whole[own])
