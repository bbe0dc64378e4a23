# Tasks of a developer. `make` without arguments lists them.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
# Everything here starts many processes, and without bytecode each would compile all code again.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help up test test-all soak check format clean

help: ## List all targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: $(INSTALLED) ## Run everything with two demo tenants; Ctrl-C stops it
	@$(BIN)/python -m config.up

test: $(INSTALLED) ## Run the tests and a sample of the exhaustive ones, on temporary servers
	@$(BIN)/python -m pytest -n auto --tier sample --durations 20 --durations-min 2

test-all: $(INSTALLED) ## Run the tests left out by `make test`
	@$(BIN)/python -m pytest -n auto --tier rest --durations 20 --durations-min 2

FOR ?= 300
soak: $(INSTALLED) ## Kill processes at random for FOR seconds (300; SEED repeats a run), then check that nothing was lost
	@$(BIN)/python -m tests.soak --seconds $(FOR) $(if $(SEED),--seed $(SEED))

check: $(INSTALLED) ## Lint, types, import layers, ratchets, migrations and Django's system checks
	@echo "· lint" && $(BIN)/ruff check --quiet .
	@echo "· format" && $(BIN)/ruff format --check --quiet .
	@echo "· types" && $(BIN)/mypy --no-error-summary
	@echo "· public names" && $(BIN)/python -m tests.architecture.public_names
	@echo "· import layers" && $(BIN)/lint-imports --no-logo
	@echo "· ratchets" && $(BIN)/python -m tests.architecture.ratchets
# Without a database Django warns that it cannot compare with what was applied; that is fine here.
	@echo "· migrations" && $(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	@echo "· compatibility of migrations with the running version" && $(BIN)/python manage.py check_migrations
	@echo "· system checks" && $(BIN)/python manage.py check --fail-level WARNING

format: $(INSTALLED) ## Format the code
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

clean: ## Remove caches; the virtual environment and the data stay
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis staticfiles
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

$(INSTALLED): requirements.txt deploy/requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Bursar needs Python 3.11 or newer: name one, as in PYTHON=python3.12 make up."; exit 1; }
	@echo "Installing requirements.txt into .venv (once, about a minute)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install -qq --disable-pip-version-check --requirement requirements.txt
	@touch $@
