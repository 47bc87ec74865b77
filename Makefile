# The two commands of the README do all the set-up: a machine needs Python 3.11 or later and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test vm-test lint docs prepared bench-peers clean

demo: $(VENV)/.installed
	@$(BIN)/activenic decide policies/examples/bond.json --address 192.0.2.10

test: $(VENV)/.installed-dev lint
	$(BIN)/pytest -n auto
	$(BIN)/activenic test

# on a Linux kernel of its own, which Debian's user-mode-linux brings: half a minute, no rights needed
vm-test: $(VENV)/.installed-dev
	$(BIN)/pytest -rs --maxfail=25 tests/vm/real_kernel.py

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/.installed
	$(BIN)/python -m evaluator.render.reference docs

# after a change of a shipped policy, or of what a policy becomes when it is read
prepared: $(VENV)/.installed
	$(BIN)/python -m evaluator.policy.prepare policies

# other engines on the same question, in an environment of their own: ratios, a few minutes
bench-peers: .venv-peers/.installed
	@.venv-peers/bin/python -m benchmarks.peers

.venv-peers/.installed: pyproject.toml benchmarks/peers/requirements.txt benchmarks/peers/requirements-opa.txt
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	.venv-peers/bin/python -m pip install --quiet --editable . --requirement benchmarks/peers/requirements.txt
	-.venv-peers/bin/python -m pip install --quiet --ignore-requires-python --requirement benchmarks/peers/requirements-opa.txt
	@touch $@

clean:
	rm -rf $(VENV) .venv-peers .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("activenic needs Python 3.11 or later" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@
