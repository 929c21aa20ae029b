# make train      set up and train on the embedded MNIST
# make test       set up, then lint, types and the tests
# make lint       style, format and types alone
# make test-all   the slow tests, too
# make test-browser   reports in headless Chromium
# make test-faults   the long form of the tests that kill runs and mutate files
# make coverage   the tests, and which lines none of them runs

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
# Two processes, each with whole files of tests.
PARALLEL := -n 2 --dist loadfile

.PHONY: train test lint test-all test-browser test-faults test-lowest coverage format clean

train: $(READY)
	$(BIN)/tfmlp train --dataset mnist

test: lint
	$(BIN)/python -m pytest $(PARALLEL)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test-all: lint
	$(BIN)/python -m pytest $(PARALLEL) -m "slow or not slow"

# Elsewhere these tests are skipped without a browser: here that is an error.
test-browser: $(READY)
	@command -v chromium chromedriver > /dev/null || { echo "Chromium is missing. On Debian: apt-get install chromium chromium-driver" >&2; exit 1; }
	$(BIN)/python -m pytest -m browser tests/browser

test-faults: $(READY)
	$(BIN)/python -m pytest -m "slow or not slow" tests/faults tests/fuzz tests/bad_inputs

coverage: $(READY)
	$(BIN)/python -m pytest $(PARALLEL) --cov --cov-report=term

# The oldest versions that setup.cfg allows, in an environment of their own.
test-lowest: .venv-lowest/ready
	.venv-lowest/bin/python -m pytest $(PARALLEL)

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(READY): setup.cfg pyproject.toml
	@echo "Setting up .venv; the first time this takes a minute or two."
	@$(PYTHON) -c 'import sys; sys.exit("tfmlp needs Python 3.11 or newer; %s is %s. Name another with make PYTHON=..." % (sys.executable, sys.version.split()[0]) if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv .venv || { echo "Cannot make .venv. On Debian: apt-get install python3-venv" >&2; rm -rf .venv; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

.venv-lowest/ready: setup.cfg tests/lowest.txt
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet --disable-pip-version-check -c tests/lowest.txt -e '.[dev]'
	touch $@

clean:
	rm -rf .venv .venv-lowest build *.egg-info .mypy_cache .ruff_cache .coverage*
