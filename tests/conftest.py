"""Fixtures for all tests: a tiny model, and the plugin registered in napari."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from npe2 import PluginManifest

    from colorize_engine.pretrained import Card
    from colorize_engine.pretrained.torch_nets import UNet

# napari reads this when it is imported; a person's own settings are never touched.
_FOLDER = tempfile.TemporaryDirectory(prefix="napari-settings-")
os.environ["NAPARI_CONFIG"] = str(Path(_FOLDER.name, "settings.yaml"))

# Commands must write in time by themselves, whatever is set on this machine.
os.environ.pop("PYTHONUNBUFFERED", None)

# On a busy machine an example may take any time; that is no failure.
settings.register_profile(
    "patient",
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the tests."""
    parser.addoption(
        "--runtime",
        choices=("onnx", "torch"),
        default="onnx",
        help="what runs the nets of the tests' own models (default: onnx)",
    )
    group = parser.getgroup("damaged files")
    group.addoption(
        "--fuzz-cases",
        type=int,
        default=2000,
        metavar="N",
        help="how many damaged files the readers get (default: 2000)",
    )
    group.addoption(
        "--fuzz-first",
        type=int,
        default=0,
        metavar="N",
        help="the number of the first of them, for others than before (default: 0)",
    )


def tiny_card_and_nets(*, hints: bool = False) -> tuple[Card, dict[str, UNet]]:
    """Untrained nets of a few hundred weights, fixed by a seed, and their card.

    They have stride 4 and head stride 2.
    """
    import torch

    from colorize_engine.bins import ChannelBins, zero_centered
    from colorize_engine.pretrained import INPUTS, Card, NetDesign
    from colorize_engine.pretrained.torch_nets import UNet

    torch.manual_seed(7)
    bins, nets = {}, {}
    for channel, step in (("a", 20.0), ("b", 25.0)):
        centers = zero_centered(step, -100, 100)
        prior = np.exp(-np.abs(centers) / 30)
        prior /= prior.sum()
        bins[channel] = ChannelBins(centers, prior, 1 / (prior + 0.1))
        inputs = INPUTS[hints]
        nets[channel] = UNet(
            NetDesign("plain", (4, 8, 8), (8,), True, inputs, len(centers))
        )
        # Or else all pixels of all pictures would get nearly the same distribution.
        torch.nn.init.normal_(nets[channel].head.weight, 0, 7)
    card = Card(
        "tiny",
        "0",
        "Untrained nets for tests.",
        {},
        bins,
        temperature=0.5,
        rebalance=-0.5,
        working_size=32,
    )
    return card, nets


def _saved(folder: Path, config: pytest.Config, *, hints: bool = False) -> Path:
    """Write a tiny model; without graphs it runs in torch."""
    from colorize_engine.pretrained import save

    save(folder, *tiny_card_and_nets(hints=hints))
    if config.getoption("--runtime") == "onnx":
        from training.graphs import add_graphs

        add_graphs(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_model(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Path:
    """Folder of a valid model that is small and untrained; do not change it."""
    return _saved(tmp_path_factory.mktemp("model") / "tiny", pytestconfig)


@pytest.fixture(scope="session")
def hinted_model(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Path:
    """Folder of a tiny model whose nets take hints; do not change it."""
    folder = tmp_path_factory.mktemp("model") / "hinted"
    return _saved(folder, pytestconfig, hints=True)


@pytest.fixture(scope="session")
def torch_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the tiny model as it was before there were graphs."""
    from colorize_engine.pretrained import save

    folder = tmp_path_factory.mktemp("model") / "old"
    save(folder, *tiny_card_and_nets())
    return folder


@pytest.fixture(scope="session")
def one_thread() -> None:
    """Run torch on one thread: for tiny nets more of them only wait for each other."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture
def plugin(npe2pm: object, plugin_settings: None) -> PluginManifest:
    """Manifest of the plugin, which is registered in a plugin manager of the test."""
    from npe2 import PluginManager, PluginManifest

    manifest = PluginManifest.from_distribution("napari-colorize")
    PluginManager.instance().register(manifest)
    return manifest
