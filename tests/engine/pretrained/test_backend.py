"""Choice of runtime, device and precision."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from colorize_engine.pretrained import Backend, available_devices, backend

if TYPE_CHECKING:
    from collections.abc import Sequence


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> object:
    """Return a function that makes this machine another one."""

    def pretend(
        *, torch: bool = True, driver: bool = False, gpus: Sequence[str] = ()
    ) -> None:
        monkeypatch.setattr(backend, "has_torch", lambda: torch)
        monkeypatch.setattr(backend, "may_have_gpu", lambda: driver)
        monkeypatch.setattr(
            "colorize_engine.pretrained.torch_nets.torch_devices",
            lambda: [*gpus, "cpu"],
        )

    return pretend


def resolved(*asked: str) -> tuple[str, str]:
    found = Backend(*asked).resolved()
    return found.runtime, found.device


def test_auto_is_onnx_on_the_cpu_and_torch_on_its_gpus(machine: object) -> None:
    machine(torch=False)
    assert resolved() == ("onnx", "cpu")
    machine(torch=True, driver=False, gpus=["cuda:0"])
    assert resolved() == ("onnx", "cpu"), "torch was imported without need"
    machine(torch=True, driver=True, gpus=[])
    assert resolved() == ("onnx", "cpu")
    machine(torch=True, driver=True, gpus=["cuda:0"])
    assert resolved() == ("torch", "auto")
    assert resolved("cpu") == ("onnx", "cpu")
    assert resolved("cuda:0") == ("torch", "cuda:0")
    assert resolved("auto", "onnx") == ("onnx", "cpu")
    assert resolved("cpu", "torch") == ("torch", "cpu")


@pytest.mark.parametrize("asked", [("cuda",), ("mps",), ("cpu", "torch"), ("cuda:1",)])
def test_what_needs_torch_names_the_extra(
    machine: object, asked: tuple[str, ...]
) -> None:
    machine(torch=False)
    with pytest.raises(ValueError, match=r"needs torch; .* napari-colorize\[torch\]"):
        Backend(*asked).resolved()


def test_a_device_that_onnx_runtime_has_not_lists_those_it_has() -> None:
    with pytest.raises(ValueError, match=r"no device 'cuda' for ONNX Runtime .* cpu"):
        Backend("cuda", "onnx").resolved()
    with pytest.raises(ValueError, match="no device 'NoneExecutionProvider' for ONNX"):
        Backend("NoneExecutionProvider").resolved()


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"runtime": "tf"}, "no runtime 'tf'; expected auto, onnx, torch"),
        ({"precision": "int4"}, "no precision 'int4'; expected auto, float32"),
    ],
)
def test_unknown_choices(asked: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Backend(**asked)


def test_the_list_of_devices(machine: object, monkeypatch: pytest.MonkeyPatch) -> None:
    machine(torch=True, driver=True, gpus=["cuda:0", "cuda:1"])
    providers = ["DmlExecutionProvider", "AzureExecutionProvider"]
    monkeypatch.setattr(
        "onnxruntime.get_available_providers",
        lambda: [*providers, "CPUExecutionProvider"],
    )
    assert available_devices() == ["cuda:0", "cuda:1", "cpu", "DmlExecutionProvider"]
    assert resolved("DmlExecutionProvider") == ("onnx", "DmlExecutionProvider")


def test_the_choice_imports_no_torch() -> None:
    code = (
        "import sys\n"
        "from colorize_engine.pretrained import Backend, available_devices\n"
        "from colorize_engine.pretrained import backend\n"
        "backend.may_have_gpu = lambda: False\n"
        "assert Backend().resolved().runtime == 'onnx'\n"
        "assert 'cpu' in available_devices()\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


@pytest.mark.parametrize(
    ("system", "processor", "found"),
    [
        ("darwin", "arm64", True),
        ("darwin", "x86_64", False),
        ("win32", "AMD64", False),
        ("linux", "x86_64", False),
    ],
)
def test_signs_of_a_gpu(
    monkeypatch: pytest.MonkeyPatch, system: str, processor: str, found: bool
) -> None:
    monkeypatch.setattr(backend.sys, "platform", system)
    monkeypatch.setattr(backend.platform, "machine", lambda: processor)
    monkeypatch.setattr(backend.ctypes.util, "find_library", lambda _: None)
    monkeypatch.setattr(backend, "_DRIVERS", ("/nonesuch",))
    assert backend.may_have_gpu() == found


def test_a_driver_is_a_sign_of_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend.sys, "platform", "linux")
    monkeypatch.setattr(backend, "_DRIVERS", ("/nonesuch", "/"))
    assert backend.may_have_gpu()
