# Thin wrappers: the same words work without make, as  python3 -m gancourse run
PYTHON ?= python3

.PHONY: help run lab test bench render doctor
help:     ## show these words
	@grep -E '^[a-z]+: ' Makefile | sed 's/:[^#]*##/\t/'
run:      ## set up .venv if need be, then run the whole course on its embedded data
	@$(PYTHON) -m gancourse run
lab:      ## open JupyterLab on lesson 00, in your own copy
	@$(PYTHON) -m gancourse lab
test:     ## unit tests and the notebooks as tests, on all cores
	@$(PYTHON) -m gancourse test
bench:    ## measure speed and write tests/benchmarks/RESULTS.md (40 minutes)
	@$(PYTHON) -m gancourse bench
render:   ## run the lessons whose code has changed and store their outputs
	@$(PYTHON) -m gancourse render
doctor:   ## what this machine is and what it can do
	@$(PYTHON) -m gancourse doctor
