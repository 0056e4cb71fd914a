# The commands of the project. `make run` and `make test` need only Python 3.11+, make and a package registry.
PYTHON ?= python3
PY = .venv/bin/python
UV = .venv/bin/uv
BOOTSTRAP = $(PYTHON) cso/local/bootstrap.py
LOCK = $(UV) pip compile -q --universal --generate-hashes --no-header --no-annotate --python-version 3.11 $(UPGRADE)
# The type checker's plugin loads the settings and reaches nothing.
OFFLINE = CSO_OFFLINE=1

# Set in many containers; every one of our processes would compile two thousand modules anew at every start.
unexport PYTHONDONTWRITEBYTECODE

usage = $(error say which file: make restore FILE=...)

.PHONY: run doctor backup restore test lint types messages bench environment locks

run: ## a working console from a fresh checkout
	@$(BOOTSTRAP) local && exec $(PY) -u -m cso.local

doctor: ## what is wrong with this installation, and what to do
	@$(BOOTSTRAP) local && exec $(PY) manage.py doctor

backup: ## everything the database holds in one new file; FILE=... names it
	@$(BOOTSTRAP) local && exec $(PY) manage.py backup $(FILE)

restore: ## FILE=... into an installation that is empty, e.g. with a new CSO_DATA_DIR
	@$(if $(FILE),,$(usage)) $(BOOTSTRAP) local && exec $(PY) manage.py restore $(FILE)

test: environment ## the whole suite, browser tests included; ARGS="-k name" narrows it
	@$(PY) -m tests.browser_install
	@$(PY) -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: environment ## every rule that a machine can check
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@find templates -name '*.html' -print0 | xargs -0 -r .venv/bin/djade --check --target-version 5.2
	@git ls-files '*.py' | xargs .venv/bin/django-upgrade --check --target-version 5.2
	@.venv/bin/lint-imports --no-logo
	@$(OFFLINE) $(PY) -m mypy .
	@$(OFFLINE) $(PY) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	@$(OFFLINE) $(PY) manage.py check --fail-level WARNING

messages: environment ## the catalogues of the pages' words, after a change of them
	@$(PY) -W ignore -m tests.catalogue

bench: environment ## one JSON object, also written to .data/bench.json
	@$(PY) -m tests.bench

environment: ## .venv with the tools for development
	@$(BOOTSTRAP) dev

locks: ## after a change of the dependencies in pyproject.toml; UPGRADE=--upgrade takes newer versions
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) pyproject.toml --extra local -c requirements.lock -o requirements-local.lock
	$(LOCK) pyproject.toml --extra local --group dev -c requirements-local.lock -o requirements-dev.lock
	echo uv | $(LOCK) - -o requirements-uv.lock
