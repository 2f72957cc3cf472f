# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What every script here shares; to be sourced.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export TOP
# Slow to make or to fetch, and the same for every clone: keyed by content.
CACHE=${SLUICE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice}
export CACHE

die() {
	echo "${0##*/}: $*" >&2
	exit 2
}

# The release of the kernel that is built for.
default_release() {
	"$TOP/scripts/lib/default-release" ||
		die "no 6.12 kernel headers are installed: run 'make setup'"
}

# release_of FILE: the release that a kernel image says it is. The x86 boot
# protocol keeps the offset of the version string, less 0x200, at 0x20e.
release_of() {
	local at
	at=$(od -An -tu2 -j $((0x20e)) -N2 "$1") || return
	dd if="$1" bs=1 skip=$((at + 0x200)) count=256 status=none |
		sed -nz '1s/ .*//p' | tr -d '\0'
}
