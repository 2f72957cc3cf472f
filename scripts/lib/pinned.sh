# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# For what runs inside a virtual machine: how many pages are pinned. To be
# sourced.

# What each CPU has counted is added up every second, or now.
pinned() {
	echo 1 >/proc/sys/vm/stat_refresh
	awk '/^nr_foll_pin_acquired/ { a = $2 } /^nr_foll_pin_released/ { r = $2 }
		END { print a - r }' /proc/vmstat
}
