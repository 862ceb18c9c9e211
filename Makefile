# SPDX-License-Identifier: MIT
# gradgate: one Makefile. `make help` lists the targets; MODE=debug|release|sanitize|cov|sancov picks build/<mode>/.

# ---- the house: every module and the modules it needs (scripts/check-includes holds the #includes against this) ----
#                floor  needs
MODULES       := array  neuron  gradcheck  criterion  golden  port  gate  report  cli
needs_array     :=
needs_neuron    :=
needs_gradcheck :=
needs_golden    := array
needs_port      := array
needs_criterion := gradcheck golden
needs_gate      := gradcheck golden port
needs_report    := gate
needs_cli       := report gate golden gradcheck port neuron

floor_array     := 0
floor_neuron    := 0
floor_gradcheck := 1
floor_golden    := 1
floor_port      := 1
floor_criterion := 2
floor_gate      := 2
floor_report    := 3
floor_cli       := 4

# Public headers beside lib/X/X.h: port.h is for those who write a port, these for those who run one.
faces_port      := worker door
faces_gate      := ports

libs_golden     := -lzip -ljansson -lmd
libs_port       := -ldl
libs_report     := -ljansson

# ---- tools ----
ifeq ($(origin CC),default)
CC       := gcc
endif
PREFIX   ?= /usr/local
# The first interpreter that has NumPy and mpmath.
PYTHON   ?= $(firstword $(foreach p,python3 /usr/bin/python3,$(shell $(p) -c 'import numpy, mpmath' 2>/dev/null && echo $(p))))
PYTHON_OR_STOP = $(or $(PYTHON),$(error no python3 here imports numpy and mpmath: run scripts/bootstrap, or name one with PYTHON=))

MODE     ?= debug
B        := build/$(MODE)
WARN     := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes
# No contraction: a result must not depend on whether the compiler found a fused multiply-add.
CSTD     := -std=c11 -ffp-contract=off
flags_debug    := -O1 -g
flags_release  := -O2 -g
flags_sanitize := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
flags_cov      := -O0 -g --coverage
flags_sancov   := $(flags_sanitize) --coverage
# -iquote, because lib/criterion/criterion.h must not stand in for <criterion/criterion.h>.
ALL_CFLAGS = $(CSTD) $(WARN) $(WERROR) $(flags_$(MODE)) -iquote lib $(CFLAGS)
# In CI a warning ends what it stands in, so that lint has no need to compile the tests again.
WERROR   := $(if $(CI),$(if $(filter debug release,$(MODE)),-Werror))
# Criterion's own macros convert freely. Nobody asks what is covered of the tests, and under sanitizers
# they need not be fast themselves.
TEST_CFLAGS = $(filter-out -Wconversion --coverage,$(ALL_CFLAGS)) $(if $(filter sancov,$(MODE)),-O0) -iquote tests
ifneq ($(filter %cov,$(MODE)),)
override LDFLAGS += --coverage
endif

# ---- what is built ----
closure   = $(sort $(1) $(foreach n,$(needs_$(1)),$(call closure,$(n))))
objects   = $(patsubst %.c,$(B)/%.o,$(wildcard $(foreach m,$(1),lib/$(m)/*.c)))
libraries = $(sort $(foreach m,$(1),$(libs_$(m))))
TESTED   := $(foreach m,$(MODULES),$(if $(wildcard tests/$(m)/test_*.c),$(m)))
TESTS    := $(TESTED:%=$(B)/tests/test_%) $(B)/tests/test_notebook $(B)/tests/test_kernels
# Under sanitizers a process takes longer than most tests: what can runs in one.
ALONE    := neuron gradcheck golden
ifneq ($(filter san%,$(MODE)),)
TESTS    := $(filter-out $(ALONE:%=$(B)/tests/test_%),$(TESTS)) $(ALONE:%=$(B)/alone_%)
endif
PY_TESTS := $(sort $(wildcard tests/*/test_*.py))
# The oracle, the scripts and the example, which is built by its test, are the same in every mode.
ifneq ($(MODE),debug)
PY_TESTS := $(filter-out tests/oracle/% tests/scripts/% tests/examples/%,$(PY_TESTS))
endif
RUN_TESTS = GRADGATE=$(B)/gradgate PYTHON=$(PYTHON) $(PYTHON_OR_STOP) scripts/run-tests

.DEFAULT_GOAL := help
.PHONY: help
help: ## print every target and what it does
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "  make %-14s %s\n", $$1, $$2 }'

.PHONY: gate
gate: build/gradgate ## the main job: verify the built-in kernels, write build/gate.json and build/gate.xml
	build/gradgate verify --json build/gate.json --junit build/gate.xml

