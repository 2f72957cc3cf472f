# SPDX-License-Identifier: GPL-2.0
# Sluice: see README.md. Every target works from a fresh clone.

SHELL := /bin/bash

# The kernel to build for: the running one if it is a 6.12 and its headers are
# installed, otherwise the newest 6.12 whose headers are; or KVER=..., or any
# kernel build folder with KDIR=...
RUNNING ?= $(shell uname -r)
KVER ?= $(shell scripts/lib/default-release /lib/modules $(RUNNING))
KDIR ?= /lib/modules/$(KVER)/build
RELEASE = $(shell cat $(KDIR)/include/config/kernel.release 2>/dev/null)
OUT = $(CURDIR)/build/$(RELEASE)
JOBS ?= $(shell nproc)

# Kbuild writes beside its sources, so it is shown links to them.
LINKED := Kbuild Kconfig drivers include

.PHONY: all modules tools man setup demo check bench lint clean help
all: modules

# PARTS="pt vtd" builds those driver folders only; TESTS=1 also what only tests
# need: mocks, KUnit suites, and the hook in iommufd.ko that a mock works through.
modules:
	@test -n "$(RELEASE)" || { echo "no kernel headers found: run 'make setup'" >&2; exit 1; }
	@test "$(origin KVER)$(origin KDIR)" != filefile -o "$(RELEASE)" = "$(RUNNING)" || \
		echo "building for $(RELEASE); for the running kernel, $(RUNNING), there are no headers here, or it is no 6.12"
	@mkdir -p $(OUT)
	+@flock $(OUT)/lock $(MAKE) --no-print-directory kbuild

.PHONY: kbuild
kbuild:
	@mkdir -p $(OUT)/src
	@cp -rsf $(addprefix $(CURDIR)/,$(LINKED)) $(OUT)/src/
	@find $(OUT)/src -xtype l -delete
	$(MAKE) --no-print-directory -j$(JOBS) -C $(KDIR) M=$(OUT)/src PARTS="$(PARTS)" TESTS="$(TESTS)" modules
	@cd $(OUT)/src && { [ -n "$(PARTS)" ] && find . -name '*.ko' || \
		sed -n 's/\.o$$/.ko/p' modules.order; } | xargs -r cp -pu -t $(OUT)
# Without PARTS, modules of an earlier build go: a mock needs an iommufd.ko that
# was built with TESTS=1 as it was
	@[ -n "$(PARTS)" ] || for ko in $(OUT)/*.ko; do \
		grep -q "/$$(basename $$ko .ko)\.o$$" $(OUT)/src/modules.order || rm -f $$ko; done

tools:
	@$(MAKE) --no-print-directory -C tools OUT=$(CURDIR)/build/tools

# Manual pages, from what each program prints for --help
page = set -o pipefail; $(1) --help | awk -v name=$(2) -v section=$(3) -f man/page.awk >build/man/$(2).$(3)
man: tools
	@mkdir -p build/man
	@$(call page,build/tools/ioasctl,ioasctl,8)
	@$(call page,scripts/vfio-bind,vfio-bind,8)
	@$(call page,scripts/vm,sluice-vm,1)

setup:
	@scripts/setup

.PHONY: setup-demo
setup-demo:
	@scripts/setup demo

demo: setup-demo modules tools
	@scripts/demo

# T="NAME" runs one test; the suites find it in their environment
check: setup
	@scripts/check

check-%: setup
	@scripts/check $*

bench: setup
	@scripts/bench

bench-%: setup
	@scripts/bench $*

lint:
	@scripts/lint

clean:
	rm -rf build

help:
	@sed -n 's/^| `\(make[^`]*\)` | \(.*\) |$$/\1\t\2/p' README.md | expand -t 20
