# egovcloud: `make up` for a centre on this machine, `make demo` for a simulated one, `make test` for proof.
.PHONY: up down clean demo test test-real test-openstack test-deploy bench docs
MAKEFLAGS += --no-print-directory
PY := .venv/bin/python

up:
	@config/install.sh runtime
	@.venv/bin/egovcloud up $(if $(BIND),--bind $(BIND))

down:
	@.venv/bin/egovcloud down $(if $(ALL),--all)

clean:
	@.venv/bin/egovcloud clean

demo:
	@config/install.sh demo
	@.venv/bin/egovcloud demo $(if $(BIND),--bind $(BIND))

test:
	@config/install.sh test
	@$(PY) -m tests.run fast

test-real:
	@config/install.sh test
	@$(PY) -m tests.run real

test-openstack:
	@config/install.sh test
	@$(PY) -m tests.real.openstack run

test-deploy:
	@config/install.sh test
	@$(PY) -m tests.run deploy

bench:
	@config/install.sh test
	@$(PY) -m bench
