"""Color a photo without this package: its model in ONNX Runtime, from NumPy.

``python examples/other_program.py MODEL GRAY OUT.png`` needs onnxruntime, NumPy,
Pillow and scikit-image. MODEL is a model folder, such as
``colorize_engine/weights/default``. Any language with ONNX Runtime can do the same.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image
from skimage.color import lab2rgb, rgb2lab


def main(model: Path, source: str, target: str) -> None:
    """Color one photo, at a size whose sides are multiples of 32."""
    card = json.loads((model / "card.json").read_text())
    picture = Image.open(source).convert("RGB")
    scale = card["working_size"] / min(picture.size)
    small = picture.resize([max(1, round(s * scale / 32)) * 32 for s in picture.size])
    # The planes are L* in -1..1 and, for nets that take hints, four planes of zeros.
    lightness = rgb2lab(small)[..., 0].astype(np.float32)
    planes = np.zeros((1, len(card["nets"]["a"]["inputs"]), *lightness.shape), "f4")
    planes[0, 0] = lightness * 0.02 - 1
    lab = rgb2lab(picture)
    for index, channel in enumerate("ab", 1):
        # The graph without "-int8" is the exact one; it reads a.safetensors by itself.
        name = f"{channel}-int8.onnx"
        file = model / (name if name in card["sha256"] else f"{channel}.onnx")
        (logits,) = onnxruntime.InferenceSession(file).run(None, {"x": planes})
        bins = {key: np.array(values) for key, values in card["bins"][channel].items()}
        # The logits are calibrated, rebalanced and sharpened; then comes their mean.
        with np.errstate(divide="ignore"):
            rare = np.where(bins["weights"] > 0, np.log(bins["weights"]), -np.inf)
        z = logits[0] + card["rebalance"] * np.maximum(rare, -1e30)[:, None, None]
        z[bins["weights"] == 0] = -np.inf
        z /= card["calibration"][channel] * max(card["temperature"], 1e-3)
        shares = np.exp(z - z.max(0))
        chroma = np.tensordot(bins["centers"], shares / shares.sum(0), 1)
        enlarged = Image.fromarray(chroma.astype("f4")).resize(picture.size)
        lab[..., index] = np.asarray(enlarged)
    Image.fromarray((lab2rgb(lab) * 255).round().astype(np.uint8)).save(target)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
