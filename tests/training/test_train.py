"""The training command: all runs, several processes, clear when it cannot run."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import load_file

from colorize_engine.pretrained.torch_nets import UNet
from training.learning import Trainer, encoders
from training.learning.checkpoints import CHECKPOINT, WEIGHTS
from training.learning.machine import Machine
from training.photos import HintShares, draw_hints
from training.photos.data_set import DataSet
from training.presets import load_bins, load_preset, save_bins
from training.train import main

if TYPE_CHECKING:
    from torch import Tensor

    from colorize_engine.bins import ChannelBins
    from training.presets import Preset

SETTINGS = Machine(torch.device("cpu"), torch.float32)
ROOT = Path(__file__).parents[2]
# As `torchrun --nproc-per-node 2 -m training.train`, but each process keeps what it
# saw and what it ended with.
SCRIPT = """
import os, sys
import torch
from training.learning import trainer
from training.train import keep_freed_memory, main

kept = {"batches": []}
whole_get, whole_fit = trainer.Batches.augmented, trainer.Trainer.fit
draw_hints = trainer.draw_hints

def augmented(self, *arguments):
    kept["batches"].append(whole_get(self, *arguments))
    return kept["batches"][-1]

def draw(*arguments):
    hints = draw_hints(*arguments)
    kept["batches"][-1] += (hints.planes,)
    return hints

def fit(self):
    path = whole_fit(self)
    kept["weights"] = dict(self.net.named_parameters())
    return path

