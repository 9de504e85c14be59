# make demo   colorize sample photos and write a before/after sheet
# make napari open napari with the plugin and a sample
# make test   install what the tests need and run them all
# make lint   style, types, docstrings and the walls between the packages
# make build  wheel and sdist into dist/, checked by twine
# make docs   build the documentation into site/; open site/index.html
# make bench  run the benchmarks, write docs/benchmarks.md and the figures of README and
#             docs; FULLSIZE=folder of color photos of 6 megapixels or more for the one of
#             upsampling, PHOTOS=validation photos for the one of hints
#
# make check-all       all of the above but demo and napari, and all that follows
# make docstrings style types walls   the parts of lint
# make coverage        the tests; they must reach 95 % of the lines of engine and plugin
# make check-engine    the wheel alone in an empty environment colors a picture
# make check-napari    the wheel in an empty environment with napari: the widget is used
# make check-app       the page of `colorize app` is used in a browser
# make check-bioimage  the validator of bioimage.io takes and runs the exported nets
# make check-training  a checkout in an empty environment trains a tiny model
# make lowest          the tests with the lowest versions that pyproject.toml allows

# On Windows make runs in the bash of Git, and Python is called otherwise.
ifeq ($(OS),Windows_NT)
PYTHON ?= python
scripts = Scripts
else
PYTHON ?= python3
scripts = bin
endif
export PYTHON
VENV ?= .venv
BIN = $(VENV)/$(scripts)
# All tests side by side; those that PYTEST names, one after the other. Those in a
# browser are run where there is one.
RUN_TESTS = $(BIN)/python $(if $(PYTEST),-m pytest,tests/side_by_side.py)
PIP = $(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt

# Debian's packages, for each use. What Qt needs to open a window:
WINDOW = libgl1 libegl1 libglib2.0-0 libdbus-1-3 libfontconfig1 libxkbcommon0 \
    libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libxcb-xkb1 \
    libxkbcommon-x11-0
# A display where there is none.
DISPLAY_SERVER = xvfb xauth
# What the tests of file systems need beyond Python: mount (a full disk) and setpriv
# (another user). Present on all but the smallest installations.
FILE_SYSTEMS = mount util-linux git
# A compiler for the fast training steps (training/learning/fastcpu.cpp).
COMPILER = g++ ninja-build

.PHONY: demo napari test lint build docs bench clean
.PHONY: docstrings style types walls
.PHONY: check-all coverage check-engine check-napari browser check-app check-bioimage
.PHONY: check-training lowest
.PHONY: debian-window debian-display debian-browser debian
# What failed half way is made again.
.DELETE_ON_ERROR:
# One after the other, also with make -j: benchmarks measure time, builds write dist/.
.NOTPARALLEL:

demo: $(VENV)/.base
	$(BIN)/python examples/demo.py demo

napari: debian-window $(VENV)/.napari
	$(BIN)/python -c "import napari; \
	viewer = napari.Viewer(); \
	viewer.open_sample('napari-colorize', 'coffee'); \
	viewer.window.add_plugin_dock_widget('napari-colorize', 'Colorize'); \
	napari.run()"

test: debian $(VENV)/.dev
	$(RUN_TESTS) $(PYTEST)

# Each part is also a hook in .pre-commit-config.yaml.
lint: docstrings style types walls

docstrings: $(VENV)/.dev
	$(BIN)/interrogate colorize_engine napari_colorize training

style: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

walls: $(VENV)/.dev
	$(BIN)/lint-imports

build: $(VENV)/.dev
	rm -rf dist
	$(BIN)/python -m build --quiet --no-isolation
	$(BIN)/twine check --strict dist/*

check-all: lint coverage check-engine check-napari check-app check-bioimage check-training \
    lowest bench docs

# Each of the two packages for itself, so that none hides behind the other.
coverage: debian $(VENV)/.dev
	$(RUN_TESTS) --cov --cov-report= $(PYTEST)
	$(if $(PYTEST),,$(BIN)/coverage combine --quiet)
	$(BIN)/coverage report --include='colorize_engine/*' --fail-under=95
	$(BIN)/coverage report --include='napari_colorize/*' --fail-under=95

check-engine: build
	bash .ci/engine

check-napari: debian-display build
	bash .ci/napari

# A browser, and axe-core, which finds what people with a screen reader would miss.
browser: debian-browser $(VENV)/.dev
	$(PIP) --quiet --no-deps "axe-playwright-python>=0.1.8"

check-app: browser
	$(BIN)/python -m pytest tests/browser $(PYTEST)

check-bioimage: build
	.ci/bioimage

check-training:
	bash .ci/training

lowest: debian
	bash .ci/lowest

docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "open site/index.html"

bench: debian $(VENV)/.dev
	$(BIN)/python benchmarks/run.py $(if $(FULLSIZE),--fullsize $(FULLSIZE)) \
	    $(if $(PHOTOS),--photos $(PHOTOS))

$(VENV)/pyvenv.cfg:
	$(PYTHON) -m venv $(VENV)

# scikit-image has the sample photos.
$(VENV)/.base: pyproject.toml constraints.txt | $(VENV)/pyvenv.cfg
	@echo "Installs into $(VENV). The first time pip downloads 141 MB; torch is not needed."
	$(PIP) -e . scikit-image
	touch $@

$(VENV)/.napari: pyproject.toml constraints.txt | $(VENV)/pyvenv.cfg
	@echo "Installs into $(VENV). The first time pip downloads 299 MB; torch is not needed."
	$(PIP) -e ".[napari]" "napari[pyqt6]"
	touch $@ $(VENV)/.base

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/pyvenv.cfg
	@echo "Installs into $(VENV). The first time pip downloads 801 MB, with torch for CPUs (190 MB)."
	bash .ci/torch $(BIN)/python
	$(PIP) -e ".[napari,training,dev]"
	touch $@ $(VENV)/.base $(VENV)/.napari

$(VENV)/.docs: pyproject.toml constraints.txt | $(VENV)/pyvenv.cfg
	@echo "Installs into $(VENV). The first time pip downloads 118 MB."
	$(PIP) -e ".[docs]"
	touch $@ $(VENV)/.base

debian-window: PACKAGES = $(WINDOW)
debian-display: PACKAGES = $(WINDOW) $(DISPLAY_SERVER)
debian-browser: PACKAGES = chromium chromium-driver
debian: PACKAGES = $(WINDOW) $(DISPLAY_SERVER) $(FILE_SYSTEMS) $(COMPILER)

# As root this installs; for others it prints the line to run. Systems without dpkg have
# other names for packages, and are left alone.
debian-window debian-display debian-browser debian:
	@missing=""; \
	if command -v dpkg-query >/dev/null; then for package in $(PACKAGES); do \
	    dpkg-query -W -f='$${Status}' $$package $${package}t64 2>/dev/null | grep -q 'ok installed' \
	        || missing="$$missing $$package"; done; fi; \
	if [ -z "$$missing" ]; then :; \
	elif [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq$$missing; \
	else echo "More packages are needed; run:"; \
	    echo "    sudo apt-get install$$missing"; exit 1; fi

clean:
	rm -rf $(VENV) build dist demo site .pytest_cache .mypy_cache .ruff_cache .hypothesis
