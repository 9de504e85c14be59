"""Hints that nets are trained with: how many, where, and which colors."""

from __future__ import annotations

import pytest
import torch

from training.photos import Dice, Hints, HintShares, draw_hints

SHARES = HintShares(0.3, 0.15, 0.1)
PHOTOS = 1500
SIDE = 24


@pytest.fixture(scope="module")
def chroma() -> tuple[torch.Tensor, torch.Tensor]:
    """Give true a and b (n, 24, 30), of other values at every pixel."""
    random = torch.Generator().manual_seed(3)
    a, b = torch.randn((2, PHOTOS, SIDE, SIDE + 6), generator=random) * 30
    return a, b


@pytest.fixture(scope="module")
def hints(chroma: tuple[torch.Tensor, torch.Tensor]) -> Hints:
    return draw_hints(*chroma, SHARES, Dice((5,), PHOTOS))


def sparse_of(hints: Hints) -> torch.Tensor:
    """Whether a photo is shown squares: (n,) bool."""
    some = hints.planes[:, 1].flatten(1).any(1)
    return some & ~hints.dense["a"]


def test_each_kind_has_its_share(hints: Hints) -> None:
    kinds = sparse_of(hints), hints.dense["a"], hints.dense["b"]
    for kind, share in zip(kinds, SHARES, strict=True):
        assert float(kind.float().mean()) == pytest.approx(share, abs=0.04)
    assert not torch.stack(kinds).sum(0).gt(1).any()
    assert not hints.planes[~torch.stack(kinds).any(0)].any()


def test_without_shares_nothing_is_shown(
    chroma: tuple[torch.Tensor, torch.Tensor],
) -> None:
    found = draw_hints(*chroma, HintShares(0, 0, 0), Dice((5,), PHOTOS))
    assert not found.planes.any()
    assert not torch.stack(list(found.dense.values())).any()


def test_a_square_has_its_mean_color(
    hints: Hints, chroma: tuple[torch.Tensor, torch.Tensor]
) -> None:
    sides, at_edges = set(), 0
    for photo in sparse_of(hints).nonzero()[:, 0].tolist():
        shown_a, mask, shown_b, mask_of_b = hints.planes[photo]
        assert torch.equal(mask, mask_of_b)
        assert set(mask.unique().tolist()) == {0.0, 1.0}
        assert not shown_a[mask == 0].any()
        assert not shown_b[mask == 0].any()
        rows, columns = mask.nonzero().T
        box = (
            slice(int(rows.min()), int(rows.max()) + 1),
            slice(int(columns.min()), int(columns.max()) + 1),
        )
        if len(shown_a[box].unique()) > 1:
            continue  # several squares
        assert mask[box].all()
        height, width = mask[box].shape
        sides.add(max(height, width))
        at_edges += height != width
        for shown, plane in zip((shown_a, shown_b), chroma, strict=True):
            torch.testing.assert_close(
                shown[box] * 110,
                plane[photo][box].mean().expand(height, width),
                atol=1e-4,
                rtol=1e-4,
            )
    assert sides >= {1, 3, 5, 7, 9}
    assert at_edges


def test_there_are_one_to_many_squares(hints: Hints) -> None:
    counts = torch.tensor(
        [len(planes[0].unique()) - 1 for planes in hints.planes[sparse_of(hints)]]
    ).float()
    assert 1 <= counts.min() < 8 < counts.max() <= 24
    # Geometric with a share of 1/8, but squares may cover each other.
    assert 5 < float(counts.mean()) < 8
    assert float((counts == 1).float().mean()) == pytest.approx(1 / 8, abs=0.05)


@pytest.mark.parametrize(("channel", "first"), [("a", 0), ("b", 2)])
def test_a_dense_channel_is_like_the_true_one(channel: str, first: int) -> None:
    # Smooth colors, which a blur leaves.
    ramp = torch.linspace(-60, 60, 48).expand(200, 40, 48).contiguous()
    found = draw_hints(ramp, ramp, SHARES, Dice((6,), 200))
    planes = found.planes[found.dense[channel]]
    assert len(planes) > 10
    assert (planes[:, first + 1] == 1).all()
    assert not planes[:, (first + 2) % 4].any()
    assert not planes[:, (first + 3) % 4].any()
    shown = planes[:, first].flatten(1) * 110
    true = ramp[0].flatten()
    slopes = (shown @ true) / (true @ true)
    assert 0.5 < slopes.min() < 0.7
    assert 0.85 < slopes.max() < 1.05
    noise = (shown - slopes[:, None] * true).std(1)
    assert 0 < noise.min() < 1.5
    assert 2 < noise.max() < 8


def test_processes_show_what_one_would(
    chroma: tuple[torch.Tensor, torch.Tensor], hints: Hints
) -> None:
    again = draw_hints(*chroma, SHARES, Dice((5,), PHOTOS))
    assert torch.equal(again.planes, hints.planes)
    for rank in range(3):
        own = slice(rank, None, 3)
        mine = [plane[own] for plane in chroma]
        found = draw_hints(*mine, SHARES, Dice((5,), PHOTOS, own))
        torch.testing.assert_close(found.planes, hints.planes[own])
        for channel in "ab":
            assert torch.equal(found.dense[channel], hints.dense[channel][own])
