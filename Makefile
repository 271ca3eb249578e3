# Everything sets itself up: a virtual environment in .venv, made anew only where
# pyproject.toml or constraints.txt changed.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: demo test lint types unit second-engine golden docs pictures recording versions soak clean

demo: $(STAMP)
	@$(BIN)/python -m compose2aws -f examples/nexiom/docker-compose.yml -f examples/nexiom/compose.aws.yaml explain
	@$(BIN)/python -m compose2aws -f examples/nexiom/docker-compose.yml -f examples/nexiom/compose.aws.yaml synth -o aws.out
	@$(BIN)/python -m compose2aws -f examples/nexiom/docker-compose.yml -f examples/nexiom/compose.aws.yaml rehearse

test: lint types unit

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

unit: $(STAMP)
	$(BIN)/pytest -n 3 --dist worksteal -q

# Deploys into MiniStack, whose CloudFormation is of other hands than the rehearsal's. It holds botocore back, so it has
# an environment of its own.
second-engine: $(STAMP) .venv-second-engine/bin/ministack
	SECOND_ENGINE=$(CURDIR)/.venv-second-engine/bin/ministack $(BIN)/pytest -q tests/second_engine

.venv-second-engine/bin/ministack:
	$(PYTHON) -m venv .venv-second-engine
	.venv-second-engine/bin/python -m pip install --quiet --disable-pip-version-check ministack==1.5.33

# Rewrites the expected outputs of tests/golden; read the difference before you commit it.
golden: $(STAMP)
	$(BIN)/python -m tests.golden_cases
	$(BIN)/python -m tests.diff_cases

# Writes the pages of docs that are made from tables and from the program, and what commands show into all pages.
docs: $(STAMP)
	$(BIN)/python -m compose2aws.catalog.key_page docs/compose-keys.md
	$(BIN)/python -m tests.docs.reference docs/reference
	$(BIN)/python -m tests.docs.run

# Draws the pictures of the examples anew.
pictures: $(STAMP)
	$(BIN)/python -m tests.example_pictures

# Records a rehearsal anew, as the README shows it.
recording: $(STAMP)
	$(BIN)/python docs/record.py

# Writes the tables of engine versions and of what updates replace anew, after cfn-lint was raised.
versions: $(STAMP)
	$(BIN)/python -m compose2aws.catalog.derive_versions mappings/versions.yaml
	$(BIN)/python -m compose2aws.delivery.difference.derive_updates mappings/update-replacement.yaml
	$(BIN)/python -m compose2aws.delivery.checks.derive_actions mappings/resource-actions.yaml

# The long versions: the whole corpus, more examples for each property.
soak: $(STAMP)
	$(BIN)/pytest -n 2 --dist worksteal -q -m "soak or not soak" --run-soak

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --group dev -e '.[rehearsal,lint,picture]'
	@touch $@

clean:
	rm -rf .venv .venv-second-engine aws.out .mypy_cache .ruff_cache .pytest_cache
