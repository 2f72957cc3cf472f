# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# For scripts that run inside a virtual machine: count pinned pages. To be sourced.

# Print the number of pinned pages. The kernel adds up the counts of the CPUs every
# second; stat_refresh makes it do so now.
pinned() {
	echo 1 >/proc/sys/vm/stat_refresh
	awk '/^nr_foll_pin_acquired/ { a = $2 } /^nr_foll_pin_released/ { r = $2 }
		END { print a - r }' /proc/vmstat
}
