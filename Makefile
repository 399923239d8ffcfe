# Plumbline's tasks. `make help` lists them.

CARGO ?= cargo
VENV := .cache/venv
# A folder of the run's own, so that trying Plumbline leaves nothing between the sources.
STATE ?= .plumbline

.DEFAULT_GOAL := help
.PHONY: help run build test test-aws-double aws-double kubernetes lint generate bench soak clean

help: ## List the tasks
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build, then watch the quickstart: evaluate, publish, serve metrics on 127.0.0.1:9464
	$(CARGO) run --quiet --profile quick -- run deploy/samples/quickstart --state $(STATE)

build: ## Build target/quick/plumbline, which starts soon rather than runs fast
	$(CARGO) build --quiet --profile quick
	@echo 'export PATH="$(CURDIR)/target/quick:$$PATH"'

test: $(VENV)/.ready $(VENV)/.ready-aws test-aws-double kubernetes ## Run every test that a change must pass
	PLUMBLINE_REQUIRE_AWS_DOUBLE=1 PLUMBLINE_REQUIRE_KUBERNETES=1 $(CARGO) test

kubernetes: ## Find etcd, kube-apiserver, kubectl and Helm for the tests, or build them once
	@tests/operator/setup.sh > /dev/null

test-aws-double: $(VENV)/.ready-aws ## Run the tests of the AWS double, on which the live tests stand
	cd tests/aws && PYTHONDONTWRITEBYTECODE=1 ../../$(VENV)/bin/python -m pytest -p no:cacheprovider

aws-double: $(VENV)/.ready-aws ## Run the AWS double with the quickstart's account on 127.0.0.1:4566, for trying by hand
	cd tests/aws && ../../$(VENV)/bin/python -m aws_double --port 4566 --state quickstart.json

lint: ## Check formatting and lints
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets -- -D warnings

generate: ## Write the generated files again: crds/, those of the charts and the pages in docs/
	$(CARGO) run --quiet -- crds --dir crds
	$(CARGO) run --quiet -- crds --dir charts/plumbline-crds/files
	$(CARGO) run --quiet -- controls list --output markdown > docs/controls.md
	$(CARGO) run --quiet -- packs list --output markdown > docs/packs.md
	$(CARGO) run --quiet -- docs docs

# `cargo bench` builds the program too, as it is released.
bench: $(VENV)/.ready-aws ## Measure throughput, memory and start-up beside DuckDB, sonic-rs and the cel crate
	tests/setup-python.sh $(VENV) benches/requirements.txt
	$(CARGO) bench --bench throughput
	$(VENV)/bin/python benches/scan.py
	$(VENV)/bin/python benches/live.py
	$(VENV)/bin/python benches/live.py --region eu-west-1

soak: $(VENV)/.ready $(VENV)/.ready-aws kubernetes ## Run the long suites, as the nightly workflow does: more cases, more kills, more hostile input
	PLUMBLINE_REQUIRE_AWS_DOUBLE=1 PLUMBLINE_REQUIRE_KUBERNETES=1 PLUMBLINE_SOAK=1 $(CARGO) test

clean: ## Remove what was built and what was installed for tests
	$(CARGO) clean
	rm -rf .cache

$(VENV)/.ready: tests/requirements.txt tests/setup-python.sh
	tests/setup-python.sh $(VENV) tests/requirements.txt
	@touch $@

$(VENV)/.ready-aws: tests/aws/requirements.txt tests/setup-python.sh $(VENV)/.ready
	tests/setup-python.sh $(VENV) tests/aws/requirements.txt
	@touch $@
