"""Devices and the precision on each."""

from __future__ import annotations

import pytest
import torch

from colorize_engine.pretrained.torch_nets import device


def pretend(
    monkeypatch: pytest.MonkeyPatch, *, cuda: int = 0, mps: bool = False
) -> None:
    """Let torch claim to have these devices."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


def test_the_cpu_is_always_there() -> None:
    assert device.torch_devices()[-1] == "cpu"
    assert device.choose_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize(
    ("cuda", "mps", "names"),
    [
        (0, False, ["cpu"]),
        (2, False, ["cuda:0", "cuda:1", "cpu"]),
        (0, True, ["mps", "cpu"]),
    ],
)
def test_the_best_device_comes_first(
    monkeypatch: pytest.MonkeyPatch, cuda: int, mps: bool, names: list[str]
) -> None:
    pretend(monkeypatch, cuda=cuda, mps=mps)
    assert device.torch_devices() == names
    assert device.choose_device("auto") == torch.device(names[0])
    assert device.choose_device() == torch.device(names[0])


def test_cuda_alone_and_with_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, cuda=2)
    assert device.choose_device("cuda").type == "cuda"
    assert device.choose_device("cuda:1") == torch.device("cuda", 1)


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "mps", "gpu", "", "cpu:9"])
def test_a_missing_device_names_those_that_are_there(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    pretend(monkeypatch)
    with pytest.raises(ValueError, match=f"no device '{name}' here; .* auto .* cpu$"):
        device.choose_device(name)


@pytest.mark.parametrize(
    ("flags", "dtype"),
    [
        ("flags : fpu avx2 avx512f", torch.float32),
        ("flags : avx512f avx512_bf16", torch.float32),
        ("flags : fpu amx_bf16 amx_tile", torch.bfloat16),
    ],
)
def test_a_cpu_runs_bfloat16_only_with_matrix_units_for_it(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
    flags: str,
    dtype: torch.dtype,
) -> None:
    listing = tmp_path_factory.mktemp("proc") / "cpuinfo"
    listing.write_text(f"processor : 0\n{flags}\n")
    monkeypatch.setattr(device, "Path", lambda _: listing)
    assert device.fast_dtype(torch.device("cpu")) == dtype
    assert device.fast_dtype(torch.device("cpu"), exact=True) == torch.float32


def test_a_system_without_a_list_of_flags(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    missing = tmp_path_factory.mktemp("proc") / "cpuinfo"
    monkeypatch.setattr(device, "Path", lambda _: missing)
    assert device.fast_dtype(torch.device("cpu")) == torch.float32


@pytest.mark.parametrize(
    ("capability", "dtype"), [((7, 5), torch.float32), ((8, 0), torch.bfloat16)]
)
def test_precision_on_cuda(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], dtype: torch.dtype
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    assert device.fast_dtype(torch.device("cuda")) == dtype


def test_precision_on_mps() -> None:
    assert device.fast_dtype(torch.device("mps")) == torch.float32
