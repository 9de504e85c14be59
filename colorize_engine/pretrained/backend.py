"""Choice of what runs the nets: runtime, device and precision."""

from __future__ import annotations

import ctypes.util
import os
import platform
import sys
from dataclasses import dataclass
from importlib.util import find_spec

RUNTIMES = ("auto", "onnx", "torch")
PRECISIONS = ("auto", "float32")
# Files that a driver of a GPU for torch makes on Linux: of NVIDIA, AMD, WSL.
_DRIVERS = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")


@dataclass(frozen=True)
class Backend:
    """What runs the nets, as a person asks for it.

    Attributes
    ----------
    device : str
        ``auto`` is a GPU that torch knows, or else the CPU. Others are ``cpu``; of
        torch ``cuda``, ``cuda:N`` and ``mps``; of ONNX Runtime its execution
        providers, by their names.
    runtime : {"auto", "onnx", "torch"}
        ONNX Runtime or torch. ``auto`` is ONNX Runtime but for the devices of torch.
    precision : {"auto", "float32"}
        ``auto`` is the fastest: 8 bits in ONNX Runtime if the model has them, bfloat16
        in torch where it is fast. ``float32`` is exact.

    Raises
    ------
    ValueError
        If there is no such runtime or precision.
    """

    device: str = "auto"
    runtime: str = "auto"
    precision: str = "auto"

    def __post_init__(self) -> None:
        for name, known in (("runtime", RUNTIMES), ("precision", PRECISIONS)):
            if getattr(self, name) not in known:
                raise ValueError(
                    f"there is no {name} {getattr(self, name)!r}; expected "
                    f"{', '.join(known)}"
                )

    def resolved(self) -> Backend:
        """Return the same with a runtime in place of ``auto``, and a device for ONNX.

        Raises
        ------
        ValueError
            If the device or the runtime needs torch, which is not installed, or there
            is no such device.
        """
        runtime, device = self.runtime, self.device
        if runtime == "auto":
            runtime = "torch" if self._is_of_torch() else "onnx"
        if runtime == "torch":
            if not has_torch():
                asked = "the runtime torch" if runtime == self.runtime else repr(device)
                raise ValueError(
                    f"{asked} needs torch; install the extra napari-colorize[torch]"
                )
        elif device == "auto":
            device = "cpu"
        elif device not in (known := ["cpu", *_providers()]):
            raise ValueError(
                f"there is no device {device!r} for ONNX Runtime here; expected auto "
                f"or one of {', '.join(known)}"
            )
        return Backend(device, runtime, self.precision)

    def _is_of_torch(self) -> bool:
        """Return whether the device is one that torch has and ONNX Runtime has not."""
        if self.device == "auto":
            return has_torch() and may_have_gpu() and _best_of_torch() != "cpu"
        return self.device != "cpu" and not self.device.endswith("ExecutionProvider")


def has_torch() -> bool:
    """Return whether torch is installed, without importing it."""
    return "torch" in sys.modules or find_spec("torch") is not None


def may_have_gpu() -> bool:
    """Return whether torch is worth importing for a GPU."""
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    if sys.platform == "win32":
        return ctypes.util.find_library("nvcuda") is not None
    return any(map(os.path.exists, _DRIVERS))


def available_devices() -> list[str]:
    """Return the names of the devices here, the best first.

    These are the GPUs that torch knows, ``cpu``, and ONNX Runtime's other execution
    providers.
    """
    gpus = []
    if has_torch() and ("torch" in sys.modules or may_have_gpu()):
        from colorize_engine.pretrained.torch_nets import torch_devices

        gpus = torch_devices()[:-1]
    return [*gpus, "cpu", *_providers()]


def _best_of_torch() -> str:
    from colorize_engine.pretrained.torch_nets import torch_devices

    return torch_devices()[0]


def _providers() -> list[str]:
    from colorize_engine.pretrained.onnx_nets import execution_providers

    return execution_providers()
