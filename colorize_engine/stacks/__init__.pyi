from .frame_model import FrameModel, ModelLike
from .lazy import StackPrediction, predict

__all__ = [
    "FrameModel",
    "ModelLike",
    "StackPrediction",
    "predict",
]
