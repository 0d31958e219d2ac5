# make run: everything, served. make test: the suite. Both set themselves up from Python 3.11 alone.
.PHONY: run test check bench pins setup setup-dev
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

pins: ## new pins from pyproject.toml; needs uv
	@for set in base dev; do \
	  uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
	    pyproject.toml $$([ $$set = dev ] && echo "--group dev") -o requirements/$$set.txt; done
