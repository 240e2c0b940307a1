# Needs make, git and Python 3.10 or later; everything else is installed into $(VENV).

PYTHON ?= python3
VENV ?= .venv
DEMO ?= fixtures/kong/shop.yaml
DEMO_OUT ?= build/demo/envoy.yaml
PYTEST_ARGS ?=

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input

.DEFAULT_GOAL := help
.PHONY: help demo test conformance lint format types features rules check dist clean

help: ## Show this list.
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 10

demo: $(VENV)/.installed ## Convert a Kong file to Envoy and show what came out.
	@mkdir -p $(dir $(DEMO_OUT))
	$(BIN)/gal convert $(DEMO) --to envoy -o $(DEMO_OUT)
	@printf '\n%s, its first lines of %s:\n\n' $(DEMO_OUT) "$$(wc -l < $(DEMO_OUT) | tr -d ' ')"
	@sed -n 1,30p $(DEMO_OUT)

test: $(VENV)/.installed-dev ## Run all tests, those against the real gateways included.
	$(BIN)/python -m pytest $(PYTEST_ARGS)

conformance: $(VENV)/.installed-dev ## Compare what the model says with real Envoy and Traefik, for every case.
	$(BIN)/python -m pytest tests/verify $(PYTEST_ARGS)

lint: $(VENV)/.installed-dev ## Check style and format.
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: $(VENV)/.installed-dev ## Format, and mend what can be mended safely.
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

types: $(VENV)/.installed-dev ## Check types.
	$(BIN)/mypy

features: $(VENV)/.installed-dev ## Rewrite what fixtures/ and docs/features.md say of the gateways.
	$(BIN)/python -m pytest --quiet --regen tests/test_cases.py

rules: $(VENV)/.installed-dev ## Rewrite docs/rules from the rules of gal lint.
	$(BIN)/python -c "from tests.linters.test_pages import write; write()"

check: lint types test ## Run everything that must be clean before a commit.

dist: $(VENV)/.installed-dev ## Build the source distribution, and the wheel from it, into dist/.
	rm -rf dist
	$(BIN)/python -m build --quiet --outdir dist

clean: ## Remove what these rules made.
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/.installed: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV)" >&2
	@$(PIP) install --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV), with what tests and checks need" >&2
	@$(PIP) install --editable '.[dev]'
	@touch $@ $(VENV)/.installed
