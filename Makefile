# Everything a developer wants at hand; `make help` lists it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup run test check lint format types imports lessons pytest pty bench clean

help: ## list these targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "tutor needs Python 3.11 or newer; say which: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

setup: $(READY) ## make the environment in .venv

run: $(READY) ## start the tutor
	@$(BIN)/tutor

test: $(READY) lint types imports lessons pytest ## pass every check

check: test

lint: $(READY) ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(READY) ## put every file in ruff's format
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

types: $(READY) ## mypy --strict
	$(BIN)/mypy

imports: $(READY) ## who may import whom
	$(BIN)/lint-imports

lessons: $(READY) ## the lesson linter: every number in every text
	$(BIN)/tutor dev check

pytest: $(READY) ## the tests
	$(BIN)/python -m pytest

pty: $(READY) ## the tests in real terminals, which take minutes
	$(BIN)/python -m pytest -o addopts="-ra" tests/pty

bench: $(READY) ## the figures: start-up, latency, memory, bytes, as ratios
	$(BIN)/python -m tests.benchmarks

clean: ## remove what these targets made
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
