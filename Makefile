# Build, test and check. `make help` lists the targets.
#
#   make BUILD=debug       no optimisation, for a debugger
#   make BUILD=asan test   address + undefined behaviour sanitizers
#   make BUILD=tsan test   thread sanitizer
#   make BUILD=f64  test   double precision: strict gradient checks
#   make test RUN=valgrind run the tests under another program
#   make V=1               show each command
#
# Every BUILD has its own directory under build/, so switching never mixes
# objects; build/contrast is the release program. CFLAGS, CPPFLAGS, LDFLAGS and
# LDLIBS are yours: what the numbers depend on is in CT_CFLAGS, comes after them
# and stays.

BUILD   ?= release
ROOT    ?= build
OUT     := $(ROOT)/$(BUILD)

WARN    := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
           -Wmissing-prototypes -Wvla -Wdouble-promotion -Wno-overlength-strings

# No -ffast-math (it deletes isnan and reorders sums) and no -march=native (the
# program must run on the next machine). fma is written where it is meant, so
# contraction is off. The other two change no value: they let compilers turn
# sqrt and ?: into vector instructions.
CT_CFLAGS := -Iinclude -Isrc -I$(OUT)/gen -MMD -MP -std=c11 -D_POSIX_C_SOURCE=200809L \
             -ffp-contract=off -fno-math-errno -fno-trapping-math
# Nothing of a wider type between two operations. The x87 has no other registers; gcc's -std=c11 widens float to
# double on s390, as glibc's float_t there once said, and this flag (the default of -std=gnu11) ends it.
MACHINE := $(shell $(CC) -dumpmachine)
ifneq ($(filter i386% i486% i586% i686%,$(MACHINE))$(findstring -m32,$(CC)),)
CT_CFLAGS += -msse2 -mfpmath=sse
endif
ifneq ($(filter s390%,$(MACHINE)),)
CT_CFLAGS += -fexcess-precision=fast
endif
CT_LDLIBS := -lm -pthread

# As many jobs as there are processors; make -j1 still means one, and a make within make shares its parent's.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
endif

# One short line per file that is made: $(call make_by,WORD,COMMAND). V=1 shows the command, -s neither.
make_by = $(if $(QUIET),,@echo '  $(1) $@'; )$(2)
QUIET  := $(filter 1,$(V))$(findstring s,$(firstword -$(MAKEFLAGS)))

ifneq ($(words $(ROOT)),1)
$(error ROOT=$(ROOT): make takes a space for the end of a name; choose a folder without one)
endif
MODE_release := -O3 -g
MODE_debug   := -O0 -g
MODE_f64     := -O2 -g -DCT_REAL_DOUBLE
MODE_asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
MODE_tsan    := -O1 -g -fsanitize=thread
# Of the shared library: code that can be loaded anywhere.
MODE_pic     := -O3 -g -fPIC
ifeq ($(MODE_$(BUILD)),)
$(error BUILD=$(BUILD): choose release, debug, asan, tsan, pic or f64)
endif
CFLAGS    ?= $(MODE_$(BUILD))
ifneq ($(filter -Ofast -ffast-math,$(CFLAGS)),)
$(error CFLAGS has $(filter -Ofast -ffast-math,$(CFLAGS)), which changes the numbers; use -O3)
endif
ALL_CFLAGS = $(WARN) $(CPPFLAGS) $(CFLAGS) $(CT_CFLAGS)
# Given CFLAGS replace the mode's optimisation, never what the mode is about.
ifneq ($(filter asan tsan pic f64,$(BUILD)),)
ALL_CFLAGS += $(filter -f% -D%,$(MODE_$(BUILD)))
endif
# Now, before the rules for single files add theirs.
FLAGS := $(CC) $(ALL_CFLAGS) $(LDFLAGS) $(LDLIBS)

