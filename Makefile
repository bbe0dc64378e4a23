# Everything a developer does with Bursar. `make` alone says what there is.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
# Everything here starts many processes, and without bytecode each would compile all code again.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help up test test-all soak check format clean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: $(INSTALLED) ## Bring everything up with two demo tenants; Ctrl-C takes it down
	@$(BIN)/python -m config.up

test: $(INSTALLED) ## Run the tests and a sample of the exhaustive ones, on servers of their own
	@$(BIN)/python -m pytest -n auto --tier sample --durations 20 --durations-min 2

test-all: $(INSTALLED) ## Run what `make test` leaves out
	@$(BIN)/python -m pytest -n auto --tier rest --durations 20 --durations-min 2

FOR ?= 300
soak: $(INSTALLED) ## Kill everything at random for FOR seconds (300; SEED repeats a run); nothing may be lost
	@$(BIN)/python -m tests.soak --seconds $(FOR) $(if $(SEED),--seed $(SEED))

check: $(INSTALLED) ## Lint, types, import floors, ratchets, migrations and Django's own checks
	@echo "· lint" && $(BIN)/ruff check --quiet .
	@echo "· format" && $(BIN)/ruff format --check --quiet .
	@echo "· types" && $(BIN)/mypy --no-error-summary
	@echo "· public names" && $(BIN)/python -m tests.architecture.public_names
	@echo "· import floors" && $(BIN)/lint-imports --no-logo
	@echo "· ratchets" && $(BIN)/python -m tests.architecture.ratchets
# Without a database Django warns that it cannot compare with what was applied; that is fine here.
	@echo "· migrations" && $(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	@echo "· what the running version would not survive" && $(BIN)/python manage.py check_migrations
	@echo "· system checks" && $(BIN)/python manage.py check --fail-level WARNING

format: $(INSTALLED) ## Put the code in the house's form
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

clean: ## Remove caches; the virtual environment and the data stay
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis staticfiles
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

$(INSTALLED): requirements.txt deploy/requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Bursar needs Python 3.11 or newer: name one, as in PYTHON=python3.12 make up."; exit 1; }
	@echo "Installing what requirements.txt names into .venv (once, about a minute)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install -qq --disable-pip-version-check --requirement requirements.txt
	@touch $@
