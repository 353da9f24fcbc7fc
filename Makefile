# Each target sets up what it needs: on a fresh machine with Python 3.11+, start with `make demo`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PLUGINS := echo text-render pyrender-faces procedural-2d avatars image-pool diffusion combined \
	series-basic
PACKAGES := sdk $(PLUGINS:%=plugins/%)
STAMP := $(VENV)/.installed
RUN ?= runs/demo-digits
PROCESSES ?= -n 2 --dist worksteal
PYTEST ?=
# Pythons of test-distribution, as commands or paths; by default the one of .venv.
PYTHONS ?=

# Tests start some thousand processes, which would compile all of this repository each time.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-digits test test-all test-distribution test-install test-downstream
.PHONY: dist docs check format bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## create .venv with all packages, editable, at the tested versions

$(STAMP): pyproject.toml constraints.txt $(PACKAGES:%=%/pyproject.toml)
	$(PYTHON) -c 'import sys; old = sys.version_info < (3, 11); found = sys.version.split()[0]; \
	sys.exit("pe needs Python 3.11 or newer, this is " + found if old else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt \
		$(PACKAGES:%=-e ./%) -e '.[dev]'
	@touch $@

demo: $(STAMP) ## the main job: private faces in, a synthetic set and its report out
	$(BIN)/pe generate --plugin pyrender-faces

demo-digits: $(STAMP) ## the same with handwritten digits as data
	@# An earlier run is on public data, and perhaps of another version.
	@if [ -f "$(RUN)/manifest.json" ]; then rm -rf -- "$(RUN)"; fi
	$(BIN)/pe generate --plugin text-render --data sklearn:digits --epsilon 5 --out "$(RUN)"

test: $(STAMP) ## the fast tests, in two processes (a few minutes); it ends with what it left out
	$(BIN)/python -m pytest -q $(PROCESSES)

test-all: $(STAMP) ## all tests except test-distribution (three times as long)
	$(BIN)/python -m pytest -q $(PROCESSES) -m 'not distribution' $(PYTEST)

test-distribution: $(STAMP) ## test-install, test-downstream, each package alone (50 minutes)
	PYTHONS="$(PYTHONS)" $(BIN)/python -m pytest -q -m distribution $(PYTEST)

test-install: $(STAMP) ## pe-host and its extras from wheels, by pip, uv and pipx
	PYTHONS="$(PYTHONS)" $(BIN)/python -m pytest -q -m distribution $(PYTEST) \
		tests/test_distribution_install.py

test-downstream: $(STAMP) ## the examples, built with an SDK of before, on this host
	$(BIN)/python -m pytest -q -m distribution $(PYTEST) tests/test_distribution_downstream.py

dist: $(STAMP) ## wheels and source distributions of all packages, in dist/
	@for package in . $(PACKAGES); do \
		$(BIN)/python -m build --no-isolation -o dist $$package || exit 1; \
	done

docs: $(STAMP) ## the documentation as a site, in site/; a warning is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict
	@echo "open site/index.html"

check: $(STAMP) ## lint, format, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP) ## format the code, and fix what ruff can fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP) ## measure speed, audit privacy (set DATA=file.npz for the runs on real digits)
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/text_render.py
	$(BIN)/python benchmarks/faces.py
	$(BIN)/python benchmarks/procedural_2d.py
	$(BIN)/python benchmarks/avatars.py
	$(BIN)/python benchmarks/image_pool.py 10000 100000
	$(BIN)/python benchmarks/diffusion.py
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/audit.py
	$(BIN)/python benchmarks/kills.py --sequences 200
	$(BIN)/python benchmarks/whole_run.py $(if $(DATA),--data $(DATA))

clean: ## remove .venv and caches; runs/ stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
