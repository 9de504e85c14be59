from .device import choose_device, fast_dtype, torch_devices
from .nets import TorchNets, net_from
from .save import weights_bytes
from .unet import ConvNorm, Doubling, InvertedResidual, UNet, net_input

__all__ = [
    "ConvNorm",
    "Doubling",
    "InvertedResidual",
    "TorchNets",
    "UNet",
    "choose_device",
    "fast_dtype",
    "net_from",
    "net_input",
    "torch_devices",
    "weights_bytes",
]
