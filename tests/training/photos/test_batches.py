"""Batches: reproducible order, aligned channels, crops."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from training.photos import Batches, Dice
from training.photos.data_set import DataSet

if TYPE_CHECKING:
    from pathlib import Path

CPU = torch.device("cpu")


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
    batches = Batches(made(40), rows, 1, CPU)
    whole = batches.order(0, 30)
    passes = [tuple(whole[i : i + 10]) for i in (0, 10, 20)]
    assert all(sorted(one) == list(rows) for one in passes)
    assert len(set(passes)) == 3
    pieces = np.concatenate([batches.order(first, 4) for first in range(0, 28, 4)])
    np.testing.assert_array_equal(pieces, whole[:28])
    other = Batches(made(40), rows, 2, CPU)
    assert other.order(0, 10).tolist() != whole[:10].tolist()


def test_a_batch_may_be_larger_than_the_data_set() -> None:
    batches = Batches(made(3), np.arange(3), 0, CPU)
    assert np.bincount(batches.order(0, 9)).tolist() == [3, 3, 3]
    lightness, a, b = batches.augmented(16, 8, 32, 0.5)
    assert lightness.shape == a.shape == b.shape == (8, 32, 32)


def test_without_augmentation_photos_are_as_stored(photos: DataSet) -> None:
    batches = Batches(photos, photos.train, 0, CPU)
    rows = batches.order(10, 5)
    lightness, a, b = batches.get(10, 5, 64)
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
    batches = Batches(photos, photos.train, 0, CPU)
    whole, small = batches.get(0, 3, 64), batches.get(0, 3, 16)
    for full, reduced in zip(whole, small, strict=True):
        assert reduced.shape == (3, 16, 16)
        torch.testing.assert_close(
            reduced.mean((1, 2)), full.mean((1, 2)), atol=1.0, rtol=0
        )


def test_the_same_batch_is_the_same_to_the_bit(photos: DataSet) -> None:
    one, two = (Batches(photos, photos.train, 7, CPU) for _ in range(2))
    for first in (0, 4, 8):
        two.augmented(first + 100, 4, 64, 0.5)
        left, right = (side.augmented(first, 4, 64, 0.5) for side in (one, two))
        assert all(map(torch.equal, left, right))
    left, right = (one.augmented(first, 4, 64, 0.5) for first in (0, 4))
    assert not torch.equal(left[0], right[0])


def test_processes_share_the_batch_that_one_would_see(photos: DataSet) -> None:
    whole = Batches(photos, photos.train, 5, CPU)
    parts = [Batches(photos, photos.train, 5, CPU, rank, 3) for rank in range(3)]
    expected = whole.augmented(12, 6, 32, 0.5)
    shared = [part.augmented(12, 6, 32, 0.5) for part in parts]
    for i, plane in enumerate(expected):
        together = torch.stack([share[i] for share in shared], 1).flatten(0, 1)
        torch.testing.assert_close(together, plane)


def test_an_empty_split_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one photo"):
        Batches(made(), np.arange(0), 0, CPU)


def test_crops_and_mirrors_move_all_channels_alike() -> None:
    photos = made(10)
    batches = Batches(photos, np.arange(10), 0, CPU)
    sides, places = set(), set()
    mirrored = 0
    for first in range(0, 100, 10):
        # Ask for the very size of the crop, so that nothing is interpolated.
        side = batches.dice(first, 10, 0).common(16, 32)
        sides.add(side)
        _, a, b = batches.augmented(first, 10, side, 0.5)
        stored = 255 - (a + 128)
        torch.testing.assert_close(b, (stored / 2).floor() - 128)
        for photo, row in zip(stored, batches.order(first, 10), strict=True):
            source = torch.from_numpy(photos.planes["L"][row]).float()
            windows = source.unfold(0, side, 1).unfold(1, side, 1)
            straight = (windows == photo).all(-1).all(-1)
            flipped = (windows == photo.flip(-1)).all(-1).all(-1)
            assert straight.any() or flipped.any()
            mirrored += int(flipped.any())
            places.update(map(tuple, (straight | flipped).nonzero().tolist()))
    assert len(sides) > 4
    assert 30 < mirrored < 70
    assert {(0, 0)} < places
    assert len(places) > 30


def test_only_lightness_is_varied_and_it_keeps_its_range() -> None:
    batches = Batches(made(), np.arange(10), 0, CPU)
    # Crops of all of a photo, of which some are mirrored.
    plain, varied = batches.get(0, 10, 32), batches.augmented(0, 10, 32, 1.0)
    straight = (plain[1] == varied[1]).flatten(1).all(1)
    assert 0 < int(straight.sum()) < 10
    assert torch.equal(varied[1][~straight], plain[1][~straight].flip(-1))
    assert not torch.equal(plain[0][straight], varied[0][straight])
    assert 0 <= varied[0].min() < varied[0].max() <= 100


def test_processes_draw_numbers_of_their_own_photos() -> None:
    whole, last = (Dice((3,), 6, own) for own in (slice(None), slice(2, None, 3)))
    assert whole.common(0, 100) == last.common(0, 100)
    assert torch.equal(whole.table(4)[2::3], last.table(4))
    assert torch.equal(whole.integers(9, 4)[2::3], last.integers(9, 4))
    noise = whole.normal((2, 2), CPU)
    assert torch.equal(noise[2::3], last.normal((2, 2), CPU))
    assert not torch.equal(noise, whole.normal((2, 2), CPU))


def test_dice_give_normal_numbers() -> None:
    numbers = Dice((1, 2), 50).normal((40, 40), CPU)
    assert numbers.shape == (50, 40, 40)
    assert abs(float(numbers.mean())) < 0.02
    assert float(numbers.std()) == pytest.approx(1, abs=0.02)
    assert len({float(photo.sum()) for photo in numbers}) == 50
