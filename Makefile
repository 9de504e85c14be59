# make demo   colorize sample photos and write a before/after sheet
# make napari open napari with the plugin and a sample
# make test   install what the tests need and run them all
# make lint   style, types, docstrings and the walls between the packages
# make build  wheel and sdist into dist/, checked by twine
# make docs   build the documentation into site/; open site/index.html
# make bench  run the benchmarks, write docs/benchmarks.md; FULLSIZE=folder of color photos
#             of 6 megapixels or more for the one of upsampling
#
# make check-all       all of the above but demo and napari, and all that follows
# make docstrings      every public name has a docstring (a part of lint)
# make coverage        the tests; they must reach 95 % of the lines of engine and plugin
# make check-engine    the wheel alone in an empty environment colors a picture
# make check-napari    the wheel in an empty environment with napari: the widget is used
# make check-app       the page of `colorize app` is used in a browser
# make check-bioimage  the validator of bioimage.io takes and runs the exported nets
# make check-training  a checkout in an empty environment trains a tiny model
# make lowest          the tests with the lowest versions that pyproject.toml allows

PYTHON ?= python3
export PYTHON
VENV ?= .venv
BIN = $(VENV)/bin
# All tests side by side; those that PYTEST names, one after the other. Those in a
# browser are a check of their own.
RUN_TESTS = $(BIN)/python $(if $(PYTEST),-m pytest,tests/side_by_side.py) \
    --ignore=tests/browser
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
# What the tests of file systems need beyond Python: mount (a full disk) and setpriv
# (another user). Present on all but the smallest installations.
DEBIAN = mount util-linux git
# A compiler for the fast training steps (training/learning/fastcpu.cpp).
DEBIAN += g++ ninja-build
# What Qt needs to open a window, and a display for it where there is none.
DEBIAN += libgl1 libegl1 libglib2.0-0 libdbus-1-3 libfontconfig1 libxkbcommon0 xvfb \
    xauth libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libxcb-xkb1 \
    libxkbcommon-x11-0

.PHONY: demo napari test lint build docs bench debian clean
.PHONY: check-all docstrings coverage check-engine check-napari check-app check-bioimage
.PHONY: check-training lowest
# One after the other, also with make -j: benchmarks measure time, builds write dist/.
.NOTPARALLEL:

demo: $(VENV)/.base
	$(BIN)/python examples/demo.py demo

napari: $(VENV)/.napari debian
	$(BIN)/python -c "import napari; \
	viewer = napari.Viewer(); \
	viewer.open_sample('napari-colorize', 'coffee'); \
	viewer.window.add_plugin_dock_widget('napari-colorize', 'Colorize'); \
	napari.run()"

test: $(VENV)/.dev debian
	$(RUN_TESTS) $(PYTEST)

lint: docstrings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docstrings: $(VENV)/.dev
	$(BIN)/interrogate colorize_engine napari_colorize training

build: $(VENV)/.dev
	rm -rf dist
	$(BIN)/python -m build --quiet --no-isolation
	$(BIN)/twine check --strict dist/*

check-all: lint coverage check-engine check-napari check-app check-bioimage check-training \
    lowest bench docs

# Each of the two packages for itself, so that none hides behind the other.
coverage: $(VENV)/.dev debian
	$(RUN_TESTS) --cov --cov-report= $(PYTEST)
	$(if $(PYTEST),,$(BIN)/coverage combine --quiet)
	$(BIN)/coverage report --include='colorize_engine/*' --fail-under=95
	$(BIN)/coverage report --include='napari_colorize/*' --fail-under=95

check-engine: build
	.ci/engine

check-napari: build debian
	.ci/napari

# A browser, and axe-core, which finds what people with a screen reader would miss.
check-app: $(VENV)/.dev
	$(MAKE) debian DEBIAN="chromium chromium-driver"
	$(PIP) --no-deps "axe-playwright-python>=0.1.8"
	$(BIN)/python -m pytest tests/browser $(PYTEST)

check-bioimage: build
	.ci/bioimage

check-training:
	.ci/training

lowest: debian
	.ci/lowest

docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "open site/index.html"

bench: $(VENV)/.dev debian
	$(BIN)/python benchmarks/run.py $(if $(FULLSIZE),--fullsize $(FULLSIZE))

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# scikit-image has the sample photos.
$(VENV)/.base: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) -e . scikit-image
	touch $@

$(VENV)/.napari: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) -e ".[napari]" "napari[pyqt6]"
	touch $@ $(VENV)/.base

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) -e ".[napari,training,dev]"
	touch $@ $(VENV)/.base $(VENV)/.napari

$(VENV)/.docs: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) -e ".[docs]"
	touch $@ $(VENV)/.base

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
	rm -rf $(VENV) build dist demo site .pytest_cache .mypy_cache .ruff_cache .hypothesis
