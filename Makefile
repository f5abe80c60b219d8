# Needs nothing but Python (3.10 to 3.13), make and git. `make demo` and `make test` are enough.

PYTHON ?= python3
N      ?= 2000
SEED   ?= 0
FILES  ?= 5000

BIN   := .venv/bin
READY := .venv/.ready

.PHONY: demo test lint bench coverage fuzz mutants robust clean

demo: $(READY)
	$(BIN)/deloop demo

# ruff and mypy strict are tests too: tests/test_quality.py runs them.
test: $(READY)
	$(BIN)/python -m pytest -n 2

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/mypy --strict src

bench: $(READY)
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.guards

# Writes docs/coverage.md: what each loop of tests/cases becomes.
coverage: $(READY)
	$(BIN)/python -m tests.cases.coverage

# These three keep what they find in tests/soundness/results, write docs/soundness.md from it, and
# may be stopped at any time: the same command goes on where it was.
fuzz: $(READY)
	$(BIN)/python -m tests.fuzz.runner --programs $(N) --seed $(SEED) --jobs 2 --results

# Breaks deloop on purpose, one fault at a time: which test notices. FRESH=--fresh for all again.
mutants: $(READY)
	OMP_NUM_THREADS=1 PYTHONPATH=. $(BIN)/python -m tests.mutation.runner --results $(FRESH)

# Every function with a loop of the standard library and of the installed packages: FILES=0 for all.
robust: $(READY)
	PYTHONPATH=. $(BIN)/python -m tests.robustness.runner --files $(FILES) --jobs 2 --results

clean:
	rm -rf .venv build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is newer than what the environment was made from, or the environment is made again.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; (3, 10) <= sys.version_info[:2] < (3, 14) or sys.exit( \
		"deloop needs Python 3.10 to 3.13, and $(PYTHON) is " + sys.version.split()[0] + \
		"; say which: make PYTHON=python3.11")'
	@echo "setting up .venv (about a minute; PyTorch is large) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check \
		--editable '.[torch,dev]' --constraint constraints.txt
	@# Bytecode for what is imported, not for all of PyTorch: half the time of compiling everything.
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -c 'import hypothesis, islpy, pytest, rich, torch'
	@touch $(READY)