.PHONY: test
test: $(TESTS) $(B)/gradgate $(if $(filter debug,$(MODE)),$(B)/regression) ## the whole Criterion suite; test-<module> runs one module's
	@$(RUN_TESTS) $(TESTS) $(PY_TESTS)

# Programs that mirror no module.
.PHONY: $(TESTED:%=test-%) test-notebook test-kernels
$(TESTED:%=test-%) test-notebook test-kernels: test-%: $(B)/tests/test_%
	@$(RUN_TESTS) $<

.PHONY: notebook
notebook: $(B)/notebook ## walk through the notebook with the neuron library: what its cells print with NumPy
	@$(B)/notebook

EXAMPLE := $(wildcard tests/examples/*.c) $(wildcard lib/array/*.c lib/golden/*.c lib/gradcheck/*.c)
.PHONY: example
example: $(EXAMPLE:%.c=$(B)/%.o) ## record a NumPy layer (tests/examples), check its C port against it and finite differences
	@mkdir -p build/example
	@$(PYTHON_OR_STOP) -B tests/examples/dense_tanh.py record build/example
	@$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $(B)/check_dense_tanh $^ $(libs_golden) -lm
	@$(B)/check_dense_tanh build/example

.PHONY: ports
ports: build/gradgate ## verify the sample ports, right and wrong, in C, Rust, JavaScript and Python: table, times
	$(PYTHON_OR_STOP) scripts/ports $(if $(CI),--require-all --jobs 2) $(PORTS)

.PHONY: golden-diff
golden-diff: ## what `make golden` would change: which numbers, how far, and which side the exact value takes
	$(PYTHON_OR_STOP) -B oracle/generate.py --diff

# Arguments of evidence: EVIDENCE="--full soak" draws 10^6 functions, points and seeds (some minutes), --full
# takes everything.
.PHONY: evidence
evidence: ## measure the derivative engine against exact derivatives, then make strength: tables, JSON; exit 1 if a line is not met
	@$(MAKE) --no-print-directory MODE=release build/release/evidence
	build/release/evidence --json build/evidence.json $(EVIDENCE); status=$$?; \
	$(if $(EVIDENCE),,$(MAKE) --no-print-directory strength || status=1;) exit $$status

ifneq ($(filter cli,$(TESTED)),)
test-cli: $(B)/gradgate
endif

build/gradgate: FORCE
	@$(MAKE) --no-print-directory MODE=release build/release/gradgate
	@cmp -s build/release/gradgate $@ || cp build/release/gradgate $@

# ---- quality ----
COVERAGE_MIN := 95

.PHONY: readme
readme: build/gradgate ## paste every command of README.md and compare what it prints
	scripts/readme

# SANITIZE=1: under ASan and UBSan as well, in the one build and the one run; CI's way.
.PHONY: coverage
coverage: ## gcov and lcov: build/coverage/index.html; fails under 95 % of the lines of lib/
	+scripts/coverage $(COVERAGE_MIN) $(if $(SANITIZE),sancov,cov)

.PHONY: sanitize
sanitize: ## the gate and the whole suite under ASan and UBSan
	@$(MAKE) --no-print-directory MODE=sanitize build/sanitize/gradgate test
	ASAN_OPTIONS=abort_on_error=1:detect_leaks=1 build/sanitize/gradgate verify

# Arguments of gradgate; by default all kernels, some minutes. A case is slow there: it gets all the time it needs.
VALGRIND := verify

.PHONY: valgrind
valgrind: build/gradgate ## the gate under valgrind, every process of it; VALGRIND="verify sigmoid" for one kernel
	$(PYTHON_OR_STOP) scripts/valgrind build/gradgate $(VALGRIND) --time-limit 3600

# One in FLOAT_STEP of the 2^32 floats. Everything: make accuracy POINTS=1000000 FLOAT_STEP=1 (some minutes).
POINTS     := 100000
FLOAT_STEP := 997

.PHONY: accuracy
accuracy: ## worst error of sigmoid and derivative in ULP, float64 against mpmath, float32 against double
	@$(MAKE) --no-print-directory MODE=release $(ACCURACY:%=build/release/tests/accuracy/%)
	$(PYTHON_OR_STOP) scripts/accuracy --points $(POINTS) build/release/tests/accuracy/sigmoid_values
	build/release/tests/accuracy/sigmoid_f32 $(FLOAT_STEP)

.PHONY: golden
golden: ## write tests/golden from oracle/ where it would change; refused when CI is set
	$(PYTHON_OR_STOP) -B oracle/generate.py

# Every BLAS that Debian has installed, whichever its alternatives point at.
BLAS := $(wildcard /usr/lib/*/blas /usr/lib/*/openblas-*)

.PHONY: golden-check
golden-check: ## certify tests/golden from scratch, to the byte; NumPy with every BLAS
	$(PYTHON_OR_STOP) -B oracle/generate.py --check
	@$(foreach b,$(BLAS),LD_LIBRARY_PATH=$(b) $(PYTHON_OR_STOP) -B oracle/generate.py --numpy &&) true
	$(PYTHON_OR_STOP) -B oracle/bed.py --check

# The runs of right kernels in `make strength`; the long command is make strength SEEDS=1000. STRENGTH="--dtype f64"
# takes the kernels in float64 alone.
SEEDS := 400

.PHONY: strength
strength: ## every kernel of tests/kernels, right and wrong in every way: who is caught, and named? table, build/strength.json
	@$(MAKE) --no-print-directory MODE=release build/release/strength
	build/release/strength --seeds $(SEEDS) --json build/strength.json $(STRENGTH)

# After a change on purpose: make regression REGRESSION=--write, and read the difference.
.PHONY: regression
regression: ## does the engine answer as recorded (tests/regression): verdicts, calls, bounds and sentences of 3,000 runs?
	@$(MAKE) --no-print-directory MODE=release build/release/regression
	build/release/regression $(REGRESSION)

.PHONY: lint
lint: ## clang-format, clang-tidy, cppcheck, warnings as errors (gcc, clang), headers alone, includes, Python, shell
	+scripts/lint

.PHONY: cross
cross: ## compare the neuron's result bits over compilers, levels and machines (i386, aarch64, s390x by emulation)
	scripts/cross --require x86-64 $(if $(CI),aarch64 s390x)

.PHONY: dist
dist: ## the engine as two files, build/dist/gradcheck.h and gradcheck.c, compiled alone by every compiler here
	$(PYTHON_OR_STOP) scripts/dist $(if $(CI),--require-all)

.PHONY: bench
bench: build/release/bench ## time the neuron against NumPy: a table of ratios, and build/bench.json
	$(PYTHON_OR_STOP) scripts/bench $<

build/release/bench: FORCE
	@$(MAKE) --no-print-directory MODE=release build/release/tests/bench/bench

$(B)/tests/bench/bench: $(B)/tests/bench/bench.o $(call objects,neuron)
	$(SAY)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lm
	@cp $@ $(B)/bench

.PHONY: mutants
mutants: ## break lib/ on purpose, change by change: who notices? MUTATE="--sample 40" for minutes, else hours
	scripts/mutate $(MUTATE)

.PHONY: print-warn
print-warn:
	@echo '$(WARN)'

.PHONY: build-all
build-all: $(TESTS) $(B)/gradgate $(call objects,$(MODULES)) build-alone

.PHONY: clean
clean: ## remove build/
	rm -rf build

# ---- rules (V=1 shows the whole command lines) ----
SAY = $(if $(V),,@echo "  $@" && )

$(B)/gradgate: $(call objects,$(call closure,cli))
	$(SAY)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(call libraries,$(call closure,cli)) -lm

$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(SAY)$(CC) $(if $(filter tests/%,$<),$(TEST_CFLAGS),$(ALL_CFLAGS)) -MMD -MP -c -o $@ $<

$(B)/evidence: $(patsubst %.c,$(B)/%.o,$(wildcard tests/evidence/*.c tests/gradcheck/bed/*.c)) $(B)/tests/lanes/lanes.o \
               $(call objects,array gradcheck port)
	$(SAY)$(CC) $(TEST_CFLAGS) $(LDFLAGS) -o $@ $^ -lm

define test_program
$(B)/tests/test_$(1): $(patsubst %.c,$(B)/%.o,$(wildcard tests/$(1)/*.c tests/$(1)/*/*.c)) $(filter-out %/main.o,$(call objects,$(call closure,$(1))))
	@mkdir -p $$(@D)
	$$(SAY)$$(CC) $$(TEST_CFLAGS) $$(LDFLAGS) -o $$@ $$^ $(call libraries,$(call closure,$(1))) -lcriterion -lm
