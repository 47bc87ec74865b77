# `make demo` and `make test` do all the set-up: a machine needs Python 3.11 or later and make.
# Packages come from locks/, with hashes; CONTRIBUTING says more.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := python -m pip install --quiet --disable-pip-version-check
FROM_LOCK := $(PIP) --require-hashes --requirement
# the build backend is in the lock too, so nothing is fetched for the build
ITSELF := $(PIP) --no-deps --no-build-isolation --editable .
# what `make test-newest` and `make test-lowest` run: all but random, long and process tests, which versions hardly touch
FAST := -m "not system and not volume" --ignore=tests/project --ignore=tests/cli/test_exit_statuses.py \
	--ignore=tests/audit/test_log_crash.py

.PHONY: demo test dist test-dist test-system test-spark test-go test-newer test-newest test-lowest long mutation lint english-baseline lock docs prepared bench-peers clean

demo: $(VENV)/.installed
	@$(BIN)/activenic decide policies/examples/bond.json --address 192.0.2.10

test: $(VENV)/.installed-dev lint
	$(BIN)/pytest -n auto -m "not system"
	$(BIN)/activenic test

# needs root and Debian packages, which .ci/run installs: an emulator, name servers, a browser, Java
test-system: $(VENV)/.installed-dev .vm/initramfs .opa-clients/.installed .venv-schemathesis/.installed .venv-ansible/.installed \
		test-spark
	$(BIN)/pytest -n 2 --dist loadfile -m "system and not spark" -rs --maxfail=25

# a Spark cluster of two worker processes on the loopback interface
test-spark: .venv-spark/.installed
	.venv-spark/bin/pytest -o addopts= -q -m spark -rs tests/fleet

# by hand: the example client with the `go` of Debian's golang-go, which is twice the size of the gccgo that CI uses
test-go: $(VENV)/.installed-dev
	go vet examples/go/addhost.go
	test -z "$$(gofmt -l examples/go)"
	$(BIN)/pytest -m system -k go tests/service/test_compiled_clients.py

# PySpark has no wheel: pip builds one. It is not compressed, because it is unpacked at once and the jars hardly shrink
.venv-spark/.installed: pyproject.toml locks/spark.txt
	$(PYTHON) -m venv --clear .venv-spark
	.venv-spark/bin/$(FROM_LOCK) locks/spark.txt --use-pep517 --config-settings=--build-option=--compression=stored
	.venv-spark/bin/$(ITSELF)
	@touch $@

# the kernel that the guests of tests/vm boot, from its Debian package, which is unpacked and not installed
.vm/initramfs: tests/vm/build_guest.sh tests/vm/initramfs_init.sh
	tests/vm/build_guest.sh .vm

# the clients of OPA from npm that are run against the service
.opa-clients/.installed: tests/service/opa_clients/package-lock.json
	mkdir -p $(@D)
	cp $(<D)/package.json $< $(@D)
	npm ci --silent --ignore-scripts --no-audit --no-fund --prefix $(@D)
	@touch $@

# it tests the service by its description; it is a plugin of pytest too, so it has an environment of its own
.venv-schemathesis/.installed: locks/schemathesis.txt
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/$(FROM_LOCK) locks/schemathesis.txt
	@touch $@

# playbooks are run with the plugins of examples/ansible
.venv-ansible/.installed: pyproject.toml locks/ansible.txt $(VENV)/.installed-dev
	$(PYTHON) -m venv --clear $(@D)
	$(BIN)/uv pip install --quiet --python $(@D)/bin/python --require-hashes --requirement locks/ansible.txt
	$(BIN)/uv pip install --quiet --python $(@D)/bin/python --no-deps --no-build-isolation --editable .
	@touch $@

# millions of random cases in seeded slices of at most ten minutes; what passed is not run again (tests/long.py)
long: $(VENV)/.installed-dev
	$(BIN)/python -m tests.long $(if $(LONG_SEED),--seed $(LONG_SEED)) $(if $(SLICE),--slice $(SLICE))

# a seeded sample of mutants of our own code, each of which must make a test fail (tests/mutation/__main__.py)
mutation: .venv-mutation/.installed
	.venv-mutation/bin/python -m tests.mutation $(if $(SEED),--seed $(SEED)) $(if $(MUTANTS),--mutants $(MUTANTS))

.venv-mutation/.installed: pyproject.toml locks/mutation.txt
	$(PYTHON) -m venv --clear .venv-mutation
	.venv-mutation/bin/$(FROM_LOCK) locks/mutation.txt
	.venv-mutation/bin/$(ITSELF)
	@touch $@

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.english

# after old wording was replaced; it never raises a count
english-baseline: $(VENV)/.installed-dev
	$(BIN)/python -m tools.english --update

# the newest and the lowest versions that pyproject.toml allows, without the lock
test-newest test-lowest: test-%: .venv-%/.installed
	HYPOTHESIS_PROFILE=few .venv-$*/bin/pytest -n auto $(FAST)

