.DEFAULT_GOAL := help
.PHONY: demo demo-feed init-iceberg setup test versions rest s3 conformance engines torture torture-test matrix places bench \
  lint typecheck \
  format lock clean help

export NX_DAEMON := false

INSTALLED := node_modules/.package-lock.json

$(INSTALLED): package-lock.json
	npm ci
	@touch $@

demo: setup ## a whole pipeline on an embedded Postgres, every row compared; FORMAT=delta or iceberg
	node apps/demo/dist/main.js $(FORMAT)

demo-feed: setup ## changes of a table, step by step and verified; FORMAT=delta or iceberg
	node apps/demo/dist/feed-main.js $(FORMAT)

init-iceberg: setup ## create the Iceberg tables of the demos in FOLDER; those that are there stay
	node apps/demo/dist/init-main.js $(FOLDER)

setup: $(INSTALLED) ## install and build; afterwards `npx cdc-demo` works
	npm run build

test: $(INSTALLED) ## run the tests (no server has to be there)
	npm test -- $(JEST_FLAGS)

# The files in which versions differ: catalog, publication, slot, pgoutput.
versions: $(INSTALLED) ## a selection of the tests on the Postgres versions between the oldest and the newest
	CDC_PG_VERSIONS=15,16,17 npx jest -c libs/postgres/jest.config.mjs $(JEST_FLAGS) \
	  load-published-table.pg pgoutput-decoder.pg preflight.pg slot.pg postgres-source.pg \
	  streamed-transactions.pg workload.pg

rest: $(INSTALLED) ## what needs an Iceberg REST catalog, which it installs, and PyIceberg as its other client
	libs/local-servers/iceberg-rest/install.sh
	tools/judges/install.sh
	CDC_SUITE=rest npm test -- $(JEST_FLAGS)

s3: $(INSTALLED) ## object stores and sinks on a MinIO server, which is built once (needs Go)
	libs/local-servers/minio/install.sh
	CDC_SUITE=s3 npm test -- $(JEST_FLAGS)

conformance: $(INSTALLED) ## foreign tables read, ours judged by other engines; writes dist/conformance.json
	tools/judges/install.sh
	CDC_SUITE=conformance,judge npm test -- --reporters=default \
	  --reporters=$(CURDIR)/tools/jest/conformance-reporter.mjs $(JEST_FLAGS)

engines: $(INSTALLED) ## the judging engines themselves, on tables that Spark wrote
	tools/judges/install.sh
	CDC_SUITE=engine npm test -- $(JEST_FLAGS)

torture: setup ## kill and betray pipelines at random instants for SECONDS (60); CDC_SEED repeats
	node tools/torture/dist/main.js --seconds $(or $(SECONDS),60)

# The servers of all places in which tables lie: MinIO (built once, needs Go) and a REST catalog.
places: $(INSTALLED)
	libs/local-servers/minio/install.sh
	libs/local-servers/iceberg-rest/install.sh

torture-test: setup places ## kills at random instants (CDC_KILLS, 144), broken networks, a full disk, two runners
	CDC_SUITE=torture npm test -- $(JEST_FLAGS)

matrix: setup places ## every fault at every step of every format in every place by name; CDC_CELLS=pairwise for a selection
	CDC_SUITE=matrix npm test -- $(JEST_FLAGS)

bench: setup ## measure; prints a table and writes dist/bench.json
	node --max-old-space-size=8192 tools/bench/dist/main.js $(BENCH_FLAGS)

lint: $(INSTALLED) ## lint and check the formatting
	npm run lint
	npm run format:check

typecheck: $(INSTALLED) ## type-check sources and tests
	npm run typecheck

format: $(INSTALLED) ## format every file
	npm run format

lock: $(INSTALLED) ## complete package-lock.json for every platform
	node tools/lock/refresh.mjs

clean: ## remove build output and caches
	rm -rf coverage .nx libs/*/dist libs/*/out-tsc libs/*/coverage apps/*/dist apps/*/out-tsc \
	  apps/*/coverage tools/*/dist tools/*/out-tsc tools/*/coverage

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
