"""Check of exported nets by the tools of bioimage.io: form, and what they give."""

from __future__ import annotations

import sys
from pathlib import Path

from bioimageio.core import test_model


def main(folders: list[str]) -> None:
    """Validate the description in each folder and run its net."""
    if not folders:
        sys.exit("no folders")
    for folder in folders:
        found = test_model(Path(folder, "rdf.yaml"))
        steps = [f"{detail.name}: {detail.status}" for detail in found.details]
        runs = sum("inference" in step for step in steps)
        if found.status != "passed" or runs < 2:
            sys.exit("\n".join([f"{folder}: {found.status}", *steps]))
        print(f"{folder}: {len(steps)} steps passed, {runs} of them at other sizes")


if __name__ == "__main__":
    main(sys.argv[1:])
