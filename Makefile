# make demo   the whole line, from simulator to webhook (ARGS="--once --json out.json")
# make test   the test suite, against a real TimescaleDB and a real Mosquitto
# make bench  how fast ingest is on this machine (ARGS="--case a --runs 1"); 40 minutes
# make faults the long forms of the fault tests; about 25 minutes
# make pictures  the pictures of the page in docs/, with a real browser; some minutes
# make dashboards-check  every query of every board on 30 simulated days (ARGS="--lines 8")
# make grafana-test  the boards in a real Grafana: GRAFANA_URL, or `grafana` on the PATH
# make check  ruff, mypy --strict, import rules
.PHONY: demo bench test faults pictures dashboards-check grafana-test check format clean

PYTHON ?= python3
BIN := .venv/bin
NO_PACKAGES = echo "Not installed: check the network, and pip's settings for a proxy or a mirror"\
  "(pip config list)." >&2; exit 1

demo: .venv/ready
	@$(BIN)/jellyroll demo $(ARGS)

bench: .venv/ready
	@$(BIN)/jellyroll bench ingest $(ARGS)

test: .venv/ready-to-develop
	@$(BIN)/jellyroll stack install
	@$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile $(ARGS)

faults: .venv/ready-to-develop
	@$(BIN)/jellyroll stack install
	@$(BIN)/pytest tests/faults tests/alerts tests/models tests/bench tests/test_demo.py -m long -rA $(ARGS)

pictures: .venv/ready-to-develop
	@$(BIN)/python -m tests.alerts.web.pictures

dashboards-check: .venv/ready-to-develop
	@$(BIN)/jellyroll stack install
	@$(BIN)/python -m tests.dashboards.line_of_30_days $(ARGS)

grafana-test: .venv/ready-to-develop
	@$(BIN)/python -m tests.dashboards.grafana

check: .venv/ready-to-develop
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: .venv/ready-to-develop
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

.venv/bin/pip:
	@sh stack/environment.sh $(PYTHON) .venv

# A run that was broken off leaves no stamp, so the next one begins again.
.venv/ready: pyproject.toml | .venv/bin/pip
	@echo "Installing Jellyroll into .venv"
	@$(BIN)/pip install --quiet --editable . || { $(NO_PACKAGES); }
	@touch $@

.venv/ready-to-develop: pyproject.toml | .venv/ready
	@echo "Installing the tools for development into .venv"
	@$(BIN)/pip install --quiet --editable '.[dashboards,grafana,parquet]' --group dev || { $(NO_PACKAGES); }
	@touch $@
