# Tasks of a developer. `make` without arguments lists them.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
DEPTRY := $(BIN)/deptry --no-ansi
# Everything here starts many processes, and without bytecode each would compile all code again.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help up test test-all soak check format lock clean

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

check: $(INSTALLED) ## Lint, types, layers, ratchets, migrations, system checks; RELEASE=1 refuses expired flags
	@echo "· lint" && $(BIN)/ruff check --quiet .
	@echo "· format" && $(BIN)/ruff format --check --quiet .
	@echo "· types" && $(BIN)/mypy --no-error-summary
	@echo "· public names" && $(BIN)/python -m tests.architecture.public_names
	@echo "· flags" && $(BIN)/python -m tests.architecture.flag_keys $(if $(RELEASE),--release)
	@echo "· dependencies" && $(DEPTRY) . && $(DEPTRY) tests benchmarks --exclude '\.venv' --ignore DEP002,DEP004
	@echo "· import layers" && $(BIN)/lint-imports --no-logo
	@echo "· ratchets" && $(BIN)/python -m tests.architecture.ratchets
# Without a database Django warns that it cannot compare with what was applied; that is fine here.
	@echo "· migrations" && $(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	@echo "· compatibility of migrations with the running version" && $(BIN)/python manage.py check_migrations
	@echo "· system checks" && $(BIN)/python manage.py check --fail-level WARNING

format: $(INSTALLED) ## Format the code
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

LOCK = @$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	--no-annotate --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)
lock: $(INSTALLED) ## Pin the dependencies of pyproject.toml, with hashes; UPGRADE=1 takes newer versions
	$(LOCK) pyproject.toml --output-file requirements.txt
	$(LOCK) --group otlp --constraint requirements.txt --output-file deploy/requirements-otlp.txt
	$(LOCK) pyproject.toml --group otlp --group dev --constraint requirements.txt \
		--constraint deploy/requirements-otlp.txt --output-file requirements-dev.txt

clean: ## Remove caches; the virtual environment and the data stay
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis staticfiles
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

$(INSTALLED): requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Bursar needs Python 3.11 or newer: name one, as in PYTHON=python3.12 make up."; exit 1; }
	@echo "Installing requirements-dev.txt into .venv (once, about a minute)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install -qq --disable-pip-version-check --requirement requirements-dev.txt
	@touch $@
