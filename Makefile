# Lathe. `make help` lists the targets.
CC       ?= cc
FLEX     ?= flex
BISON    ?= bison
PREFIX   ?= /usr/local
DESTDIR  ?=
OPT      ?= -O2
B        ?= build
WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Wshadow
PACKAGES := cairo libzip jansson libdeflate zlib openblas
CPPFLAGS += -D_POSIX_C_SOURCE=200809L -I.
COMMA    := ,
# Hardened (HARDEN= and FORTIFY= take it away), and with no folder's name in what is built.
HARDEN   ?= -fPIE $(if $(findstring fsanitize,$(SANITIZE)),,-fstack-protector-strong)
PREFIX_MAP ?= -ffile-prefix-map=$(CURDIR)=.
FORTIFY  ?= $(if $(SANITIZE)$(filter -O0,$(OPT)),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
CFLAGS   += -std=c11 $(OPT) -g $(WARNINGS) $(HARDEN) $(FORTIFY) $(SANITIZE) $(PREFIX_MAP)
LDFLAGS  += $(SANITIZE) $(if $(HARDEN),-pie -Wl$(COMMA)-z$(COMMA)relro$(COMMA)-z$(COMMA)now)
PKG_CFLAGS = $(shell pkg-config --cflags $(PACKAGES))
GCOV       = $(if $(filter --coverage,$(SANITIZE)),-lgcov)
PKG_LIBS   = $(shell pkg-config --libs $(PACKAGES)) -lm -lpthread $(GCOV)
TEST_PKG   = $(shell pkg-config --cflags --libs check)

MODELS       := $(patsubst models/%.lathe,%,$(wildcard models/*.lathe))
# Those whose C is committed in generated/; the tests and the demo run their binaries.
SHIPPED      := digits_mlp digits_conv
COMPILER_SRC := $(filter-out compiler/main.c,$(wildcard compiler/*.c compiler/op/*.c))
COMPILER_OBJ := $(COMPILER_SRC:%.c=$(B)/%.o) $(B)/gen/lexer.o $(B)/gen/parser.o
RUNTIME_SRC  := $(wildcard runtime/*.c)
RUNTIME      := $(B)/liblathe-f32.a $(B)/liblathe-f64.a
TESTS        := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/test_*.c))

MAKEFLAGS += --no-print-directory
Q := $(if $(V),,@)# make V=1 shows the commands

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all models shipped train-models examples demo test test-long mutants check setup generated golden references install uninstall format clean help coverage asan tsan tidy fuzz bench

all: $(B)/lathe ## build the compiler and the runtime (needs what `make setup` installs)

# ---- The compiler ----

$(B)/lathe: $(B)/compiler/main.o $(B)/libcompiler.a | $(RUNTIME) $(B)/include/lathe $(B)/lathe-compare
	@echo "  CC    $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $$(pkg-config --libs jansson) -lm
$(B)/lathe-compare: compiler/compare/lathe_compare.c $(B)/liblathe-f32.a
	@echo "  CC    $@"
	$(Q)$(CC) $(CPPFLAGS) $(PKG_CFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)
$(B)/libcompiler.a: $(COMPILER_OBJ)
$(B)/liblathe-f32.a: $(RUNTIME_SRC:runtime/%.c=$(B)/f32/%.o)
$(B)/liblathe-f64.a: $(RUNTIME_SRC:runtime/%.c=$(B)/f64/%.o)
$(B)/%.a:
	@echo "  AR    $@"
	$(Q)rm -f $@ && ar rcsD $@ $^

$(B)/compiler/%.o: compiler/%.c | $(B)/gen/parser.h $(B)/gen/lexer.h
	@mkdir -p $(@D)
	@echo "  CC    $@"
	$(Q)$(CC) $(CPPFLAGS) -Icompiler -I$(B)/gen $(CFLAGS) -MMD -MP -c -o $@ $<
# What `lathe build` links with, with OpenBLAS only where it is called, and where its header is.
$(B)/compiler/toolchain.o: CPPFLAGS += -DLATHE_INCLUDES='"$(PKG_CFLAGS)"' \
  -DLATHE_LIBRARIES='"$(shell pkg-config --libs $(filter-out openblas,$(PACKAGES))) $(GCOV)"' \
  -DLATHE_BLAS='"$(shell pkg-config --libs openblas)"'
$(B)/gen/parser.c $(B)/gen/parser.h &: compiler/parser.y
	@mkdir -p $(B)/gen
	@echo "  BISON $@"
	$(Q)$(BISON) -Wall -Werror --defines=$(B)/gen/parser.h -o $(B)/gen/parser.c $<
$(B)/gen/lexer.c $(B)/gen/lexer.h &: compiler/lexer.l
	@mkdir -p $(B)/gen
	@echo "  FLEX  $@"
	$(Q)$(FLEX) --header-file=$(B)/gen/lexer.h -o $(B)/gen/lexer.c $<
# Written by flex and bison, whose conversions are theirs to answer for.
$(B)/gen/%.o: $(B)/gen/%.c $(B)/gen/parser.h $(B)/gen/lexer.h
	@echo "  CC    $@"
	$(Q)$(CC) $(CPPFLAGS) -Icompiler -I$(B)/gen $(CFLAGS) -Wno-conversion -Wno-sign-conversion -MMD -MP -c -o $@ $<

# ---- The runtime, once for each precision ----

$(B)/f32/%.o: runtime/%.c
	@mkdir -p $(@D)
	@echo "  CC    $@"
	$(Q)$(CC) $(CPPFLAGS) $(PKG_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
$(B)/f64/%.o: runtime/%.c
	@mkdir -p $(@D)
	@echo "  CC    $@"
	$(Q)$(CC) $(CPPFLAGS) $(PKG_CFLAGS) -DLATHE_FLOAT64 $(CFLAGS) -MMD -MP -c -o $@ $<

# The headers as emitted code names them, <lathe/model.h>, here as after installation.
$(B)/include/lathe:
	@mkdir -p $(@D)
	ln -s $(CURDIR)/runtime $@

# ---- Models and examples ----

shipped: $(SHIPPED:%=$(B)/models/%)
models: $(MODELS:%=$(B)/models/%) ## build the binary of each description in models/
# Emitted code is compiled with the headers of the runtime, kernels among them.
$(B)/models/%: models/%.lathe $(B)/lathe $(RUNTIME) $(wildcard runtime/*.h)
	@mkdir -p $(@D)
	@echo "  LATHE $@"
	$(Q)$(B)/lathe build $< -o $@ --quiet

generated: $(B)/lathe ## emit the shipped models' C into generated/
	for m in $(SHIPPED); do $(B)/lathe emit models/$$m.lathe -o generated/$$m --no-tune --quiet || exit 1; done

train-models: models examples ## train each of them on made-up data, and print what they reach: minutes
	@sh models/train_all.sh $(B) $(B)/trained

examples: $(B)/examples/draw_digits $(B)/examples/draw_data $(B)/examples/embed ## build the examples
EMBEDDED := $(filter-out %_main.c,$(wildcard generated/digits_mlp/*.c))
$(B)/examples/embed: examples/embed.c $(EMBEDDED) $(B)/liblathe-f32.a | $(B)/include/lathe
	@mkdir -p $(@D)
	@echo "  CC    $@"
	$(Q)$(CC) $(CPPFLAGS) -I$(B)/include $(PKG_CFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.c %.a,$^) $(PKG_LIBS)
# What the programs that make up data share; each has sources of its own besides.
DRAWN := $(addprefix examples/,dice.c dice.h data_files.c data_files.h)
$(B)/examples/draw_digits: examples/digit_strokes.c examples/digit_strokes.h
$(B)/examples/draw_data: examples/data_kinds.c examples/data_kinds.h
$(B)/examples/draw_%: examples/draw_%.c $(DRAWN) $(B)/liblathe-f32.a
	@mkdir -p $(@D)
	@echo "  CC    $@"
	$(Q)$(CC) $(CPPFLAGS) -Iruntime $(PKG_CFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.c,$^) $(filter %.a,$^) $(PKG_LIBS)

demo: setup ## train, classify, reconstruct and generate on digits (DATA=folder: with mnist_1_4_8_*.npz)
	$(MAKE) shipped examples
	sh examples/demo.sh $(B) $(B)/demo $(DATA)

# ---- Tests ----

test: ## build and run all tests
	@sh .ci/setup.sh tests
	$(MAKE) check
SECONDS ?= 60
check: $(TESTS) shipped examples
	@sh tests/fuzz/run.sh $(B) $(SECONDS)
	@sh tests/run.sh $(B) $(TESTS)

test-long: ## the same at length: 200 random models, 100 kills, every fault, 10 minutes of fuzzing; clang-tidy
	@sh .ci/setup.sh tests
	$(MAKE) tidy
	LATHE_RANDOM_COUNT=200 LATHE_KILLS=100 LATHE_FAULTS=places $(MAKE) check SECONDS=600
fuzz: $(B)/lathe ## feed the compiler and all readers made-up files (SECONDS=60), under sanitizers
	@sh tests/fuzz/run.sh $(B) $(SECONDS)
mutants: ## plant faults one at a time, and show which test finds each (MUTANTS=lists or names)
	@sh .ci/setup.sh tests
	sh tests/mutants/run.sh $(B) $(MUTANTS)

TEST_FLAGS = $(CPPFLAGS) $(PKG_CFLAGS) $(CFLAGS) -Wno-pedantic -rdynamic -MMD -MP
# Tests named *_f64 use the runtime of float64 models.
$(B)/tests/test_%_f64: tests/test_%_f64.c $(B)/libcompiler.a $(B)/liblathe-f64.a
	@mkdir -p $(@D)
	@echo "  CC    $@"
	$(Q)$(CC) -DLATHE_FLOAT64 $(TEST_FLAGS) -o $@ $< $(SOURCES) $(filter %.a,$^) $(LDFLAGS) $(TEST_PKG) $(PKG_LIBS) -ldl
$(B)/tests/test_%: tests/test_%.c $(B)/libcompiler.a $(B)/liblathe-f32.a
	@mkdir -p $(@D)
	@echo "  CC    $@"
	$(Q)$(CC) $(TEST_FLAGS) -o $@ $< $(SOURCES) $(filter %.a,$^) $(LDFLAGS) $(TEST_PKG) $(PKG_LIBS) -ldl
FAKE_TESTS := $(patsubst %,$(B)/tests/test_%,cli cli_errors terminal run_files)
$(FAKE_TESTS): SOURCES = tests/fake_model.c
$(FAKE_TESTS): tests/fake_model.c
$(B)/tests/test_random $(B)/tests/test_clean_builds: SOURCES = $(wildcard tests/random/*.c)
$(B)/tests/test_random $(B)/tests/test_clean_builds: $(wildcard tests/random/*.c) $(wildcard tests/random/*.h)
# What tests run of what is built here.
tests_with = $(patsubst %.c,$(B)/%,$(shell grep -l '$(1)' tests/test_*.c))
$(call tests_with,built("lathe")\|emitted\.h\|binary\.h): | $(B)/lathe
$(call tests_with,binary\.h): | $(SHIPPED:%=$(B)/models/%)
$(call tests_with,binary\.h\|draw_): | $(B)/examples/draw_digits $(B)/examples/draw_data
$(B)/tests/test_faults: | $(B)/tests/allocations.so $(B)/tests/quick_png.so
$(B)/tests/allocations.so: tests/faults/marker.h
$(B)/tests/%.so: tests/faults/%.c
	@mkdir -p $(@D)
	@echo "  CC    $@"
	$(Q)$(CC) $(CPPFLAGS) -std=c11 -O1 -g $(WARNINGS) -shared -fPIC -o $@ $<

# What runs under sanitizers is built apart: tests/clean/README.md.
asan: ## build the compiler and the runtime under AddressSanitizer, in build/asan
	$(Q)$(MAKE) B=$(B)/asan OPT=-O1 SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all' $(B)/asan/lathe
tsan: ## build the runtime under ThreadSanitizer, in build/tsan
	$(Q)$(MAKE) B=$(B)/tsan OPT=-O1 SANITIZE=-fsanitize=thread $(B)/tsan/liblathe-f32.a
tidy: $(B)/lathe ## everything that clang-tidy has to say of the sources: minutes
	$(B)/lathe emit tests/reference/torch/conv_vae.lathe -o $(B)/tidy --quiet
	sh tests/clean/tidy.sh $(B) "" compiler/*.c compiler/op/*.c compiler/compare/*.c runtime/*.c $(B)/tidy/*.c
$(B)/tests/test_clean_address: | asan
$(B)/tests/test_clean_threads: | tsan

# COVERED=names of tests: those alone.
coverage: ## what the tests run of compiler and runtime, line by line (gcov); as long as `make test`
	$(Q)find $(B)/coverage -name '*.gcda' -delete 2>/dev/null || true
	$(Q)$(MAKE) B=$(B)/coverage OPT=-O1 SANITIZE=--coverage PREFIX_MAP= \
	  $(if $(COVERED),all $(COVERED:%=$(B)/coverage/tests/%),$(TESTS:$(B)/%=$(B)/coverage/%) shipped examples)
	-$(Q)sh tests/run.sh $(B)/coverage $(if $(COVERED),$(COVERED:%=$(B)/coverage/tests/%),$(TESTS:$(B)/%=$(B)/coverage/%))
	@sh tests/coverage.sh $(B)/coverage

golden: $(TESTS) ## rewrite the expected outputs of the tests, to be read with `git diff`
	UPDATE=1 sh tests/run.sh $(B) $(B)/tests/test_frontend $(B)/tests/test_golden $(B)/tests/test_support
	$(MAKE) generated

references: ## make the fixtures of tests/reference anew, with PyTorch and scikit-learn (PYTHON=one that has them)
	sh tests/reference/make.sh $(B)/references $(PYTHON)

# ---- Speed ----

# Lathe, the machine and its peers in one run; about a quarter of an hour, ROUNDS=1 a few minutes.
ROUNDS ?= 3
EPOCHS ?= $(if $(filter 1,$(ROUNDS)),5,100)
PEERS  ?= $(B)/peers/bin/python
bench: setup ## measure speed beside PyTorch and others (ROUNDS=, EPOCHS=, DATA=, PEERS=a Python that has them)
	$(MAKE) shipped examples $(B)/bench/machine
	@[ "$(PEERS)" != "$(B)/peers/bin/python" ] || sh tests/bench/peers.sh $(B)/peers
	python3 tests/bench/bench.py $(B) --rounds $(ROUNDS) --epochs $(EPOCHS) --peers "$$(command -v $(PEERS))" \
	  --data "$(DATA)" --output tests/bench/RESULTS.md
$(B)/bench/machine: tests/bench/machine.c $(B)/liblathe-f32.a
	@mkdir -p $(@D)
	@echo "  CC    $@"
	$(Q)$(CC) $(CPPFLAGS) $(PKG_CFLAGS) $(CFLAGS) -O3 -march=native $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

# ---- Around it ----

setup: ## install the Debian packages that are missing, or name them
	@sh .ci/setup.sh

$(B)/lathe.1: $(B)/lathe
	$(Q)$< support man > $@
$(B)/lathe.bash: $(B)/lathe
	$(Q)$< completion bash > $@

install: $(B)/lathe $(B)/lathe.1 $(B)/lathe.bash $(RUNTIME) ## install lathe, the runtime, the descriptions, man page, completion (PREFIX=, DESTDIR=)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/lathe $(DESTDIR)$(PREFIX)/include/lathe \
	  $(DESTDIR)$(PREFIX)/share/lathe/models $(DESTDIR)$(PREFIX)/share/man/man1 \
	  $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -m 755 $(B)/lathe $(DESTDIR)$(PREFIX)/bin/
	install -m 644 $(RUNTIME) $(DESTDIR)$(PREFIX)/lib/lathe/
	install -m 755 $(B)/lathe-compare $(DESTDIR)$(PREFIX)/lib/lathe/
	install -m 644 runtime/*.h runtime/target_features.def runtime/optimisers.def runtime/schedules.def $(DESTDIR)$(PREFIX)/include/lathe/
	install -m 644 models/*.lathe $(DESTDIR)$(PREFIX)/share/lathe/models/
	install -m 644 $(B)/lathe.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -m 644 $(B)/lathe.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/lathe
uninstall: ## remove what `make install` put there
	rm -rf $(DESTDIR)$(PREFIX)/bin/lathe $(DESTDIR)$(PREFIX)/lib/lathe $(DESTDIR)$(PREFIX)/include/lathe \
	  $(DESTDIR)$(PREFIX)/share/lathe $(DESTDIR)$(PREFIX)/share/man/man1/lathe.1 \
	  $(DESTDIR)$(PREFIX)/share/bash-completion/completions/lathe

format: ## lay out all C as .clang-format says
	clang-format -i $$(git ls-files 'compiler/*.[ch]' 'runtime/*.[ch]' 'tests/*.[ch]' 'examples/*.[ch]')
clean: ## remove everything built
	rm -rf $(B)
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

-include $(shell find $(B) -name '*.d' 2>/dev/null)
