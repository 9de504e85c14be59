"""Color a Zarr stack frame by frame with dask, and keep its uncertainty beside it.

``python examples/colorize_stack.py FRAMES.zarr OUT.zarr [--smoothing 0.6]
[--model NAME|FOLDER]``

FRAMES is an array (T, H, W), or one with more leading axes. It is read, colored and
stored a few frames at a time, so it may be larger than memory.
OUT is a group with the arrays ``color`` (T, H, W, 3) and ``bits`` (T, h, w), which come
from the same runs of the nets. Needs ``pip install "napari-colorize[stacks]"``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import dask
import dask.array as da
import zarr

from colorize_engine import stacks


def main(arguments: list[str] | None = None) -> None:
    """Predict, color and store, a frame at a time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("frames", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--smoothing", type=float, default=0.0)
    parser.add_argument("--model", default="default")
    args = parser.parse_args(arguments)
    frames = da.from_zarr(str(args.frames))
    lazy = stacks.predict(frames, args.model, smoothing=args.smoothing)
    results = {"color": lazy.colorize(), "bits": lazy.entropy()}
    group = zarr.open_group(str(args.out), mode="w")
    stored = []
    for name, array in results.items():
        chunks = array.chunksize
        target = group.create_array(
            name, shape=array.shape, chunks=chunks, dtype=array.dtype
        )
        stored.append(da.store(array, target, compute=False))
    # Computed together; otherwise the nets would run once for each array.
    dask.compute(*stored)
    for name in results:
        print(f"{name}: {group[name].shape} {group[name].dtype}")


if __name__ == "__main__":
    main()
