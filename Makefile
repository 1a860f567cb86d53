# The verbs of tiphys. Each variant is a Meson build folder below build/.
SHELL := /bin/sh
JOBS ?= $(shell nproc)
MESON_QUIET = >build/setup.log 2>&1 || { cat build/setup.log; exit 1; }

.PHONY: all run repositories simulate test bench crash conformance golden lint-corpus surface fuzz fmt lint release debug faults tsan clean

all: packages-build build/release/build.ninja
	@ninja -C build/release -j $(JOBS) --quiet src/daemon/tiphys src/pods/shim/tiphys-shim
	@ln -sf release/src/daemon/tiphys build/tiphys
	@ln -sf release/src/pods/shim/tiphys-shim build/tiphys-shim

release: all

debug: packages-test build/debug/build.ninja
	@ninja -C build/debug -j $(JOBS) --quiet

faults: packages-test build/faults/build.ninja
	@ninja -C build/faults -j $(JOBS) --quiet src/daemon/tiphys src/pods/shim/tiphys-shim

tsan: packages-test build/tsan/build.ninja
	@ninja -C build/tsan -j $(JOBS) --quiet

run: all
	@tools/install-packages run
	@tools/demo

test: packages-test
	@tools/test

bench: all packages-test
	@tools/bench

crash: faults all
	@tools/install-packages run
	@tools/crash

conformance: all packages-test
	@TIPHYS_CONFORMANCE=$${TIPHYS_CONFORMANCE:-../shared} sh -c 'tools/conformance; code=$$?; tools/e2e && exit $$code'

repositories: all packages-test
	@tools/install-packages repositories
	@tools/repositories $(KIND)

simulate: packages-test build/gcc/build.ninja
	@ninja -C build/gcc -j $(JOBS) --quiet src/workflows/engine/simulate
	@build/gcc/src/workflows/engine/simulate --seeds $(or $(SEEDS),1000) --first $(or $(FIRST),1)

golden: packages-test build/gcc/build.ninja
	@tools/golden $(if $(V),-v) $(DIR)

lint-corpus: all
	@tools/lint-corpus $(if $(V),-v) $(WORDS)

surface: all
	@TIPHYS_CONFORMANCE=$${TIPHYS_CONFORMANCE:-../shared} tools/surface

fuzz: packages-test build/fuzz/build.ninja
	@ninja -C build/fuzz -j $(JOBS) --quiet
	@tools/fuzz

fmt: packages-test
	@git ls-files 'src/*.[ch]' 'fuzz/*.[ch]' 'bench/*.[ch]' 'tests/*.[ch]' | xargs clang-format -i

lint: packages-test
	@tools/lint

clean:
	rm -rf build

.PHONY: packages-build packages-test
packages-build:
	@tools/install-packages build
packages-test: packages-build
	@tools/install-packages run test

# Shape of each variant. The release is what users run; debug and gcc are gates; faults has crash points in it.
build/release/build.ninja:
	@mkdir -p build
	@CC=gcc CXX=g++ meson setup build/release --buildtype=release -Dhardened=true -Dtests=disabled $(MESON_QUIET)
build/debug/build.ninja:
	@mkdir -p build
	@CC=clang CXX=clang++ meson setup build/debug -Db_sanitize=address,undefined -Db_lundef=false \
	    -Dfaults=true --werror -Dtests=enabled $(MESON_QUIET)
build/gcc/build.ninja:
	@mkdir -p build
	@CC=gcc CXX=g++ meson setup build/gcc --buildtype=debugoptimized -Dhardened=true --werror -Dtests=enabled $(MESON_QUIET)
build/faults/build.ninja:
	@mkdir -p build
	@CC=gcc CXX=g++ meson setup build/faults --buildtype=debugoptimized -Dfaults=true -Dtests=disabled $(MESON_QUIET)
build/tsan/build.ninja:
	@mkdir -p build
	@CC=clang CXX=clang++ meson setup build/tsan -Db_sanitize=thread -Db_lundef=false -Dtests=enabled $(MESON_QUIET)
build/fuzz/build.ninja:
	@mkdir -p build
	@CC=clang CXX=clang++ meson setup build/fuzz --buildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false -Dfuzz=true \
	    -Dtests=disabled $(MESON_QUIET)
