from .card import CHANNELS, Card, ModelError, read_card
from .device import available_devices, choose_device, fast_dtype
from .folder import WEIGHTS, find_folder, list_models, load, save
from .model import Model
from .torch_threads import run_side_by_side, take_share
from .unet import LITE, ConvNorm, Doubling, InvertedResidual, NetDesign, UNet, net_input

__all__ = [
    "CHANNELS",
    "LITE",
    "WEIGHTS",
    "Card",
    "ConvNorm",
    "Doubling",
    "InvertedResidual",
    "Model",
    "ModelError",
    "NetDesign",
    "UNet",
    "available_devices",
    "choose_device",
    "fast_dtype",
    "find_folder",
    "list_models",
    "load",
    "net_input",
    "read_card",
    "run_side_by_side",
    "save",
    "take_share",
]
