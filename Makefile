# Python 3.12 or newer and make are all that is needed; `make` alone lists what there is.
VENV := .venv
BIN := $(VENV)/bin
BENCH := .bench
PARITY := .parity
COMPARE := PYTHONPATH=src:.:tests/parity OPENBLAS_NUM_THREADS=1
PYTHON ?=
PORT ?= 8000
# Material prints a notice about its end of life, in May 2027, at every start.
export NO_MKDOCS_2_WARNING := 1

.PHONY: help serve test site offline check bench parity parity-torch format renumber figures planted cover lock clean

help:  ## list these commands
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 18

serve: $(VENV)/ready  ## read the book on this machine (http://127.0.0.1:8000; PORT=8001 for another)
	@$(BIN)/python -c "import socket; socket.create_server(('127.0.0.1', $(PORT)))" 2>/dev/null \
	    || { echo "Port $(PORT) is taken; make serve PORT=8001 takes another." >&2; exit 1; }
	$(BIN)/mkdocs serve --livereload --dev-addr 127.0.0.1:$(PORT)

test: $(VENV)/ready  ## verify everything the book says
	$(BIN)/python -m pytest

site: $(VENV)/ready  ## build the static site into site/
	$(BIN)/mkdocs build --strict --clean

offline: $(VENV)/ready  ## build the book into offline/, to be read without a server
	OFFLINE=true $(BIN)/mkdocs build --strict --clean --site-dir offline

check: $(VENV)/ready  ## lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/ready  ## rewrite the code in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(BENCH)/ready  ## compare the speed of the library with others (downloads gigabytes)
	PYTHONPATH=src:. OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 \
	    XLA_FLAGS=--xla_cpu_multi_thread_eigen=false $(BENCH)/bin/python benchmarks/run.py

parity: $(PARITY)/ready  ## compare every derivative with JAX; with PyTorch, too, after make bench
	FRAMEWORK=jax $(COMPARE) $(PARITY)/bin/python -m pytest -c tests/parity/pytest.ini tests/parity
	@if [ ! -e $(BENCH)/ready ]; then echo "PyTorch is not there: make bench sets it up."; \
	else $(MAKE) --no-print-directory parity-torch; fi

renumber: $(VENV)/ready  ## number a chapter's equations anew: make renumber CHAPTER=4
	$(BIN)/python press/renumber.py $(CHAPTER)

figures: $(VENV)/ready  ## renew the records that figures are compared with
	rm -f tests/figures/*.json
	RENEW_FIGURES=true $(BIN)/python -m pytest docs README.md

planted: $(VENV)/ready  ## plant mistakes, and write how many are noticed
	PLANTED=tests/planted.json $(BIN)/python -m pytest tests/test_planted.py

cover: $(VENV)/ready  ## draw the figure of the README anew
	$(BIN)/python press/cover.py

lock:  ## resolve requirements.txt anew from pyproject.toml (needs uv)
	uv pip compile --universal --generate-hashes --no-header --upgrade --python-version 3.12 \
	    --group figures --group site --group test --group check pyproject.toml --output-file requirements.txt
	uv pip compile --universal --generate-hashes --no-header --upgrade --python-version 3.12 \
	    benchmarks/requirements.in --output-file benchmarks/requirements.txt
	uv pip compile --universal --generate-hashes --no-header --upgrade --python-version 3.12 \
	    --constraint benchmarks/requirements.txt benchmarks/shards.in --output-file benchmarks/shards.txt
	uv pip compile --universal --generate-hashes --no-header --upgrade --python-version 3.12 \
	    --constraint benchmarks/requirements.txt tests/parity/requirements.in --output-file tests/parity/requirements.txt

clean:  ## remove everything that was made here
	rm -rf $(VENV) $(BENCH) $(PARITY) site offline dist .cache .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BENCH)/ready: benchmarks/requirements.txt benchmarks/shards.txt | $(VENV)/ready
	@echo "Setting up $(BENCH) with PyTorch, JAX, scikit-learn and Dask."
	@$(BIN)/python -m venv --clear $(BENCH)
	@for lock in benchmarks/requirements.txt benchmarks/shards.txt; do \
	    $(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: --requirement $$lock || exit 1; \
	done
	@touch $@

$(PARITY)/ready: tests/parity/requirements.txt | $(VENV)/ready
	@echo "Setting up $(PARITY) with JAX."
	@$(BIN)/python -m venv --clear $(PARITY)
	@$(PARITY)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: --requirement tests/parity/requirements.txt
	@touch $@

# Its lock keeps to the versions of the other, so that only pytest is added.
$(BENCH)/pytest: tests/parity/requirements.txt
	@$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: --requirement tests/parity/requirements.txt
	@touch $@

parity-torch: $(BENCH)/pytest
	FRAMEWORK=torch KEEP=tests/parity/torch.json $(COMPARE) \
	    $(BENCH)/bin/python -m pytest -c tests/parity/pytest.ini tests/parity

# A fresh environment whenever what it is made from has changed.
$(VENV)/ready: requirements.txt .python-version
	@found=""; \
	for candidate in $(or $(PYTHON),python3 python python3.13 python3.14 python3.12); do \
	    version=$$($$candidate -c 'import sys; print(sys.version.split()[0])' 2>/dev/null) || continue; \
	    if $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 12))'; then chosen=$$candidate; break; fi; \
	    found="$$found $$candidate is $$version;"; \
	done; \
	if [ -z "$$chosen" ]; then \
	    echo "Chain Rule needs Python 3.12 or newer. Found:$${found:- no Python;} set PYTHON=/path/to/python to name another." >&2; exit 1; \
	fi; \
	echo "Setting up $(VENV) with $$chosen ($$version); this takes a minute, once."; \
	$$chosen -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: --requirement requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
