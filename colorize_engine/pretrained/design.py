"""Designs of nets: what a model card says to build one, without torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

# Width and depth multipliers relative to Lite0.
LITE = {"lite0": (1.0, 1.0), "lite1": (1.0, 1.1), "lite2": (1.1, 1.2)}
HINTS = ("a-hint", "a-mask", "b-hint", "b-mask")
"""Planes in which a net is shown colors, and masks of where it is shown them."""
INPUTS = (("L",), ("L", *HINTS))


@dataclass(frozen=True)
class NetDesign:
    """Everything needed to build a net; stored in the model card.

    Attributes
    ----------
    encoder : {"plain", "lite0", "lite1", "lite2"}
        Two 3x3 convolutions per level, or the inverted residual blocks of
        EfficientNet-Lite0, 1 or 2.
    encoder_widths : tuple of int
        Channels of each level of the plain encoder; unused by the others.
    decoder_widths : tuple of int
        Channels of each level of the decoder, from the bottom up: one for each skip.
        With fewer, the finest skips are left out and the logits stay coarser.
    context : bool
        Whether the mean over the whole picture is added at the coarsest level.
    inputs : tuple of str, one of ``INPUTS``
        Input channels: lightness alone, or with the four planes of ``HINTS``.
    outputs : int
        Number of logits, one for each bin.

    Raises
    ------
    ValueError
        If no net can be built from the values.
    """

    encoder: str
    encoder_widths: tuple[int, ...]
    decoder_widths: tuple[int, ...]
    context: bool
    inputs: tuple[str, ...]
    outputs: int

    def __post_init__(self) -> None:
        for name in ("encoder_widths", "decoder_widths", "inputs"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if self.encoder not in ("plain", *LITE):
            known = ", ".join(("plain", *LITE))
            raise ValueError(f"expected the encoder {known}, got {self.encoder!r}")
        if self.inputs not in INPUTS:
            raise ValueError(
                f"expected the inputs L, or L and {', '.join(HINTS)}, got "
                f"{', '.join(map(str, self.inputs)) or 'none'}"
            )
        widths = (*self.encoder_widths, *self.decoder_widths, self.outputs)
        if not all(isinstance(width, int) and width > 0 for width in widths):
            raise ValueError(
                f"expected widths and outputs to be whole numbers > 0, got {widths}"
            )
        levels = len(self.encoder_widths) if self.encoder == "plain" else 5
        if levels == 0:
            raise ValueError("expected at least one encoder width, got none")
        if not (levels > 1) <= len(self.decoder_widths) < levels:
            raise ValueError(
                f"expected at most {levels - 1} decoder widths for the {levels} levels "
                f"of the encoder, and at least one, got {len(self.decoder_widths)}"
            )

    @property
    def stride(self) -> int:
        """Heights and widths of the input are multiples of it."""
        plain = self.encoder == "plain"
        return 1 << (len(self.encoder_widths) - 1 if plain else 5)

    @property
    def head_stride(self) -> int:
        """Height and width of the input divided by those of the logits."""
        return self.stride >> len(self.decoder_widths)

    @property
    def takes_hints(self) -> bool:
        """Whether the net can be shown colors."""
        return len(self.inputs) > 1

    def to_json(self) -> dict[str, Any]:
        """Return the design as plain JSON values."""
        return asdict(self)


def scaled_lightness(lightness: Any) -> Any:
    """Return L* in 0..100, an array or a tensor, as a net takes it: in -1..1."""
    return lightness * 0.02 - 1
