"""Networks: shapes, sizes, folding, designs."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from colorize_engine.pretrained import HINTS, Card, NetDesign
from colorize_engine.pretrained.torch_nets import UNet, net_input

pytestmark = pytest.mark.usefixtures("one_thread")


def design(**changes: Any) -> NetDesign:
    """Design of a tiny plain net of stride 8, with changes."""
    values = {
        "encoder": "plain",
        "encoder_widths": (4, 6, 8, 8),
        "decoder_widths": (8, 6, 4),
        "context": True,
        "inputs": ("L",),
        "outputs": 5,
    }
    return NetDesign(**{**values, **changes})


def lite(**changes: Any) -> NetDesign:
    """Design of a net with the large encoder and a tiny decoder, with changes."""
    values = {
        "encoder": "lite0",
        "encoder_widths": (),
        "decoder_widths": (8, 8, 6, 4),
        "outputs": 7,
    }
    return design(**{**values, **changes})


def randomized(net: UNet) -> UNet:
    """Give all batch norms statistics and weights as training might."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.3, 3)
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.normal_(module.bias, 0, 0.3)
    return net.eval()


def parameters(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize(
    ("chosen", "stride", "outputs"),
    [
        (design(), 8, 5),
        (design(decoder_widths=(8,)), 8, 5),
        (lite(), 32, 7),
        (lite(decoder_widths=(8, 6)), 32, 7),
    ],
)
@pytest.mark.parametrize("multiples", [(1, 1), (2, 1), (1, 5), (3, 2)])
def test_any_multiple_of_the_stride_is_taken(
    chosen: NetDesign, stride: int, outputs: int, multiples: tuple[int, int]
) -> None:
    net = UNet(chosen).eval()
    assert net.design.stride == stride
    height, width = (stride * m for m in multiples)
    with torch.inference_mode():
        logits = net(torch.randn(2, 1, height, width))
    cells = height // net.design.head_stride, width // net.design.head_stride
    assert logits.shape == (2, outputs, *cells)
    assert logits.isfinite().all()


@pytest.mark.parametrize(
    ("chosen", "head_stride"),
    [
        (design(), 1),
        (design(decoder_widths=(8, 6)), 2),
        (lite(), 2),
        (lite(decoder_widths=(8, 8, 6)), 4),
    ],
)
def test_each_logit_stands_for_a_square_of_pixels(
    chosen: NetDesign, head_stride: int
) -> None:
    torch.manual_seed(3)
    net = randomized(UNet(chosen))
    assert net.design.head_stride == head_stride
    x = torch.rand(1, 1, 64, 96) * 2 - 1
    with torch.inference_mode():
        logits = net(x)
    assert logits.shape[2:] == (64 // head_stride, 96 // head_stride)
    assert logits.std() > 1e-3
    card = Card("n", "0", "d", {c: chosen.to_json() for c in "ab"}, {})
    assert card.head_stride == head_stride


@pytest.mark.parametrize("size", [(8, 12), (4, 8), (7, 7)])
def test_other_sizes_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=f"multiples of 8, got {size[0]} x {size[1]}"):
        UNet(design())(torch.zeros(1, 1, *size))


def test_a_plain_net_of_one_level_has_stride_1() -> None:
    net = UNet(design(encoder_widths=(4,), decoder_widths=())).eval()
    assert net.design.stride == 1
    assert net(torch.zeros(1, 1, 3, 5)).shape == (1, 5, 3, 5)


@pytest.mark.parametrize(
    ("chosen", "low", "high"),
    [
        (lite(decoder_widths=(160, 96, 64, 48), outputs=20), 4.2e6, 4.5e6),
        (
            design(
                encoder_widths=(24, 48, 96, 192, 384),
                decoder_widths=(168, 84, 48, 24),
                context=False,
                outputs=10,
            ),
            3.5e6,
            4.5e6,
        ),
    ],
    ids=["lite0", "plain"],
)
def test_number_of_parameters(chosen: NetDesign, low: float, high: float) -> None:
    net = UNet(chosen)
    assert low < parameters(net) < high < 7.9e6


@pytest.mark.parametrize(
    ("encoder", "weights", "last"),
    [("lite0", 4_652_008, 320), ("lite1", 5_416_680, 320), ("lite2", 6_092_072, 352)],
)
def test_the_lite_encoders_are_efficientnet_lite(
    encoder: str, weights: int, last: int
) -> None:
    """They have so many weights for RGB (their authors': 4.7, 5.4 and 6.1 M).

    Without its head (1x1 convolution to 1280, batch norm, 1000 classes) and with one
    input channel instead of three these remain.
    """
    head = last * 1280 + 2 * 1280 + 1280 * 1000 + 1000
    found = parameters(UNet(lite(encoder=encoder)).encoder)
    assert found == weights - head - 2 * 32 * 9


@pytest.mark.parametrize("chosen", [design(), lite(), lite(inputs=("L", *HINTS))])
def test_folding_batch_norms_changes_nothing(chosen: NetDesign) -> None:
    torch.manual_seed(3)
    net = randomized(UNet(chosen))
    x = torch.rand(2, len(chosen.inputs), 32, 64) * 2 - 1
    with torch.inference_mode():
        before = net(x)
        after = net.fold()(x)
    assert before.std() > 1e-3
    assert not any(isinstance(m, nn.BatchNorm2d) for m in net.modules())
    torch.testing.assert_close(after, before, atol=1e-4, rtol=1e-4)


def test_folding_twice_is_folding_once() -> None:
    net = randomized(UNet(design()))
    x = torch.rand(1, 1, 8, 8)
    with torch.inference_mode():
        torch.testing.assert_close(net.fold()(x), net.fold()(x), rtol=0, atol=0)


def test_the_context_carries_what_is_far_away() -> None:
    """A spot changes the opposite corner through the mean over the picture alone."""
    torch.manual_seed(3)
    x = torch.zeros(1, 1, 8, 512)
    spot = x.clone()
    spot[..., :8] = 1
    for context, reaches in ((True, True), (False, False)):
        net = randomized(UNet(design(context=context)))
        with torch.inference_mode():
            change = (net(spot) - net(x))[..., -8:].abs().max()
        assert (change > 0) == reaches


def test_all_inputs_of_a_net_with_hints_matter() -> None:
    torch.manual_seed(3)
    net = randomized(UNet(design(inputs=("L", *HINTS))))
    assert net.design.takes_hints
    x = torch.zeros(1, 5, 16, 16)
    with torch.inference_mode():
        base = net(x)
        for channel in range(5):
            changed = x.clone()
            changed[:, channel] = 1
            assert (net(changed) - base).abs().max() > 1e-6


def test_net_input_is_scaled() -> None:
    lightness = torch.tensor([0.0, 50.0, 100.0]).reshape(1, 1, 3)
    scaled = torch.tensor([[[[-1.0, 0, 1]]]])
    torch.testing.assert_close(net_input(lightness), scaled)
    inputs = ("L", *HINTS)
    without = net_input(lightness, inputs=inputs)
    torch.testing.assert_close(without, torch.cat([scaled, torch.zeros(1, 4, 1, 3)], 1))
    hints = torch.arange(12.0).reshape(1, 4, 1, 3)
    shown = net_input(lightness, hints, inputs)
    torch.testing.assert_close(shown, torch.cat([scaled, hints], 1))
    with pytest.raises(ValueError, match="takes no hints"):
        net_input(lightness, hints)


def test_a_design_survives_json() -> None:
    import json

    chosen = lite(inputs=("L", *HINTS))
    assert NetDesign(**json.loads(json.dumps(chosen.to_json()))) == chosen


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"encoder": "resnet"}, "encoder plain, lite0, lite1, lite2"),
        ({"inputs": ("a",)}, "inputs L, or L and a-hint, a-mask, .* got a$"),
        ({"inputs": ("L", "a")}, "inputs L, or L and a-hint, .* got L, a$"),
        ({"inputs": ()}, "inputs L, or L and a-hint, .* got none$"),
        ({"decoder_widths": (8, 6, 4, 4)}, "at most 3 decoder widths for the 4 levels"),
        ({"decoder_widths": ()}, "for the 4 levels of the encoder, and at least one"),
        (
            {"encoder": "lite0", "decoder_widths": (8, 8, 6, 4, 4)},
            "at most 4 decoder widths for the 5 levels",
        ),
        ({"encoder_widths": (), "decoder_widths": ()}, "at least one encoder width"),
        ({"encoder_widths": (4, 6, 0, 8)}, "whole numbers > 0"),
        ({"decoder_widths": (8, 6, -4)}, "whole numbers > 0"),
        ({"decoder_widths": (8, 6, 4.5)}, "whole numbers > 0"),
        ({"outputs": 0}, "whole numbers > 0"),
        ({"outputs": "ten"}, "whole numbers > 0"),
    ],
)
def test_designs_that_cannot_be_built(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        design(**changes)
