# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Judge a run of a virtual machine. To be sourced.

# Lines by which a kernel reports a bug of its own
reports='WARNING: |BUG: |KASAN|UBSAN: |Oops|general protection|INFO: (task|trying|possible|suspicious|inconsistent|lockdep)|possible (circular|recursive|irq lock)|inconsistent lock state|suspicious RCU|Bad page|stall(s|ed) on|soft lockup|unreferenced object|new suspected memory leaks|Kernel panic|refcount_t:'

# reports_in LOG EXPECT: print those that do not match the regex EXPECT, numbered
reports_in() {
	grep -naE "$reports" "$1" | grep -vaE 'kasan: KernelAddressSanitizer' |
		{ [ -n "$2" ] && grep -vaE "$2" || cat; } || true
}

# verdict RUN STATUS TIMEOUT EXPECT: the exit status of scripts/vm, for a QEMU that
# ended with STATUS. A report of the kernel counts before anything that the command
# returned.
verdict() {
	local run=$1 status=$2 timeout=$3 found
	found=$(reports_in "$run/console" "$4")
	if [ -n "$found" ]; then
		echo "vm: the kernel reported:" >&2
		tail -n +"$(head -n1 <<<"$found" | cut -d: -f1)" "$run/console" | head -n 60 >&2
		return 124
	fi
	if [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then
		echo "vm: still running after $timeout s; the last lines of its log:" >&2
		tail -n 15 "$run/console" >&2
		return 123
	fi
	if [ ! -s "$run/status" ]; then
		echo "vm: the machine stopped before the command ended (QEMU: $status)" >&2
		cat "$run/qemu.err" >&2
		tail -n 15 "$run/console" 2>/dev/null >&2
		return 122
	fi
	return "$(cat "$run/status")"
}
