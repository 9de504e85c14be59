from .checkpoints import read_finished
from .encoders import PACKAGES, published_sha256
from .trainer import Trainer

__all__ = [
    "PACKAGES",
    "Trainer",
    "published_sha256",
    "read_finished",
]