# the same, unless the newest versions are those of the lock, with which `make test` runs
CHANGES := $(BIN)/uv pip install --dry-run --upgrade --python $(BIN)/python --group dev --editable ".[all]"
test-newer: $(VENV)/.installed-dev
	@changes="$$($(CHANGES) 2>&1)" || { echo "$$changes" >&2; exit 1; }; \
	if echo "$$changes" | grep '^ + ' | grep -qv '^ + activenic'; \
	then $(MAKE) test-newest; else echo "the lock has the newest versions: make test runs with them"; fi

.venv-newest/.installed: RESOLUTION := highest
.venv-lowest/.installed: RESOLUTION := lowest-direct
.venv-newest/.installed .venv-lowest/.installed: pyproject.toml $(VENV)/.installed-dev
	$(PYTHON) -m venv --clear $(@D)
	$(BIN)/uv pip install --quiet --python $(@D)/bin/python --resolution $(RESOLUTION) --group dev --editable ".[all]"
	@touch $@

# the newest versions that pyproject.toml allows become what is installed, on every platform and Python
COMPILE := $(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-annotate \
	--custom-compile-command "make lock"
lock: $(VENV)/.installed-dev
	$(COMPILE) --python-version 3.11 --extra all --group dev pyproject.toml --output-file locks/dev.txt
	$(COMPILE) --python-version 3.11 --constraint locks/dev.txt --group build pyproject.toml --output-file locks/run.txt
	$(COMPILE) --python-version 3.11 --constraint locks/dev.txt --group build pyproject.toml \
		benchmarks/peers/requirements.txt --output-file locks/peers.txt
	$(COMPILE) --python-version 3.11 --extra all --constraint locks/dev.txt --group mutation pyproject.toml \
		--output-file locks/mutation.txt
	$(COMPILE) --python-version 3.11 --extra spark --constraint locks/dev.txt --group spark pyproject.toml \
		--output-file locks/spark.txt
	$(COMPILE) --python-version 3.11 --constraint locks/dev.txt --group release pyproject.toml --output-file locks/release.txt
	$(COMPILE) --python-version 3.11 --extra service --extra sign --extra otel --constraint locks/dev.txt --group build \
		pyproject.toml --output-file locks/service.txt
	$(COMPILE) --python-version 3.11 --constraint locks/dev.txt --group build pyproject.toml \
		tests/neighbours/ansible.txt --output-file locks/ansible.txt
	$(COMPILE) --python-version 3.11 tests/service/schemathesis.txt --output-file locks/schemathesis.txt
	$(COMPILE) --python-version 3.14 benchmarks/peers/requirements-opa.txt --output-file locks/peers-opa.txt

# the generated pages, then the site; a warning is an error, and nothing is fetched
docs: $(VENV)/.installed-dev
	$(BIN)/python -m tools.reference docs
	$(BIN)/python -m tools.engine_page docs
	$(BIN)/python -m tools.properties_page docs
	$(BIN)/python -m sphinx -E -a -W --keep-going -q -b html -c docs -d .site/.doctrees . .site
	@echo "the site is in .site/index.html"

# after a change of a shipped policy, or of what a policy becomes when it is read
prepared: $(VENV)/.installed
	$(BIN)/python -m tools.prepare_policies policies

# other engines on the same question, in an environment of their own: ratios, a few minutes
bench-peers: .venv-peers/.installed
	@.venv-peers/bin/python -m benchmarks.peers

.venv-peers/.installed: pyproject.toml locks/peers.txt locks/peers-opa.txt
	$(PYTHON) -m venv --clear .venv-peers
	.venv-peers/bin/$(FROM_LOCK) locks/peers.txt
	-.venv-peers/bin/$(FROM_LOCK) locks/peers-opa.txt --ignore-requires-python
	.venv-peers/bin/$(ITSELF)
	@touch $@

# what a release consists of: sdist, wheel, bill of materials, digests
dist: .venv-release/.installed
	rm -rf dist
	.venv-release/bin/python -m hatchling build --directory dist
	.venv-release/bin/python -m tools.sbom dist/activenic.cdx.json
	cd dist && sha256sum -- * > SHA256SUMS

.venv-release/.installed: pyproject.toml locks/release.txt
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/$(FROM_LOCK) locks/release.txt
	$(@D)/bin/$(ITSELF)
	@touch $@

# the wheel, and a wheel that is built from the sdist, each installed into an empty environment and tried
test-dist: dist
	for file in dist/*.whl dist/*.tar.gz; do \
		$(PYTHON) -m venv --clear .venv-dist && .venv-dist/bin/$(FROM_LOCK) locks/run.txt && \
		.venv-dist/bin/$(PIP) --no-deps --no-build-isolation "$$file" && \
		(cd examples && ../.venv-dist/bin/activenic check --strict strict && \
		../.venv-dist/bin/activenic test recipes/all-on-one.test.yaml) || exit 1; \
	done

clean:
	rm -rf $(VENV) .venv-* dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .long .mutation .site .vm .opa-clients

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("activenic needs Python 3.11 or later" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml locks/run.txt | $(VENV)/bin/python
	$(BIN)/$(FROM_LOCK) locks/run.txt
	$(BIN)/$(ITSELF)
	@touch $@

$(VENV)/.installed-dev: pyproject.toml locks/dev.txt $(VENV)/.installed
	$(BIN)/$(FROM_LOCK) locks/dev.txt
	@touch $@
