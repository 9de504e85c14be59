"""Photos for the training's tests: crops of those that scikit-image ships."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

if TYPE_CHECKING:
    from colorize_engine.bins import ChannelBins
    from training.presets import Preset

SCENES = ("astronaut", "chelsea", "coffee", "immunohistochemistry", "retina")
TINY = Path(__file__).parent / "tiny.toml"


def write_photos(root: Path, count: int, seed: int) -> None:
    """Write random crops of 140 to 180 pixels, one subfolder for each scene."""
    import skimage.data

    random = np.random.default_rng(seed)
    for scene in SCENES:
        whole = getattr(skimage.data, scene)()
        (root / scene).mkdir(parents=True)
        for number in range(count // len(SCENES)):
            height, width = random.integers(140, 181, 2)
            top = random.integers(whole.shape[0] - height + 1)
            left = random.integers(whole.shape[1] - width + 1)
            crop = whole[top : top + height, left : left + width]
            path = root / scene / f"{scene}_{number:03}.jpg"
            Image.fromarray(crop).save(path, quality=90)


@pytest.fixture(scope="session")
def photo_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of 200 color photos in class folders, 40 set aside; do not change it."""
    root = tmp_path_factory.mktemp("photos")
    write_photos(root / "train", 160, seed=0)
    write_photos(root / "val", 40, seed=1)
    return root


@pytest.fixture(scope="session")
def data(photo_tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built data set of the 200 photos at 64 pixels; do not change it."""
    from training.dataset import build

    return build(photo_tree, tmp_path_factory.mktemp("data"), size=64, workers=1)


@pytest.fixture(scope="session")
def tiny() -> Preset:
    """Give the preset that trains in seconds; its nets take hints."""
    from training.presets import load_preset

    return load_preset(TINY)


@pytest.fixture(scope="session")
def bins(
    data: Path, tiny: Preset, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, ChannelBins]:
    """Bins of the tiny preset on the 200 photos."""
    from training.statistics import measure

    return measure(data, tiny, tmp_path_factory.mktemp("bins"))