trainer.Batches.augmented, trainer.Trainer.fit = augmented, fit
trainer.draw_hints = draw
main(sys.argv[2:])
torch.save(kept, os.path.join(sys.argv[1], os.environ["RANK"] + ".pt"))
"""

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def short(tiny: Preset, tmp_path: Path) -> Preset:
    """Preset of a few steps, as a file."""
    text = tiny.text
    for old, new in (
        ("[[32, 400, 8, 0.8], [64, 40, 4, 0.8]]", "[[32, 40, 8, 0.8]]"),
        ("[[32, 64, 8, 0.8], [64, 16, 8, 0.8]]", "[[32, 16, 8, 0.8]]"),
    ):
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "short.toml"
    path.write_text(text)
    return load_preset(path)


@pytest.fixture
def out(bins: dict[str, ChannelBins], short: Preset, tmp_path: Path) -> Path:
    """Folder for runs, with bins."""
    folder = tmp_path / "runs"
    folder.mkdir()
    save_bins(bins, folder / "bins.json", short)
    return folder


def assert_equal(left: dict[str, Tensor], right: dict[str, Tensor]) -> None:
    assert left.keys() == right.keys()
    for name, value in left.items():
        assert torch.equal(value, right[name]), name


def command(data: Path, preset: Preset, out: Path, *more: str) -> list[str]:
    path = out.parent / "short.toml"
    assert path.read_text() == preset.text
    return ["--data", str(data), "--preset", str(path), "--out", str(out), *more]


def test_the_command_trains_all_runs_and_logs_them(
    data: Path, short: Preset, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    arguments = command(data, short, out, "--device", "cpu", "--precision", "float32")
    main([*arguments, "--checkpoint-every", "16"])
    said = capsys.readouterr().out
    bins = load_bins(out / "bins.json", short)
    for run in short.runs:
        assert f"short {run.channels}: validation loss" in said
        state = load_file(out / run.channels / WEIGHTS)
        UNet(short.design(run.channels, bins)).load_state_dict(state)
        assert all(torch.isfinite(value).all() for value in state.values())
    log = EventAccumulator(str(out / "both" / "log"))
    log.Reload()
    steps = {tag: [e.step for e in log.Scalars(tag)] for tag in log.Tags()["scalars"]}
    assert steps["loss/train"] == steps["learning rate"] == [8, 16, 24, 32, 40]
    assert steps["loss/validation"] == [16, 32, 40]
    # Once more, and nothing is left to do; the weights alone say so.
    for checkpoint in out.rglob(CHECKPOINT):
        checkpoint.unlink()
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    main(arguments)
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before


def test_one_channel_can_be_trained_alone(data: Path, short: Preset, out: Path) -> None:
    main(command(data, short, out, "--channels", "a"))
    assert [path.name for path in out.iterdir() if path.is_dir()] == ["a"]


def test_two_processes_share_the_work(data: Path, short: Preset, out: Path) -> None:
    script = out.parent / "script.py"
    script.write_text(SCRIPT)
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    arguments = command(data, short, out, "--channels", "b", "--device", "cpu")
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [
            *launcher,
            "--nproc-per-node=2",
            str(script),
            str(out),
            *arguments,
            # A checkpoint and a validation in between, on the first process only.
            "--checkpoint-every=8",
        ],
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("validation loss") == 1
    kept = [torch.load(out / f"{rank}.pt", weights_only=False) for rank in range(2)]
    assert_equal(kept[0]["weights"], kept[1]["weights"])
    bins = load_bins(out / "bins.json", short)
    alone = Trainer(short, short.runs[2], DataSet.open(data), bins, out, SETTINGS)
    for step in range(2):
        whole = alone.batches.augmented(8 * step, 8, 32, 0.8)
        dice, shares = alone.batches.dice(8 * step, 8, 1), short.training["hints"]
        hints = draw_hints(*whole[1:], HintShares(**shares), dice)
        parts = [one["batches"][step] for one in kept]
        for plane, first, second in zip((*whole, hints.planes), *parts, strict=True):
            assert len(first) == len(second) == 4
            together = torch.stack([first, second], 1).flatten(0, 1)
            torch.testing.assert_close(together, plane)
    # What was saved goes on from there by one process.
    alone.resume()
    assert alone.done == 16
    saved = dict(alone.net.named_parameters())
    assert_equal(saved, kept[0]["weights"])


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("data", "holds no finished data set"),
        ("preset", "there is no preset 'nobody'"),
        ("bins", "bins.json is missing"),
        ("channels", "has no run of both"),
        ("checkpoint", "belongs to another version of the preset short"),
        ("damaged", "is damaged or not a checkpoint"),
        ("device", "there is no device 'cuda:77'"),
        ("package", ".[training]"),
        ("tensorboard", "needs the package tensorboard"),
        ("init", "there is no model"),
    ],
)
def test_the_command_line_ends_with_one_line(
    kind: str,
    message: str,
    data: Path,
    short: Preset,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = command(data, short, out)
    preset_file = Path(arguments[3])
    if kind == "data":
        arguments[1] = str(out)
    elif kind == "preset":
        arguments[3] = "nobody"
    elif kind == "bins":
        (out / "bins.json").unlink()
    elif kind == "channels":
        both = short.text.index("[[runs]]")
        separate = short.text.index("[[runs]]", both + 1)
        preset_file.write_text(short.text[:both] + short.text[separate:])
        arguments += ["--channels", "both"]
    elif kind in ("checkpoint", "damaged"):
        (out / "both").mkdir()
        path = out / "both" / CHECKPOINT
        path.write_bytes(b"half a checkpoint")
        if kind == "checkpoint":
            torch.save({"preset": short.text.replace("seed = 3", "seed = 4")}, path)
    elif kind == "device":
        arguments += ["--device", "cuda:77"]
    elif kind == "package":
        text = short.text.replace('"scratch"', '"pretrained"')
        text = text.replace('"plain"', '"lite0"')
        text = text.replace("encoder_widths = [8, 16, 32, 48]\n", "")
        preset_file.write_text(text.replace("[32, 16, 8]", "[32, 16, 8, 8]"))
        monkeypatch.setitem(encoders.PACKAGES, "lite0", "no_such_package_of_weights")
    elif kind == "tensorboard":
        monkeypatch.setitem(sys.modules, "tensorboard", None)
        for name in [n for n in sys.modules if n.startswith("torch.utils.tensorboard")]:
            monkeypatch.delitem(sys.modules, name)
    elif kind == "init":
        arguments += ["--init-from", str(out / "gone")]
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("python -m training.train: ")
    assert message in line


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc's own setting")
def test_memory_of_large_tensors_is_used_again() -> None:
    # In a process of its own, as a training is: a heap that other tests have used in
    # pieces takes any number of large tensors to settle.
    script = """
import resource, torch
from training.train import keep_freed_memory

def pages_cleared():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def of_ten():
    before = pages_cleared()
    for _ in range(10):
        torch.ones(2**24)
    return pages_cleared() - before

fresh = of_ten()
keep_freed_memory()
of_ten()
print(fresh, of_ten())
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    fresh, reused = map(int, done.stdout.split())
    assert reused < fresh / 5
