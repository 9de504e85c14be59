"""Descriptions of nets for bioimage.io, whose tools run them in Fiji and elsewhere.

The format is that of https://bioimage.io/docs/#/technical/metadata_format, version 0.5.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from colorize_engine.exchange.net import Net

FORMAT = "0.5.3"
DESCRIPTION, README, COVER = "rdf.yaml", "README.md", "cover.png"
EXAMPLE, RESULT = "example-input.npy", "example-output.npy"
# Processors round differently; logits reach 20 and more.
_TOLERANCE = {"relative_tolerance": 0.001, "absolute_tolerance": 0.001}
_CITE = [
    {
        "text": "Zhang, Isola, Efros: Colorful Image Colorization. ECCV 2016",
        "doi": "10.1007/978-3-319-46487-9_40",
    },
    {
        "text": "Ronneberger, Fischer, Brox: U-Net: Convolutional Networks for "
        "Biomedical Image Segmentation. MICCAI 2015",
        "doi": "10.1007/978-3-319-24574-4_28",
    },
]


def describe(
    net: Net, weights: str, content: bytes, opset: int, *, shipped: bool
) -> str:
    """Return the description of a net, in YAML that is JSON as well.

    Parameters
    ----------
    net
        The net.
    weights, content
        Name and content of its ONNX file.
    opset
        Version of the operators in it.
    shipped
        Whether the model comes with this program; then authors and license are known.
    """
    card = net.card
    title = f"napari-colorize {card.name} {card.version} net of {net.channel}"
    entry = {
        "source": weights,
        "sha256": hashlib.sha256(content).hexdigest(),
        "opset_version": opset,
    }
    author = "The napari-colorize developers" if shipped else "The authors of the model"
    described: dict[str, Any] = {
        "format_version": FORMAT,
        "type": "model",
        "name": re.sub(r"[^A-Za-z0-9_+\- ()]", "-", title)[:128],
        "description": _summary(net)[:1024],
        "authors": [{"name": author}],
        "cite": _CITE,
        "tags": ["colorization", "2d", "unet", "grayscale", "natural-images"],
        "documentation": README,
        "covers": [COVER],
        "inputs": [_input(net)],
        "outputs": [_output(net)],
        "weights": {"onnx": entry},
        "config": {
            "bioimageio": {"reproducibility_tolerance": [_TOLERANCE]},
            "napari-colorize": net.metadata,
        },
    }
    if shipped:
        described["license"] = "BSD-3-Clause"
    if re.fullmatch(r"\d+(\.\d+)*", card.version):
        described["version"] = card.version
    return json.dumps(described, indent=1) + "\n"


def _summary(net: Net) -> str:
    return (
        f"Distribution of CIE {net.channel}* for each place of a gray picture, as "
        f"logits over {len(net.bins)} bins. With the net of the other channel it "
        f"colorizes the picture. {net.card.description}"
    )


def _input(net: Net) -> dict[str, Any]:
    size = {"min": net.design.stride, "step": net.design.stride}
    names = [name.replace("-", "_") for name in net.design.inputs]
    return {
        "id": "x",
        "description": "Lightness L* in 0..100; for hints a* and b*, each with a mask "
        "of where it is given, 0 or 1"
        if net.design.takes_hints
        else "Lightness L* in 0..100",
        "axes": [
            {"type": "batch"},
            {"type": "channel", "channel_names": names},
            {"type": "space", "id": "y", "size": size},
            {"type": "space", "id": "x", "size": size},
        ],
        "data": {"type": "float32"},
        "test_tensor": {"source": EXAMPLE},
        "preprocessing": [
            {
                "id": "scale_linear",
                "kwargs": {"axis": "channel", "gain": net.gains, "offset": net.offsets},
            }
        ],
    }


def _output(net: Net) -> dict[str, Any]:
    names = [
        re.sub(r"\W", "_", f"{net.channel}_{center:g}".replace("-", "minus_"))
        for center in net.bins.centers
    ]
    places = [
        {
            "type": "space",
            "id": axis,
            "size": {"tensor_id": "x", "axis_id": axis},
            "scale": float(net.design.head_stride),
        }
        for axis in "yx"
    ]
    return {
        "id": "logits",
        "description": "Logits over the bins. README.md says how they become a color.",
        "axes": [
            {"type": "batch"},
            {"type": "channel", "channel_names": names},
            *places,
        ],
        "data": {"type": "float32"},
        "test_tensor": {"source": RESULT},
    }
