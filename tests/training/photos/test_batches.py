"""Batches: reproducible order, aligned channels, augmentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from training.photos import Augmentation, Batches, Dice
from training.photos.batches import age
from training.photos.data_set import DataSet

if TYPE_CHECKING:
    from pathlib import Path

CPU = torch.device("cpu")
PLAIN = Augmentation()
FULL = Augmentation(crop=0.5, aged=1.0, flip=True)


@pytest.fixture(scope="module")
def photos(data: Path) -> DataSet:
    return DataSet.open(data)


def made(count: int = 10, side: int = 32) -> DataSet:
    """Photos whose a and b follow from L, so that a shift between them shows."""
    random = np.random.default_rng(4)
    lightness = random.integers(0, 256, (count, side, side), np.uint8)
    planes = {"L": lightness, "a": 255 - lightness, "b": lightness // 2}
    rows = np.arange(count)
    return DataSet(planes, [str(row) for row in rows], rows, rows[:0], {}, count, {})


def test_each_pass_has_every_photo_once_in_an_order_of_its_own() -> None:
    rows = np.arange(30, 40)
    batches = Batches(made(40), rows, 4, 1, CPU)
    whole = batches.order(0, 30)
    passes = [tuple(whole[i : i + 10]) for i in (0, 10, 20)]
    assert all(sorted(one) == list(rows) for one in passes)
    assert len(set(passes)) == 3
    pieces = np.concatenate([batches.order(first, 4) for first in range(0, 28, 4)])
    np.testing.assert_array_equal(pieces, whole[:28])
    other = Batches(made(40), rows, 4, 2, CPU)
    assert other.order(0, 10).tolist() != whole[:10].tolist()


def test_a_batch_may_be_larger_than_the_data_set() -> None:
    batches = Batches(made(3), np.arange(3), 8, 0, CPU)
    assert np.bincount(batches.order(0, 9)).tolist() == [3, 3, 3]
    lightness, a, b = batches.get(16, 32, FULL)
    assert lightness.shape == a.shape == b.shape == (8, 32, 32)


def test_without_augmentation_photos_are_as_stored(photos: DataSet) -> None:
    batches = Batches(photos, photos.train, 5, 0, CPU)
    rows = batches.order(10, 5)
    lightness, a, b = batches.get(10, 64, PLAIN)
    torch.testing.assert_close(
        lightness, torch.from_numpy(photos.planes["L"][rows] / 2.55).float()
    )
    torch.testing.assert_close(
        a, torch.from_numpy(photos.planes["a"][rows]).float() - 128
    )
    torch.testing.assert_close(
        b, torch.from_numpy(photos.planes["b"][rows]).float() - 128
    )


def test_a_smaller_size_averages_the_pixels(photos: DataSet) -> None:
    batches = Batches(photos, photos.train, 3, 0, CPU)
    whole, small = batches.get(0, 64, PLAIN), batches.get(0, 16, PLAIN)
    for full, reduced in zip(whole, small, strict=True):
        assert reduced.shape == (3, 16, 16)
        torch.testing.assert_close(
            reduced.mean((1, 2)), full.mean((1, 2)), atol=1.0, rtol=0
        )


def test_the_same_batch_is_the_same_to_the_bit(photos: DataSet) -> None:
    one, two = (Batches(photos, photos.train, 4, 7, CPU) for _ in range(2))
    for first in (0, 4, 8):
        two.get(first + 100, 64, FULL)
        for left, right in zip(
            one.get(first, 64, FULL), two.get(first, 64, FULL), strict=True
        ):
            assert torch.equal(left, right)
    assert not torch.equal(one.get(0, 64, FULL)[0], one.get(4, 64, FULL)[0])


def test_processes_share_the_batch_that_one_would_see(photos: DataSet) -> None:
    whole = Batches(photos, photos.train, 6, 5, CPU)
    parts = [Batches(photos, photos.train, 6, 5, CPU, rank, 3) for rank in range(3)]
    expected = whole.get(12, 32, FULL)
    shared = [part.get(12, 32, FULL) for part in parts]
    for i, plane in enumerate(expected):
        together = torch.stack([share[i] for share in shared], 1).flatten(0, 1)
        assert torch.equal(together, plane)
    noise = whole.dice(12, 1).normal((2, 2), CPU)
    of_last = parts[2].dice(12, 1).normal((2, 2), CPU)
    assert torch.equal(of_last, noise[2::3])


def test_impossible_batches_are_errors() -> None:
    with pytest.raises(ValueError, match="at least one photo"):
        Batches(made(), np.arange(0), 4, 0, CPU)
    with pytest.raises(ValueError, match="divides the batch of 4"):
        Batches(made(), np.arange(10), 4, 0, CPU, 0, 3)


def test_crops_and_mirrors_move_all_channels_alike() -> None:
    photos = made(10)
    batches = Batches(photos, np.arange(10), 10, 0, CPU)
    geometry = Augmentation(crop=0.5, flip=True)
    sides = set()
    mirrored = 0
    for first in range(0, 100, 10):
        # Ask for the very size of the crop, so that nothing is interpolated.
        side = batches.dice(first, 0).common(16, 32)
        sides.add(side)
        lightness, a, b = batches.get(first, side, geometry)
        stored = (lightness * 2.55).round()
        torch.testing.assert_close(a, 255 - stored - 128)
        torch.testing.assert_close(b, (stored / 2).floor() - 128)
        for photo, row in zip(stored, batches.order(first, 10), strict=True):
            source = torch.from_numpy(photos.planes["L"][row]).float()
            windows = source.unfold(0, side, 1).unfold(1, side, 1)
            straight = (windows == photo).all(-1).all(-1).any()
            mirrored += int((windows == photo.flip(-1)).all(-1).all(-1).any())
            assert straight or (windows == photo.flip(-1)).all(-1).all(-1).any()
    assert len(sides) > 4
    assert 30 < mirrored < 70


def test_aging_changes_lightness_only_and_keeps_its_range() -> None:
    batches = Batches(made(), np.arange(10), 10, 0, CPU)
    plain = batches.get(0, 32, PLAIN)
    aged = batches.get(0, 32, Augmentation(aged=1.0))
    assert torch.equal(plain[1], aged[1])
    assert torch.equal(plain[2], aged[2])
    assert not torch.equal(plain[0], aged[0])
    assert 0 <= aged[0].min() < aged[0].max() <= 100


def test_a_share_of_the_photos_is_aged_and_the_rest_stay_as_they_are() -> None:
    batches = Batches(made(), np.tile(np.arange(10), 20), 200, 0, CPU)
    plain, aged, some = (
        batches.get(0, 32, Augmentation(aged=share))[0] for share in (0.0, 1.0, 0.3)
    )
    as_plain = (some == plain).flatten(1).all(1)
    as_aged = (some == aged).flatten(1).all(1)
    assert (as_plain | as_aged).all()
    assert 0.6 < as_plain.float().mean() < 0.85


def test_each_kind_of_aging_befalls_half_of_the_photos() -> None:
    ramp = torch.linspace(0.05, 0.95, 64).expand(400, 64, 64).contiguous()
    aged = age(ramp, Dice((0,), 400))
    # Grain is what differs down a column.
    grainy = aged.std(1).mean(1) > 1e-4
    assert 0.4 < grainy.float().mean() < 0.6
    lifted = aged[~grainy][:, 0, :2].mean(1)
    assert ((lifted - 0.05).abs() > 0.005).float().mean() > 0.5
    untouched = (aged - ramp).abs().amax((1, 2)) < 0.02
    assert 0.0 < untouched.float().mean() < 0.2


def test_dice_give_normal_numbers() -> None:
    numbers = Dice((1, 2), 50).normal((40, 40), CPU)
    assert numbers.shape == (50, 40, 40)
    assert abs(float(numbers.mean())) < 0.02
    assert float(numbers.std()) == pytest.approx(1, abs=0.02)
    assert len({float(photo.sum()) for photo in numbers}) == 50
