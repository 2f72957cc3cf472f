# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# For all scripts. To be sourced.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export TOP
# Files that are slow to build or to fetch. All clones share them, since their
# names depend on their content.
CACHE=${SLUICE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice}
export CACHE

die() {
	echo "${0##*/}: $*" >&2
	exit 2
}

# tests_of PROGRAM[:TEST,...]: print the names of the tests, if there are any
tests_of() {
	case $1 in
	*:*) tr , ' ' <<<"${1#*:}" ;;
	esac
}

# Print the release of the kernel to build for
default_release() {
	"$TOP/scripts/lib/default-release" ||
		die "no 6.12 kernel headers are installed: run 'make setup'"
}

# release_of FILE: print the release of a kernel image. In the x86 boot protocol the
# word at 0x20e is the offset of the version string, less 0x200.
release_of() {
	local at
	at=$(od -An -tu2 -j $((0x20e)) -N2 "$1") || return
	dd if="$1" bs=1 skip=$((at + 0x200)) count=256 status=none |
		sed -nz '1s/ .*//p' | tr -d '\0'
}

# within SECONDS COMMAND...: repeat it until it succeeds. The limit is for what
# hangs; the speed of the machine is not known.
within() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.1
	done
}
