# make run: everything, served. make test: the suite. Both set themselves up from Python 3.11 alone.
.PHONY: run test check bench demo faults pins setup setup-dev
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)

$(BIN)/python:
ifdef UV
	@$(UV) venv -q --python $(PYTHON) $(VENV)
else
	@$(PYTHON) -m venv $(VENV)
endif

define install
	@echo "Installing $(1) (once) ..."
	$(if $(UV),@$(UV) pip install -q --python $(BIN)/python --require-hashes -r $(1),@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r $(1))
endef

$(VENV)/.base: requirements/base.txt | $(BIN)/python
	$(call install,requirements/base.txt)
	@touch $@

$(VENV)/.dev: requirements/dev.txt | $(BIN)/python
	$(call install,requirements/dev.txt)
	@touch $(VENV)/.base $@

setup: $(VENV)/.base
setup-dev: $(VENV)/.dev

run: setup
	@exec $(BIN)/python manage.py up

test: setup-dev
	@$(BIN)/python -m pytest -q -n 2 $(ARGS)

check: setup-dev
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@VAR_DIR=.mypy_cache/var DATABASE_URL=postgres://nobody@localhost/none $(BIN)/mypy

bench: setup ## figures as JSON on a desk of its own; ARGS="--markdown", "--compare 10000,100000", "--tickets 1000000"
	@$(BIN)/python manage.py bench $(ARGS)

demo: setup ## a company to look at, in an empty database
	@$(BIN)/python manage.py demo $(ARGS)

SEED ?= 1
faults: setup ## kill, cut and poison a desk of its own, then count what was lost; SEED=7, ARGS="--seconds 600"
	@$(BIN)/python manage.py faults --seed $(SEED) $(ARGS)

pins: ## new pins from pyproject.toml; needs uv
	@for set in base dev; do \
	  uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
	    pyproject.toml $$([ $$set = dev ] && echo "--group dev") -o requirements/$$set.txt; done
