# Every door of the project; `make` alone lists them. Needs make, and Python 3.11 or newer as $(PY).
SHELL := /bin/sh
.DEFAULT_GOAL := help

PY ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
RUN_EMBEDDED := $(BIN)/python -m softswitch.core.embedded.run
# Two stamps, so that the demo never waits for the tools of development.
RUNTIME := $(VENV)/.installed
DEVELOPMENT := $(VENV)/.installed-dev
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --group pyproject.toml:embedded

export UV_SYSTEM_CERTS := 1
export UV_PYTHON_DOWNLOADS := never
export UV_LINK_MODE := copy
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help
help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Set-up ---------------------------------------------------------------------------------------

.PHONY: install
install: $(RUNTIME) ## Create .venv with what the demo and the command line need

.PHONY: install-dev
install-dev: $(DEVELOPMENT) ## The same, with the tools of test, check and bench

$(BIN)/python:
	@command -v $(PY) >/dev/null || { echo "No $(PY): install Python 3.11, or name it: make PY=..."; exit 1; }
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "$$($(PY) --version) is too old: 3.11 or newer is needed (make PY=python3.11 ...)"; exit 1; }
	@$(PY) -c 'import venv, ensurepip' 2>/dev/null \
	  || { echo "$(PY) has no venv module: on Debian, apt-get install python3-venv"; exit 1; }
	$(PY) -m venv $(VENV)

# install_lock FILE: uv takes seconds; where it cannot be had, pip installs the same locked files.
define install_lock
	@echo "Installing $(1)"
	@if { test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet uv==$(UV_VERSION); } 2>/dev/null \
	  && $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r $(1); then :; \
	else echo "uv could not; trying pip" \
	  && $(BIN)/python -m pip install --quiet --require-hashes --no-deps -r $(1); fi
	@touch $@
endef

$(RUNTIME): requirements.lock | $(BIN)/python
	$(call install_lock,requirements.lock)

$(DEVELOPMENT): requirements-dev.lock | $(BIN)/python
	$(call install_lock,requirements-dev.lock)

.PHONY: lock
lock: $(DEVELOPMENT) ## Lock the dependencies of pyproject.toml anew
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) --group pyproject.toml:dev pyproject.toml -o requirements-dev.lock

# What Django reads of the translations; only the catalogues are kept in the repository.
TRANSLATIONS := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/django.po))

$(TRANSLATIONS): %.mo: %.po | $(RUNTIME)
	@$(BIN)/python -m softswitch.core.messages --compile

# Use ------------------------------------------------------------------------------------------

.PHONY: demo
demo: $(RUNTIME) $(TRANSLATIONS) ## Run the product with demo data on this machine; Ctrl-C stops it, data stay
	@exec $(BIN)/python -m softswitch.core.embedded.demo

.PHONY: manage
manage: $(RUNTIME) $(TRANSLATIONS) ## Run a management command on the demo's data: make manage ARGS="verify_ledger"
	@$(BIN)/python -m softswitch.core.embedded.manage $(ARGS)

# Quality --------------------------------------------------------------------------------------

.PHONY: test
test: $(DEVELOPMENT) $(TRANSLATIONS) ## Run all tests; browser tests need Chromium, which root on Debian gets by apt
	@.ci/install-chromium
	$(BIN)/pytest -n 2 --dist loadfile

TEMPLATES = $$(find templates */templates -name '*.html' 2>/dev/null)
# What production would say; no server is asked.
PRODUCTION := env -u DEBUG DJANGO_SETTINGS_MODULE=softswitch.settings.base HTTPS=true \
	ALLOWED_HOSTS=portal.example.com PORTAL_URL=https://portal.example.com DATABASE_URL=postgres://portal@db.example.com/portal \
	SECRET_KEY=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(64))')

.PHONY: check
check: $(DEVELOPMENT) ## Check style, types, imports, templates, migrations and production settings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy .
	$(BIN)/djlint --lint --quiet $(TEMPLATES)
	$(BIN)/djade --check --target-version 5.2 $(TEMPLATES)
	$(RUN_EMBEDDED) -- $(BIN)/python manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING

.PHONY: messages
messages: $(DEVELOPMENT) ## Bring the translations up to the source; a new language: make messages ARGS=de
	@$(BIN)/python -m softswitch.core.messages $(ARGS)

.PHONY: bench
bench: $(DEVELOPMENT) ## Measure speed on embedded servers that wait for the disk
	$(RUN_EMBEDDED) --durable -- $(BIN)/python -m tests.bench.run

# Tidy -----------------------------------------------------------------------------------------

.PHONY: clean
clean: ## Remove caches and the virtual environment; the demo's data stay
	rm -f locale/*/LC_MESSAGES/*.mo
	rm -rf $(VENV) .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: clean-data
clean-data: ## Remove the demo's data: the next demo starts afresh
	@for location in .data/*.location; do \
	  if test -f "$$location"; then rm -rf "$$(cat "$$location")"; fi; done
	rm -rf .data