endef
$(foreach m,$(TESTED),$(eval $(call test_program,$(m))))
# Its tests put a blind judge and an empty heap in the way of the engine.
$(B)/tests/test_gradcheck $(B)/alone_gradcheck: override LDFLAGS += -Wl,--wrap=gc_judge,--wrap=gc_agrees,--wrap=calloc,--wrap=free

# test_allocation counts what lib/neuron allocates.
$(B)/tests/test_neuron $(B)/alone_neuron: override LDFLAGS += -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc

# test_memory lets every allocation of lib/golden fail once, test_system its calls of the system, test_libzip those of
# libzip.
ZIP_CALLS := close discard file_add file_set_dostime fread open_from_source set_file_compression source_buffer \
    source_buffer_create source_free source_keep source_open source_read source_stat stat_index
$(B)/tests/test_golden $(B)/alone_golden: override LDFLAGS += -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free \
    -Wl,--wrap=read,--wrap=write,--wrap=close,--wrap=fstat64,--wrap=readdir64,--wrap=mmap64,--wrap=munmap \
    $(ZIP_CALLS:%=-Wl,--wrap=zip_%)

# The same tests in one process without Criterion's library, for scripts/mutate and for sanitizers.
.PHONY: build-alone
build-alone: $(ALONE:%=$(B)/alone_%)
define alone_program
$(B)/alone_$(1): $(B)/tests/alone/alone.o $(patsubst %.c,$(B)/%.o,$(wildcard tests/$(1)/*.c tests/$(1)/*/*.c)) $(call objects,$(call closure,$(1)))
	$$(SAY)$$(CC) $$(TEST_CFLAGS) $$(LDFLAGS) -o $$@ $$^ $(call libraries,$(call closure,$(1))) -lm
