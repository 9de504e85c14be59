# make demo   colorize sample photos and write a before/after sheet
# make napari open napari with the plugin and a sample
# make test   install what the tests need and run them all
# make lint   style, types and the walls between the packages
# make build  wheel and sdist into dist/
# make bench  run the benchmarks, write docs/benchmarks.md; FULLSIZE=folder of color photos
#             of 6 megapixels or more for the one of upsampling

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
# What the tests of file systems need beyond Python: mount (a full disk) and setpriv
# (another user). Present on all but the smallest installations.
DEBIAN = mount util-linux git
# What Qt needs to open a window, and a display for it where there is none.
DEBIAN += libgl1 libegl1 libglib2.0-0 libdbus-1-3 libfontconfig1 libxkbcommon0 xvfb \
    xauth libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libxcb-xkb1 \
    libxkbcommon-x11-0

.PHONY: demo napari test lint build bench debian clean

demo: $(VENV)/.base
	$(BIN)/python examples/demo.py demo

napari: $(VENV)/.napari debian
	$(BIN)/python -c "import napari; \
	viewer = napari.Viewer(); \
	viewer.open_sample('napari-colorize', 'coffee'); \
	viewer.window.add_plugin_dock_widget('napari-colorize', 'Colorize'); \
	napari.run()"

test: $(VENV)/.dev debian
	$(BIN)/python -m pytest $(PYTEST)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

build: $(VENV)/.dev
	rm -rf dist
	$(BIN)/python -m build --quiet

bench: $(VENV)/.dev debian
	$(BIN)/python benchmarks/run.py $(if $(FULLSIZE),--fullsize $(FULLSIZE))

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) -e .
	touch $@

$(VENV)/.napari: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) -e ".[napari]" "napari[pyqt6]"
	touch $@ $(VENV)/.base

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) -e ".[napari,training,dev]"
	touch $@ $(VENV)/.base $(VENV)/.napari

# Installs as root on Debian and its kin; elsewhere it prints the line to run.
debian:
	@missing=""; \
	if command -v dpkg-query >/dev/null; then for package in $(DEBIAN); do \
	    dpkg-query -W -f='$${Status}' $$package $${package}t64 2>/dev/null | grep -q 'ok installed' \
	        || missing="$$missing $$package"; done; fi; \
	if [ -z "$$missing" ]; then :; \
	elif [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq$$missing; \
	else echo "More packages are needed; run:"; \
	    echo "    sudo apt-get install$$missing"; exit 1; fi

clean:
	rm -rf $(VENV) build dist demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
