"""Page and cover of an exported net, for people."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from colorize_engine.color import lab_to_rgb
from colorize_engine.pretrained import LITE

if TYPE_CHECKING:
    from colorize_engine.exchange.net import Net

_COVER = (256, 512)
_PAGE = """# The net of {channel}\\* of the model {name} {version}

{description}

`{channel}.onnx` is a net that sees a gray picture and gives, for each square of
{head} x {head} pixels, logits over {bins} bins of CIE {channel}\\*. It is one of two;
the other one gives the other channel. Both together colorize the picture.

## Input

`x`, (n, {planes}, height, width) float32. Height and width are multiples of {stride}.
The model is made for a short side of about {size} pixels. The planes are

{inputs}

Tools of bioimage.io take each plane in its own unit, and scale it as `rdf.yaml` says.

## Output

`logits`, (n, {bins}, height / {head}, width / {head}) float32. They become a color:

1. Divide the logits by {divisor} (`divisor`).
2. Add {rebalance} / {divisor} times the logarithm of each bin's class weight
   (`rebalance`, `weights`); a bin of weight 0 is left out.
3. Divide by the temperature {temperature} (`temperature`), and take the softmax. At
   temperature 0 the largest logit alone counts.
4. The mean of the bins' values (`centers`) under it is {channel}\\*.
5. Enlarge {channel}\\* and the other channel to the size of the picture, and join them
   with its own L\\*.

The names in parentheses are entries of the metadata of the ONNX file, and of
`config: napari-colorize` in `rdf.yaml`. Numbers and lists are JSON there.

## Validation

{figures}
`example-output.npy` is what the net gives for `example-input.npy`.

## What it is for, and what not

For plausible colors of gray photos. The colors are guesses: they must not be used as
evidence or in forensics, nor be shown as those that were there.
{license}"""
_LICENSE = """
## License

BSD-3-Clause, the napari-colorize developers.
"""
_ENCODER = """
The encoder started from EfficientNet-{} (The TensorFlow Authors, Apache License 2.0,
https://www.apache.org/licenses/LICENSE-2.0), which was trained on ImageNet, whose terms
allow non-commercial research and education. All its weights were trained further.
"""


def page(net: Net, *, shipped: bool) -> str:
    """Return the page of a net, in Markdown."""
    card, design = net.card, net.design
    inputs = "\n".join(
        f"- `{name}`: {_meaning(name)}; times {gain:.6g}, plus {add:g}"
        for name, gain, add in zip(design.inputs, net.gains, net.offsets, strict=True)
    )
    return _PAGE.format(
        channel=net.channel,
        name=card.name,
        version=card.version,
        description=card.description,
        head=design.head_stride,
        stride=design.stride,
        bins=len(net.bins),
        planes=len(design.inputs),
        size=card.working_size,
        inputs=inputs,
        divisor=card.calibration[net.channel],
        rebalance=card.rebalance,
        temperature=card.temperature,
        figures=_figures(net),
        license=_license(net) if shipped else "",
    )


def _license(net: Net) -> str:
    encoder = net.design.encoder
    return _LICENSE + (_ENCODER.format(encoder.title()) if encoder in LITE else "")


def _meaning(name: str) -> str:
    if name == "L":
        return "L\\* in 0..100"
    channel, kind = name.split("-")
    if kind == "hint":
        return f"{channel}\\* where it is given, 0 elsewhere"
    return f"1 where {channel}\\* is given, 0 elsewhere"


def _figures(net: Net) -> str:
    """Return a sentence about the quality of both nets together, if it is known."""
    figures, name = net.card.figures, net.card.name
    own, gray = figures.get(f"{name}, float32", figures.get(name)), figures.get("gray")
    if not (isinstance(own, dict) and isinstance(gray, dict) and "auc" in own):
        return "The model has not been measured."
    return (
        f"On photos that they had not seen, both nets together have an AuC of "
        f"{own['auc']:.2f},\nthe gray picture {gray['auc']:.2f}: the area under the "
        "curve of cumulative errors, in %."
    )


def cover(net: Net) -> bytes:
    """Return a picture of the bins, from dark to light, as a PNG file."""
    height, width = _COVER
    lightness = np.linspace(95, 5, height)[:, None] * np.ones(width)
    bins = np.arange(width) * len(net.bins) // width
    chroma = np.zeros((2, height, width), np.float32)
    chroma["ab".index(net.channel)] = net.bins.centers[bins]
    file = io.BytesIO()
    Image.fromarray(lab_to_rgb(lightness, chroma)).save(file, "PNG")
    return file.getvalue()
