# Rankscope: every task a developer or a new user needs. `make help` lists them.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
DEMO   := build/demo
QUERY  := what drives turbine blade fatigue?
TYPES  := build/types/rankscope

# hnswlib compiles at install, by default for this very CPU: a virtual environment or pip cache that is carried to
# another machine would then crash there.
export HNSWLIB_NO_NATIVE := 1

.PHONY: help install demo test test-robustness fuzz check bench screenshots samples format clean

help:  ## list the tasks
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(READY)  ## make the virtual environment .venv and install Rankscope into it

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Rankscope needs Python 3.11 or newer (set PYTHON=...)."; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@QT_QPA_PLATFORM=offscreen $(BIN)/python -c 'import PySide6.QtWidgets' || { \
	  echo "Qt needs system libraries that are not here. On Debian: apt-get install libegl1 libgl1 libxkbcommon0 libdbus-1-3 libfontconfig1 fonts-dejavu-core"; exit 1; }
	@touch $@

demo: $(READY)  ## index the sample documents, search them, show why, and open the window
	@echo "== indexing resources/samples into the workspace $(DEMO)/Handbook"
	@$(BIN)/rankscope index resources/samples --workspace $(DEMO)/Handbook
	@echo; echo "== rankscope search \"$(QUERY)\" --compare"
	@$(BIN)/rankscope search "$(QUERY)" --compare -k 5 --workspace $(DEMO)/Handbook
	@echo
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then \
	  echo "== opening the window (close it to end)"; $(BIN)/rankscope --workspace $(DEMO)/Handbook; \
	else \
	  echo "== no display here: leaving screenshots of the window in $(DEMO)/screenshots"; \
	  QT_QPA_PLATFORM=offscreen QT_LOGGING_RULES=default.warning=false \
	    $(BIN)/python -m rankscope.app.screenshots $(DEMO)/screenshots \
	    --workspace $(DEMO)/Handbook --query "$(QUERY)"; \
	fi

test: check  ## all checks and tests
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -q -n 2

test-robustness: $(READY)  ## the long form: 100 kills, full disks, two processes (about a quarter of an hour)
	RANKSCOPE_LONG=1 $(BIN)/python -m pytest -q -s tests/robustness

fuzz: $(READY)  ## 10,000 spoiled files for every reader (about an hour)
	RANKSCOPE_FUZZ=10000 $(BIN)/python -m pytest -q -rA -n 2 tests/fuzz

check: $(READY) $(TYPES)  ## style, types and the import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	MYPYPATH=build/types $(BIN)/mypy -p rankscope.core -p rankscope.app
	$(BIN)/lint-imports

# The folders are installed as rankscope.core and so on; the type checker wants to see them laid out like that.
$(TYPES):
	mkdir -p $@
	for folder in core app resources; do ln -sfn ../../../$$folder $@/$$folder; done

bench: $(READY)  ## the figures of speed, memory and quality, as a table and build/bench.json
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m tests.benchmarks --output build/bench.json

screenshots: $(READY)  ## make the README's pictures again, from the real window
	@$(BIN)/rankscope index resources/samples --workspace $(DEMO)/Handbook
	QT_QPA_PLATFORM=offscreen QT_LOGGING_RULES=default.warning=false \
	    $(BIN)/python -m rankscope.app.screenshots docs/screenshots \
	  --workspace $(DEMO)/Handbook --query "$(QUERY)"

samples: $(READY)  ## write resources/samples again from resources/handbook
	$(BIN)/python resources/make_samples.py

format: $(READY)  ## put the code into the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## remove what was built (not the virtual environment)
	rm -rf build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