endef
$(foreach m,$(ALONE),$(eval $(call alone_program,$(m))))

# Libraries that misbehave, for tests of the door that they come through.
MISBEHAVES := $(B)/tests/ports/misbehaves.so
STAGES     := $(B)/tests/ports/stages.so
$(MISBEHAVES) $(STAGES): $(B)/%.so: %.c lib/port/port.h Makefile
	@mkdir -p $(@D)
	$(SAY)$(CC) $(CSTD) $(WARN) -O1 -g -shared -fPIC -iquote lib -o $@ $< -lm
$(B)/tests/port/test_library.o: TEST_CFLAGS += -DMISBEHAVES='"$(MISBEHAVES)"'
$(B)/tests/gate/test_ports.o: TEST_CFLAGS += -DSTAGES='"$(STAGES)"'
$(B)/tests/test_port: | $(MISBEHAVES)
$(B)/tests/test_gate: | $(STAGES)

NOTEBOOK := $(B)/tests/notebook/notebook.o $(B)/tests/notebook/numpy_text.o $(call objects,neuron)
$(B)/notebook: $(B)/tests/notebook/main.o $(NOTEBOOK)
	$(SAY)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lm
$(B)/tests/test_notebook: $(B)/tests/notebook/test_notebook.o $(NOTEBOOK)
	@mkdir -p $(@D)
	$(SAY)$(CC) $(TEST_CFLAGS) $(LDFLAGS) -o $@ $^ -lcriterion -lm

ACCURACY := sigmoid_values sigmoid_f32
$(ACCURACY:%=$(B)/tests/accuracy/%): %: %.o $(call objects,neuron)
	$(SAY)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lm

# Each kernel is compiled twice: as it stands in float64, and in float32.
KERNEL_HARNESS := kernels instance trial
KERNEL_NAMES   := $(filter-out test_% $(KERNEL_HARNESS),$(patsubst tests/kernels/%.c,%,$(wildcard tests/kernels/*.c)))
KERNEL_OBJECTS := $(patsubst %,$(B)/tests/kernels/%.o,$(KERNEL_HARNESS) $(KERNEL_NAMES) $(KERNEL_NAMES:%=%.f32)) \
                  $(call objects,array gradcheck neuron port)
$(B)/tests/kernels/%.f32.o: tests/kernels/%.c Makefile
	@mkdir -p $(@D)
	$(SAY)$(CC) $(TEST_CFLAGS) -DKERNEL_F32 -MMD -MP -c -o $@ $<
$(B)/strength: $(patsubst %,$(B)/tests/%.o,strength/main strength/table strength/json lanes/lanes) $(KERNEL_OBJECTS)
	$(SAY)$(CC) $(TEST_CFLAGS) $(LDFLAGS) -o $@ $^ -ljansson -lm
$(B)/regression: $(patsubst %.c,$(B)/%.o,$(wildcard tests/regression/*.c)) $(patsubst %.c,$(B)/%.o,$(wildcard tests/gradcheck/bed/*.c)) $(KERNEL_OBJECTS)
	$(SAY)$(CC) $(TEST_CFLAGS) $(LDFLAGS) -o $@ $^ -lm
$(B)/tests/test_kernels: $(patsubst %,$(B)/tests/%.o,kernels/test_kernels strength/test_strength strength/table strength/json \
                       lanes/test_lanes lanes/lanes) $(KERNEL_OBJECTS)
	@mkdir -p $(@D)
	$(SAY)$(CC) $(TEST_CFLAGS) $(LDFLAGS) -o $@ $^ -ljansson -lcriterion -lm

.PHONY: FORCE
FORCE:
.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
