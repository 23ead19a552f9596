# The two commands a newcomer types: `make demo` and `make test`. Each installs what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help viewer setup demo lab test test-benches lint format benchmark samples lock clean

help:  ## show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

$(STAMP): requirements.lock pyproject.toml hatch_build.py viewer/package-lock.json
	@bash .ci/system-libraries || true
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
		{ echo "python3 -m venv failed; please run: sudo apt-get install -y python3-venv" >&2; exit 1; }
	.ci/install-locked $(BIN)/python
	@# Bytecode is written here, on all cores: some machines are set not to write it on import.
	@$(BIN)/python -m compileall -q -j 0 -x '/tests/' $(VENV)/lib >/dev/null || true
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

viewer: $(STAMP)  ## bundle the 3D viewer again after a change in viewer/src
	@$(BIN)/python hatch_build.py

setup: $(STAMP)  ## compile the kernels
	@$(BIN)/python -m compileall -q stsbench
	@$(BIN)/stsbench setup

demo: setup  ## the whole chain on the sample cases: a table and a report
	@$(BIN)/stsbench demo

lab: $(STAMP)  ## JupyterLab on the notebooks
	@$(BIN)/stsbench lab

lint: $(STAMP) viewer  ## style, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

test: $(STAMP)  ## everything CI runs
	@$(MAKE) --no-print-directory -j2 lint setup
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test-benches: $(STAMP) viewer  ## the benches' long list: every tool by real clicks, re-runs, bad input
	STSBENCH_LONG=1 $(BIN)/python -m pytest $(addprefix tests/widgets/test_,task_list.py viewer_lab.py benches_in_lab.py)

format: $(STAMP)  ## put the code in house style
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

benchmark: $(STAMP)  ## speed and quality against peers; see benchmarks/README.md
	$(BIN)/python benchmarks/run.py

samples: $(STAMP)  ## make data_samples/ again; no byte may change
	$(BIN)/python data_samples/make_samples.py

lock:  ## renew requirements.lock (needs uv)
	uv pip compile pyproject.toml --extra test --group build --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header -o requirements.lock

clean:  ## remove what was built
	rm -rf $(VENV) viewer/node_modules stsbench/widgets/static build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
