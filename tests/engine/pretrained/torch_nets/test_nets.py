"""The nets in torch: precision, threads, side by side."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from colorize_engine.pretrained import Model, NetDesign, read_card
from colorize_engine.pretrained.torch_nets import TorchNets, UNet
from colorize_engine.pretrained.torch_nets.threads import limit_threads

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CPU = torch.device("cpu")


@pytest.fixture
def four_threads() -> Iterator[None]:
    """Let torch have four threads, whatever this machine has."""
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)


def untrained(folder: Path) -> dict[str, UNet]:
    card = read_card(folder)
    return {c: UNet(NetDesign(**card.nets[c])) for c in "ab"}


def test_only_full_precision_takes_batches(torch_model: Path) -> None:
    for dtype, batched in ((torch.float32, True), (torch.bfloat16, False)):
        nets = TorchNets(untrained(torch_model), CPU, dtype, 2)
        model = Model(read_card(torch_model), nets)
        assert model.batched == batched
        assert model.precision == str(dtype).removeprefix("torch.")
        for logits in model(np.full((4, 4), 50, np.float32)):
            assert logits.dtype == np.float32
            assert np.isfinite(logits).all()


def test_both_nets_run_at_once_each_with_half_of_the_threads(
    torch_model: Path,
) -> None:
    nets, seen = untrained(torch_model), set()
    both = threading.Barrier(2, timeout=60)

    def meet(*_: object) -> None:
        seen.add((threading.get_ident(), torch.get_num_threads()))
        both.wait()

    runtime = TorchNets(nets, CPU, torch.float32, 6)
    for net in nets.values():
        net.register_forward_hook(meet)
    runtime(np.zeros((1, 1, 8, 8), np.float32))
    threads = {ident for ident, _ in seen}
    assert len(threads | {threading.get_ident()}) == 3
    assert {count for _, count in seen} == {3}


@pytest.mark.usefixtures("four_threads")
def test_a_limit_holds_for_one_thread_alone() -> None:
    found = []

    def limited() -> None:
        limit_threads(2)
        found.append(torch.get_num_threads())

    for work in (limited, lambda: found.append(torch.get_num_threads())):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert found == [2, 4]
    assert torch.get_num_threads() == 4
