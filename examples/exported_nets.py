"""Color a photo with exported nets: ONNX Runtime, NumPy, and three parts of the engine.

``python examples/exported_nets.py NETS PHOTO OUT.png``

``colorize --export-onnx NETS`` wrote the folder NETS. The metadata of its files say all
that is needed. torch need not be installed. Pillow reads and writes the photo.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

from colorize_engine.bins import ChannelBins
from colorize_engine.color import lab_to_rgb, lightness
from colorize_engine.decode import Distribution


def main(arguments: list[str] | None = None) -> None:
    """Color one photo, at a size whose sides are multiples of the stride."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("nets", type=Path)
    for name in ("photo", "out"):
        parser.add_argument(name)
    args = parser.parse_args(arguments)
    photo = Image.open(args.photo).convert("RGB")
    files = [args.nets / channel / f"{channel}.onnx" for channel in "ab"]
    chroma = [channel_of(file, photo) for file in files]
    rgb = lab_to_rgb(lightness(np.asarray(photo)), np.stack(chroma))
    Image.fromarray(rgb).save(args.out)


def channel_of(file: Path, photo: Image.Image) -> np.ndarray:
    """Return a* or b*, (H, W), as the net of a file sees a photo."""
    net = onnxruntime.InferenceSession(file)
    about = net.get_modelmeta().custom_metadata_map
    size_of_nets, stride, divisor, temperature, rebalance = (
        json.loads(about[name])
        for name in ("working_size", "stride", "divisor", "temperature", "rebalance")
    )
    scale = size_of_nets / min(photo.size) / stride
    size = [max(1, round(side * scale)) * stride for side in photo.size]
    # The planes: L*, and for nets that take hints a*, its mask, b*, its mask: no hint.
    planes = np.zeros((1, net.get_inputs()[0].shape[1], *size[::-1]), np.float32)
    planes[0, 0] = lightness(np.asarray(photo.resize(size)))
    gains, offsets = (
        np.array(json.loads(about[f"input_{name}"]), np.float32)[:, None, None]
        for name in ("gains", "offsets")
    )
    (logits,) = net.run(None, {"x": planes * gains + offsets})
    lists = (json.loads(about[name]) for name in ("centers", "prior", "weights"))
    # Both are calibrated: the logits, and the class weights that are still in them.
    bins = ChannelBins(*lists).tempered(divisor)
    seen = Distribution(logits[0] / np.float32(divisor), bins)
    small = Image.fromarray(seen.decode(temperature, rebalance))
    return np.asarray(small.resize(photo.size))


if __name__ == "__main__":
    main()
