"""Commands in the pages for users that no test runs as printed, by the reason."""

from __future__ import annotations

INSTALL = "it installs packages from a registry; their extras are checked"
HOURS = "it takes photos that are not here, and hours; it is checked to lack only those"
MAKE = "it builds or tests everything; its target is checked to exist"
WINDOW = "it stays open until a person closes it; the tests open the same window"
ELSEWHERE = "it needs another system, a program or an address that is not here"
MADE = "it takes the model that a command of hours makes; their names are compared"
PARAMETER = "a test runs it with a number in place of the word"

NOT_RUN = {
    INSTALL: (
        "pip install .",
        'pip install ".[napari]" "napari[pyqt6]"',
        'pipx install ".[app]"',
        'uv tool install ".[app]"',
        'uv tool install "napari[pyqt6]" --with .',
        'pipx install "napari[pyqt6]" && pipx inject napari .',
        "pip install -c constraints.txt .",
        "pip install -c constraints.txt . scikit-image",
        'pip install -c constraints.txt ".[app]"',
        'pip install -c constraints.txt ".[napari]" "napari[pyqt6]"',
        'pip install -c constraints.txt ".[stacks]"',
        'pip install -c constraints.txt ".[torch]"',
        'pip install -c constraints.txt ".[video]"',
        'pip install -c constraints.txt -e ".[training]"',
        "pip install -c constraints.txt torch "
        "--index-url https://download.pytorch.org/whl/cpu",
        'uv pip install --constraints constraints.txt --torch-backend cpu ".[torch]"',
        "bash .ci/torch python",
        "python -m venv .venv && . .venv/bin/activate",
    ),
    HOURS: (
        "python -m training.regenerate --photos PHOTOS --out data/model "
        "--preset default",
        "python -m training.regenerate --photos PHOTOS --out data/model "
        "--preset default --data data/photos",
        "python -m training.regenerate --photos PHOTOS --out data/reference-10 "
        "--preset reference-10 --data data/photos",
        "python -m training.evaluate --photos PHOTOS/val.tar "
        "--models default data/model --out data/evaluation",
        "python -m training.evaluate --photos PHOTOS/val.tar --models data/model "
        "--out data/sweep --parity even --sweep --limit 100",
        "python -m training.evaluate --photos CORPUS/val.tar "
        "--models default reference-10 --out OUT",
        "python -m training.degrade --photos PHOTOS/val.tar --models data/model "
        "--out data/old",
        "python -m training.export --preset default "
        "--nets a.safetensors b.safetensors --bins bins.json --about about.json "
        "--out data/mine --photos val.tar",
    ),
    MADE: (
        "colorize photo.jpg -o color.png --model data/model",
        "colorize photo.jpg -o color/ --model data/model",
    ),
    MAKE: (
        "make demo",
        "make napari",
        "make test",
        "make lint",
        "make build",
        "make docs",
        'make test PYTEST="tests/engine/files/test_fuzz.py '
        '--fuzz-cases 20000 --fuzz-first 100000"',
    ),
    WINDOW: ("napari", "colorize app"),
    PARAMETER: (".venv/bin/python tests/engine/files/test_fuzz.py NUMBER",),
    ELSEWHERE: (
        "git clone --depth 1 <this repository> && cd napari-colorize",
        "rattler-build build --recipe recipe --channel conda-forge",
        "conda install --channel ./output --channel conda-forge napari-colorize "
        "napari pyqt",
        "py -m venv .venv",
        r".venv\Scripts\pip install -c constraints.txt "
        '-e ".[napari,training,dev]"',
        r".venv\Scripts\python examples\demo.py demo",
        r".venv\Scripts\python -m pytest",
    ),
}
"""The commands by the reason why they are not run; each stands in a page."""
