# Two commands to know: `make run` and `make test`. Everything goes into .venv, nothing else is touched.
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test check format bench lock

BIN := .venv/bin
UV ?= uv
COMPILE := $(UV) pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q

help:
	@echo "make run     set up and start Tegoed on its own database with the sample portfolio"
	@echo "make test    set up and pass all tests"
	@echo "make check   format, lint, types, layers, migrations"
	@echo "make bench   measure, each figure beside its floor"
	@echo "make lock    write the locks anew (needs uv; ARGS=--upgrade for newer versions)"

setup:
	@PYTHON="$(PYTHON)" tools/setup.sh run

setup-dev:
	@PYTHON="$(PYTHON)" tools/setup.sh dev

run: setup
	$(BIN)/tegoed run

test: setup-dev
	@tools/system-packages.sh tests
	$(BIN)/python -m pytest -n 2 $(ARGS)

check: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	$(BIN)/python -m tools.migrations check

format: setup-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup-dev
	$(BIN)/python -m benchmarks $(ARGS)

lock:
	$(COMPILE) $(ARGS) --extra build pyproject.toml -o requirements.lock
	$(COMPILE) $(ARGS) --extra build --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
