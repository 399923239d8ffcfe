# Plumbline's tasks. `make help` lists them.

CARGO ?= cargo
VENV := .cache/venv
# A folder of the run's own, so that trying Plumbline leaves nothing between the sources.
STATE ?= .plumbline
# What reads files and publishes into files: no AWS, no Kubernetes, no traces.
LIGHT := --profile quick --package plumbline --no-default-features
# How long each fuzz target runs, and which.
FUZZ_SECONDS ?= 600
FUZZ_TARGETS ?= $(sort $(basename $(notdir $(wildcard fuzz/targets/*.rs))))

# Against which files are checked; made of the CRDs.
SCHEMAS := crates/manifest/src/document/schemas

.DEFAULT_GOAL := help
.PHONY: help run build light test test-aws-double aws-double kubernetes lint image image-test generate pictures bench soak fuzz miri clean

help: ## List the tasks
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build what the quickstart needs, then watch it: evaluate, publish, serve metrics on 127.0.0.1:9464
	$(CARGO) run --quiet $(LIGHT) -- run deploy/samples/quickstart --state $(STATE)

build: ## Build all of it as target/bin/plumbline, which starts soon rather than runs fast
	$(CARGO) build --quiet --profile quick --package plumbline
	@mkdir -p target/bin && ln -f target/quick/plumbline target/bin/plumbline
	@echo 'export PATH="$(CURDIR)/target/bin:$$PATH"'

light: ## Build what `make run` runs, as target/quick/plumbline
	$(CARGO) build --quiet $(LIGHT)

test: $(VENV)/.ready $(VENV)/.ready-aws test-aws-double kubernetes light ## Run every test that a change must pass
	PLUMBLINE_LIGHT=$(CURDIR)/target/quick/plumbline \
		PLUMBLINE_REQUIRE_AWS_DOUBLE=1 PLUMBLINE_REQUIRE_KUBERNETES=1 $(CARGO) test

kubernetes: ## Find etcd, kube-apiserver, kubectl, Helm and what checks charts, or build them once
	@tests/operator/setup.sh > /dev/null

test-aws-double: $(VENV)/.ready-aws ## Run the tests of the AWS double, on which the live tests stand
	cd tests/aws && PYTHONDONTWRITEBYTECODE=1 ../../$(VENV)/bin/python -m pytest -p no:cacheprovider

aws-double: $(VENV)/.ready-aws ## Run the AWS double with the quickstart's account on 127.0.0.1:4566, for trying by hand
	cd tests/aws && ../../$(VENV)/bin/python -m aws_double --port 4566 --state quickstart.json

lint: ## Check formatting and lints
	$(CARGO) fmt --all --check
	$(CARGO) clippy --all-targets -- -D warnings
	@# The program with each set of its features that is not the default.
	for features in '' aws otlp aws,otlp kubernetes; do \
		$(CARGO) check --quiet --package plumbline --no-default-features --features "$$features" || exit; \
	done

image: ## Build the image plumbline:dev with buildah or docker (PROFILE=quick for a quick build)
	deploy/image/build.sh plumbline:dev

image-test: kubernetes ## Build the image, unpack it and run the operator from it on a real API server
	PROFILE=$${PROFILE:-quick} PLUMBLINE_REQUIRE_IMAGE=1 PLUMBLINE_REQUIRE_KUBERNETES=1 \
		$(CARGO) test --test operator -- image::

generate: $(VENV)/.ready-aws ## Write the generated files again: crds/, dashboards, rules, those of the charts, of deploy/ and the pages in docs/
	$(VENV)/bin/python -B deploy/grafana/source deploy/grafana charts/plumbline/dashboards
	$(VENV)/bin/python -B deploy/prometheus/generate.py deploy/prometheus/plumbline.rules.yaml
	$(CARGO) run --quiet -p manifest --example schemas $(SCHEMAS)
	$(CARGO) run --quiet -- crds --dir crds
	$(CARGO) run --quiet -- crds --dir charts/plumbline-crds/files
	$(CARGO) run --quiet -- controls list --output markdown > docs/controls.md
	$(CARGO) run --quiet -- packs list --output markdown > docs/packs.md
	$(CARGO) run --quiet -- docs docs
	deploy/generate.sh

pictures: build ## Take the pictures of dashboards in deploy/grafana/pictures again; needs prometheus and chromium
	deploy/grafana/pictures/take.sh target/quick/plumbline deploy/grafana/pictures

# `cargo bench` builds the program too, as it is released.
bench: $(VENV)/.ready-aws ## Measure throughput, memory and start-up beside DuckDB, sonic-rs and the cel crate
	tests/setup-python.sh $(VENV) benches/requirements.txt
	$(CARGO) bench --bench throughput
	$(VENV)/bin/python benches/scan.py
	$(VENV)/bin/python benches/live.py
	$(VENV)/bin/python benches/live.py --region eu-west-1
	$(VENV)/bin/python benches/delivered.py

# What takes an organization of a thousand accounts is measured with the program as it is released.
soak: $(VENV)/.ready $(VENV)/.ready-aws kubernetes ## Run the long suites, as the nightly workflow does: more cases, more kills, more hostile input
	$(CARGO) build --release --package plumbline
	PLUMBLINE_OPTIMISED=$(CURDIR)/target/release/plumbline \
		PLUMBLINE_REQUIRE_AWS_DOUBLE=1 PLUMBLINE_REQUIRE_KUBERNETES=1 PLUMBLINE_SOAK=1 $(CARGO) test

# What is found lies in fuzz/artifacts/, and what a run learns of inputs in .cache/fuzz/, where the next goes on.
fuzz: .cache/cargo-fuzz/bin/cargo-fuzz ## Fuzz what reads foreign input, FUZZ_SECONDS (600) for each of FUZZ_TARGETS; takes a nightly compiler
	@for target in $(FUZZ_TARGETS); do \
		mkdir -p .cache/fuzz/$$target; \
		PATH="$(CURDIR)/.cache/cargo-fuzz/bin:$$PATH" cargo +nightly fuzz run $$target \
			$(CURDIR)/.cache/fuzz/$$target $(CURDIR)/fuzz/corpus/$$target -- \
			-max_total_time=$(FUZZ_SECONDS) -timeout=20 -rss_limit_mb=4096 -max_len=4096 -print_final_stats=1 \
			$$(dict=fuzz/dictionaries/$$target.dict; [ ! -f $$dict ] || echo "-dict=$$dict") || exit; \
	done

# Both read what others wrote, on libraries that are not free of unsafe code; tests that would take hours there
# are left out by name (`cfg_attr(miri, ignore)`).
miri: ## Run the tests of the expression language and of items in Miri, which finds undefined behaviour; takes a nightly compiler
	MIRIFLAGS=-Zmiri-disable-isolation cargo +nightly miri test -p plumbline-cel -p model --lib

.cache/cargo-fuzz/bin/cargo-fuzz:
	cargo +nightly install cargo-fuzz --version 0.13.2 --locked --root .cache/cargo-fuzz

clean: ## Remove what was built and what was installed for tests
	$(CARGO) clean
	rm -rf .cache

$(VENV)/.ready: tests/requirements.txt tests/setup-python.sh
	tests/setup-python.sh $(VENV) tests/requirements.txt
	@touch $@

$(VENV)/.ready-aws: tests/aws/requirements.txt tests/setup-python.sh $(VENV)/.ready
	tests/setup-python.sh $(VENV) tests/aws/requirements.txt
	@touch $@
