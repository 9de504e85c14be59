"""ONNX graphs of nets: exact ones beside the weights, and nets in 8 bits."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