LIB_SRC  := $(filter-out src/cli/%,$(wildcard src/*/*.c src/*/*/*.c)) $(filter-out models/first.c,$(wildcard models/*.c)) $(wildcard datasets/*.c)
CLI_SRC  := $(wildcard src/cli/*.c)
TEST_SRC := $(wildcard tests/support/*.c tests/unit/*.c tests/unit/*/*.c)
CASES    := $(patsubst test_%.c,%,$(notdir $(wildcard tests/unit/*/test_*.c)))
LIB_OBJ  := $(LIB_SRC:%.c=$(OUT)/%.o)
CLI_OBJ  := $(CLI_SRC:%.c=$(OUT)/%.o)
TEST_OBJ := $(TEST_SRC:%.c=$(OUT)/%.o)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: all demo playground test check-gradients sanitize faults same-bits coverage mutants bench bench-peers lint clean help FORCE
.PHONY: install uninstall installcheck dist

all: $(OUT)/contrast $(OUT)/first $(OUT)/libcontrast.a ## Build the program, the first page (models/first.c) and the library
ifeq ($(BUILD),release)
	@ln -sf release/contrast $(ROOT)/contrast
	@ln -sf release/first $(ROOT)/first
	@ln -sf release/libcontrast.a $(ROOT)/libcontrast.a
endif

demo: all ## Build, then show the collapse and its fix with numbers measured here
	@$(OUT)/contrast demo

playground: ## Write build/playground.html: the same engine in a browser. Fetches the compiler's parts if missing
	@CLANG='$(CLANG)' sh tests/support/get-wasm.sh
	@$(MAKE) --no-print-directory $(PAGE)
	@$(MAKE) --no-print-directory all
	@echo "$(PAGE): open it in a browser; '$(OUT)/contrast playground' writes it too"

test: $(OUT)/tests/run ## Run every unit test; T=normalize runs one case. Fetches Check if missing
	$(if $(T),CK_RUN_CASE=$(T)) $(RUN) $(OUT)/tests/run

check-gradients: ## Check every gradient in double precision
	@$(MAKE) --no-print-directory BUILD=f64 test

sanitize: ## Run every unit test under the address and thread sanitizers
	@$(MAKE) --no-print-directory BUILD=asan test
	@$(MAKE) --no-print-directory BUILD=tsan test

faults: all ## Fail or kill each allocation and each system call of each command: half an hour
	@FAULTS=all sh tests/faults/every.sh $(OUT)/contrast
	@sh tests/faults/save.sh $(OUT)/contrast
	@sh tests/faults/order.sh $(OUT)/contrast

same-bits: all ## Train with every loss and recipe on each compiler, level, machine and number of threads that is there; compare
	@BITS=all sh tests/system/same-bits.sh $(OUT)/contrast

coverage: ## Run all unit and system tests, say what they run of each folder; T="NAME ..." runs these system tests
	@+CC='$(CC)' sh tests/coverage/run.sh $(T)

mutants: ## Change one token, run the tests, 300 times: which changes do they miss? SEED= COUNT= ONLY=FOLDER JOBS=
	@$${PYTHON:-python3} tests/mutants/mutants.py $(if $(SEED),--seed $(SEED)) $(if $(COUNT),--count $(COUNT)) $(if $(ONLY),--only '$(ONLY)') $(if $(JOBS),--jobs $(JOBS)) $(if $(UNITS),--units)

bench: $(OUT)/bench ## Build build/bench: how fast this machine does what training does
ifeq ($(BUILD),release)
	@ln -sf release/bench $(ROOT)/bench
endif

bench-peers: all bench ## Measure with NumPy and PyTorch in turns, if they are there; KANN=FOLDER adds KANN, JSON=FILE keeps the table
	@$${PYTHON:-python3} tests/bench/peers.py $(OUT)/contrast $(OUT)/bench $(if $(JSON),--json $(JSON)) $(if $(ONLY),--only $(ONLY)) $(if $(KANN),--kann $(KANN))

lint: $(LIB_OBJ) $(CLI_OBJ) ## Check layers, sizes, habits, headers and symbols (src/README.md)
	@sh tests/lint/layers.sh
	@sh tests/lint/sizes.sh
	@sh tests/lint/habits.sh
	@sh tests/lint/prose.sh
	@CC='$(CC)' sh tests/lint/headers.sh
	@sh tests/lint/symbols.sh $(OUT)
	@CC='$(CC)' sh tests/lint/test.sh

# ---- install: the directory variables of the GNU standards, and DESTDIR for packages ----

prefix      ?= /usr/local
exec_prefix ?= $(prefix)
bindir      ?= $(exec_prefix)/bin
libdir      ?= $(exec_prefix)/lib
includedir  ?= $(prefix)/include
datarootdir ?= $(prefix)/share
mandir      ?= $(datarootdir)/man
INSTALL     ?= install

said     = $(shell sed -n 's/.*$(1) *"\(.*\)"/\1/p' include/contrast/contrast.h)
VERSION  := $(call said,CT_VERSION)
RELEASED := $(call said,CT_RELEASED)
MAJOR   := $(firstword $(subst ., ,$(VERSION)))
# Others see ct_* and nothing else of the library.
ifeq ($(shell uname),Darwin)
SO       := libcontrast.$(MAJOR).dylib
SO_LINK  := libcontrast.dylib
SO_FLAGS  = -dynamiclib -install_name $(libdir)/$(SO) -exported_symbol '_ct_*'
else
SO       := libcontrast.so.$(MAJOR)
SO_LINK  := libcontrast.so
SO_FLAGS  = -shared -Wl,-soname,$(SO) -Wl,--version-script=$@.names
endif

$(OUT)/$(SO): $(LIB_OBJ) $(OUT)/objects
	@echo '{ global: ct_*; local: *; };' > $@.names
	$(call make_by,LD,$(CC) $(ALL_CFLAGS) $(LDFLAGS) $(SO_FLAGS) -o $@ $(LIB_OBJ) $(LDLIBS) $(CT_LDLIBS))

# What is made for the installation: by the program, whose texts and tables parse the command line, and of
# the first sentence of each header.
MADE := $(OUT)/install
$(MADE)/%: $(OUT)/contrast
	@mkdir -p $(@D)
	@$(OUT)/contrast help $* > $@
$(MADE)/libcontrast: $(wildcard include/contrast/*.h) Makefile
	@mkdir -p $(@D)
	@awk -v title='.TH LIBCONTRAST 3 "$(RELEASED)" "contrast $(VERSION)"' ' \
	    function put(n, i) { \
	        sub(/ *\*\/$$/, "", text); gsub(/-/, "\\-", text); n = split(text, word); text = ""; \
	        for (i = 1; i <= n; i++) printf "%s%s", word[i], i == n || i % 8 == 0 ? "\n" : " " } \
	    BEGIN { print title; print ".SH NAME\nlibcontrast \\- towers, losses and measures of contrast\n.SH SYNOPSIS"; \
	        print ".nf\n#include <contrast/contrast.h>\ncc program.c $$(pkg\\-config \\-\\-cflags \\-\\-libs contrast)\n.fi"; \
	        print ".SH DESCRIPTION\nEach header says what its subject is, with shapes, errors and ownership." } \
	    FNR == 1 { put(); print ".TP\n.B contrast/" $$2; text = $$0; sub(/^.* -- /, "", text); more = 1; next } \
	    more && text !~ /[.?]$$|\*\/$$/ && /^ \* / { text = text " " substr($$0, 4); next } \
	    { more = 0 } \
	    END { put(); print ".SH SEE ALSO\n.BR contrast (1)" }' $(filter %.h,$^) > $@
$(MADE)/contrast.pc: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' 'Name: contrast' 'Description: contrastive learning in plain C' 'Version: $(VERSION)' \
	    'Cflags: -I$(includedir)' 'Libs: -L$(libdir) -lcontrast' 'Libs.private: $(CT_LDLIBS)' > $@

# mode:source:destination of each file.
FILES = 755:$(OUT)/contrast:$(bindir)/contrast 644:$(OUT)/libcontrast.a:$(libdir)/libcontrast.a \
    755:$(ROOT)/pic/$(SO):$(libdir)/$(SO) 644:$(MADE)/contrast.pc:$(libdir)/pkgconfig/contrast.pc \
    $(foreach h,$(wildcard include/contrast/*.h),644:$h:$(includedir)/contrast/$(notdir $h)) \
    644:$(MADE)/manual:$(mandir)/man1/contrast.1 644:$(MADE)/recipe-manual:$(mandir)/man5/contrast-recipe.5 \
    644:$(MADE)/libcontrast:$(mandir)/man3/libcontrast.3 \
    644:$(MADE)/bash:$(datarootdir)/bash-completion/completions/contrast \
    644:$(MADE)/zsh:$(datarootdir)/zsh/site-functions/_contrast \
    644:$(MADE)/fish:$(datarootdir)/fish/vendor_completions.d/contrast.fish
part = $(word $(1),$(subst :, ,$(2)))

install: all $(addprefix $(MADE)/,manual recipe-manual libcontrast bash zsh fish contrast.pc) ## Install all of it under prefix=/usr/local (DESTDIR and the GNU variables)
	@+$(MAKE) --no-print-directory BUILD=pic $(ROOT)/pic/$(SO)
	@set -e; $(foreach f,$(FILES),mkdir -p $(dir $(DESTDIR)$(call part,3,$f)); \
	    $(INSTALL) -m $(call part,1,$f) $(call part,2,$f) $(DESTDIR)$(call part,3,$f);)
	@ln -sf $(SO) $(DESTDIR)$(libdir)/$(SO_LINK)
	@echo "installed under $(DESTDIR)$(prefix)"

uninstall: ## Remove what install wrote
	rm -f $(foreach f,$(FILES),$(DESTDIR)$(call part,3,$f)) $(DESTDIR)$(libdir)/$(SO_LINK)
	@rmdir $(DESTDIR)$(includedir)/contrast 2>/dev/null || true

installcheck: ## Build programs in C and C++ against what is installed, shared and static
	@CC='$(CC)' CXX='$(CXX)' PKG_CONFIG_PATH=$(DESTDIR)$(libdir)/pkgconfig PKG_CONFIG_SYSROOT_DIR=$(DESTDIR) \
	    sh tests/support/installed.sh $(DESTDIR)$(bindir)/contrast $(DESTDIR)$(libdir)

dist: ## Write build/contrast-VERSION.tar.gz: the same bytes of the same commit
	@mkdir -p $(ROOT)
	@git archive --format=tar --prefix=contrast-$(VERSION)/ HEAD | gzip -n9 > $(ROOT)/contrast-$(VERSION).tar.gz
	@echo $(ROOT)/contrast-$(VERSION).tar.gz

clean: ## Remove everything that make created
	rm -rf $(ROOT)

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

# Rewrite $@ only if it does not hold $(1) yet: what depends on it is then remade.
keep = +@mkdir -p $(@D); printf '%s\n' '$(1)' | cmp -s - $@ || printf '%s\n' '$(1)' > $@

# Another compiler, other flags or a deleted file remake what they touch.
$(OUT)/flags: FORCE
	$(call keep,$(subst ','\'',$(FLAGS)))
$(OUT)/objects: FORCE
	$(call keep,$(LIB_OBJ))

$(OUT)/libcontrast.a: $(LIB_OBJ) $(OUT)/objects
	@rm -f $@
	$(call make_by,AR,$(AR) rcs $@ $(LIB_OBJ))

$(OUT)/contrast: $(CLI_OBJ) $(OUT)/libcontrast.a
	$(call make_by,LD,$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(CT_LDLIBS))

# The list of test cases comes from the file names: tests/unit/*/test_NAME.c
# defines NAME_case(), and no test can be forgotten.
$(OUT)/tests/cases.h: FORCE
	$(call keep,$(patsubst %,X(%),$(CASES)))

# Once a directory, before the first test is compiled.
$(OUT)/tests/have-check:
	@CC='$(CC)' sh tests/support/get-check.sh
	@mkdir -p $(@D) && touch $@
$(TEST_OBJ): | $(OUT)/tests/have-check

CHECK_CFLAGS = $(shell pkg-config --cflags check 2>/dev/null)
# A static Check needs others, which pkg-config knows; without it, those that are here.
CHECK_LIBS   = $(shell pkg-config --libs check 2>/dev/null || { echo -lcheck; for l in subunit rt; do \
    echo 'int main(void) { return 0; }' | $(CC) -xc - -l$$l -o /dev/null 2>/dev/null && echo -l$$l; done; })

# Files that the program carries. Each becomes a C string in a header of its own name:
#     static const char CSS[] =
#     #include "src/show/page.css.h"
#     ;
# Trigraphs are alive in C11, so a question mark is escaped too.
ASSETS := $(wildcard models/recipes/*.ini models/*.py src/*/*.css src/*/*.js src/*/*.html src/*/*/*.txt)
$(OUT)/gen/%.h: % Makefile
	@mkdir -p $(@D)
	@sed -e 's/["\\?]/\\&/g' -e 's/^/"/' -e 's/$$/\\n"/' $< > $@
# Before the first compilation; after it the compiler's own list of headers decides.
$(LIB_OBJ) $(CLI_OBJ): | $(ASSETS:%=$(OUT)/gen/%.h)

# Tables of them, {name, text}: the header gen/$(1).h for the source $(2), of the files $(3).
define TABLE
$(OUT)/gen/$(1).h: $(3) Makefile
	@mkdir -p $$(@D)
	@printf '{"%s",\n#include "%s.h"\n},\n' $(foreach f,$(3),$(basename $(notdir $f)) $f) > $$@
$(OUT)/$(2:.c=.o): $(OUT)/gen/$(1).h
endef
$(eval $(call TABLE,train/recipes,src/train/recipe.c,$(filter %.ini,$(ASSETS))))
$(eval $(call TABLE,lab/lessons,src/lab/lessons/lesson.c,$(filter src/lab/lessons/%,$(ASSETS))))
$(eval $(call TABLE,cli/help,src/cli/options.c,$(filter src/cli/help/%,$(ASSETS))))

# The playground: the library without what needs a system, as WebAssembly, in one page. No loop
# may become a vector by joining neighbouring statements: clang 14 then gives other numbers.
CLANG    ?= clang
PAGE     := $(ROOT)/playground.html
WASM     := $(ROOT)/wasm/contrast.wasm
WASM_SRC := src/lab/descent.c $(filter-out src/lab/% src/show/% src/kernels/avx% src/platform/terminal.c src/train/run.c,$(LIB_SRC))
WASM_CC   = $(CLANG) --target=wasm32-wasi -mexec-model=reactor -msimd128 -fno-slp-vectorize -O3 $(filter-out -MMD -MP,$(CT_CFLAGS)) \
            -Wl,-s -Wl,-z,stack-size=2097152 $(addprefix -Wl$(comma)--export=,$(1)) -o $@
WASM_FUN  = ct_alloc ct_free $(sort $(shell grep -o 'ct_web_[a-z_]*[a-z]' src/web/web.h))
comma    := ,
$(WASM): $(WASM_SRC) $(wildcard include/contrast/*.h src/*/*.h datasets/*.h) $(filter %.ini,$(ASSETS)) Makefile | $(OUT)/src/train/recipe.o
	@mkdir -p $(@D)
	$(call make_by,CLANG,$(call WASM_CC,$(WASM_FUN)) $(WASM_SRC))
# The test of its fused multiply-add, for tests/browser/playground.py.
$(ROOT)/wasm/fma.wasm: tests/browser/fma.c $(wildcard src/kernels/*.[ch]) Makefile
	@mkdir -p $(@D)
	$(call make_by,CLANG,$(call WASM_CC,wrong) $< $(filter src/kernels/% src/platform/%,$(WASM_SRC)))

# A line of page.html that is @PATH@ becomes that file.
PARTS := src/show/picture.css src/show/page.css src/web/page.css src/web/engine.js src/web/worker.js $(addprefix src/web/,draw.js lessons.js phases.js free.js page.js)
$(PAGE): src/web/page.html $(PARTS) $(WASM)
	@gzip -9nc $(WASM) | base64 > $(ROOT)/wasm/contrast.wasm.gz
	@sed $(foreach p,$(PARTS) $(ROOT)/wasm/contrast.wasm.gz,-e '\|^@$(patsubst $(ROOT)/%,%,$p)@$$|{r $p' -e 'd}') $< > $@

# The program carries the page if there is one; without it the header holds nothing.
$(OUT)/gen/cli/playground.h: FORCE
	@mkdir -p $(@D)
	@{ if [ -f $(PAGE) ]; then sed -e 's/["\\?]/\\&/g' -e 's/^/"/' -e 's/$$/\\n"/' $(PAGE); fi; echo; } > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@
$(OUT)/src/cli/playground.o: $(OUT)/gen/cli/playground.h

$(OUT)/tests/run: $(TEST_OBJ) $(OUT)/libcontrast.a
	$(call make_by,LD,$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(CHECK_LIBS) $(LDLIBS) $(CT_LDLIBS))

$(OUT)/first: $(OUT)/models/first.o $(OUT)/libcontrast.a
	$(call make_by,LD,$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(CT_LDLIBS))

$(OUT)/bench: $(OUT)/tests/bench/bench.o $(OUT)/libcontrast.a
	$(call make_by,LD,$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(CT_LDLIBS))

$(OUT)/tests/unit/main.o: $(OUT)/tests/cases.h
$(OUT)/tests/%.o: CT_CFLAGS += -Itests/support -I$(OUT)/tests $(CHECK_CFLAGS)
# Check's macros make an empty variadic argument, which -Wpedantic dislikes.
$(OUT)/tests/%.o: CT_CFLAGS += -Wno-pedantic -Wno-variadic-macros -Wno-missing-prototypes

$(OUT)/%.o: %.c $(OUT)/flags Makefile
	@mkdir -p $(@D)
	$(call make_by,CC,$(CC) $(ALL_CFLAGS) -c -o $@ $<)

# One body of kernels, compiled once for each instruction set, chosen at start. A quarter of
# its compile time would go to where each variable is after each step: lines are enough.
ifeq ($(BUILD),release)
$(patsubst %,$(OUT)/src/kernels/%.o,portable avx2 avx512): CT_CFLAGS += $(if $(filter -g,$(CFLAGS)),-g1)
endif
# tests/coverage/run.sh: no counting in the loops that take the time.
$(OUT)/src/kernels/%.o: CT_CFLAGS += $(KERNEL_CFLAGS)
ifneq ($(findstring x86_64,$(MACHINE)),)
$(OUT)/src/kernels/avx2.o: CT_CFLAGS += -mavx2 -mfma
$(OUT)/src/kernels/avx512.o: CT_CFLAGS += -mavx512f -mavx512vl -mavx512dq -mavx512bw -mavx2 -mfma -mprefer-vector-width=512
endif

-include $(LIB_OBJ:.o=.d) $(CLI_OBJ:.o=.d) $(TEST_OBJ:.o=.d) $(OUT)/tests/bench/bench.d $(OUT)/models/first.d
