# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What scripts/hardware-test looks for in the kernel log and in the counts of the
# drivers. To be sourced.
# shellcheck disable=SC2154 # hardware-test sets over

# Lines that nobody wants: blocked DMA, as our drivers and the kernel's own say it; a
# unit or a device that does not answer; bugs of the kernel
unwanted='blocked: IOVA|interrupt blocked|DMAR:.*[Ff]ault|AMD-Vi: Event logged'
unwanted+='|IO_PAGE_FAULT|storm of DMA faults|does not answer|cut off:|ATS is no longer used'
unwanted+='|refused, code|DMAR:.*(timeout|timed out)|AMD-Vi:.*(timeout|timed out)'
unwanted+='|nvme.*(I/O.*timeout|timeout.*(aborting|reset)|controller is down)'
unwanted+='|NETDEV WATCHDOG|Hardware Unit Hang|AER:.*error|PCIe Bus Error|Machine [Cc]heck'
unwanted+='|BUG:|WARNING: |Oops|general protection fault|rcu.*stall|soft lockup|hung_task'
unwanted+='|blocked for more than [0-9]+ seconds|I/O error, dev'

# mark_log NAME: what follows in the log belongs to this step
mark_log() {
	faults_before=$(count_of faults)
	mark="hardware-test: step $1, mark $RANDOM$RANDOM"
	echo "<6>$mark" >/dev/kmsg
}

# Print the log since the mark, or all of it if the mark was overwritten
log_since() {
	dmesg | awk -v mark="$mark" 'index($0, mark) { from = NR }
		{ line[NR] = $0 }
		END { for (i = from + 1; i <= NR; i++) print line[i] }'
}

unwanted_lines() { log_since | grep -E "$unwanted"; }

# count_of NAME: print a figure of our driver, of all units together; 0 over the
# kernel's own driver, which does not count
count_of() {
	cat /sys/kernel/debug/{vtd,amdvi}/*/counts 2>/dev/null |
		awk -v name="$1" '$1 == name { sum += $2 } END { print sum + 0 }'
}

# Nothing unwanted has happened since the mark
is_quiet() {
	[ "$(count_of faults)" = "$faults_before" ] && ! unwanted_lines >/dev/null
}

# check_log: the step has failed if something unwanted has happened
check_log() {
	local lines total name
	lines=$(unwanted_lines)
	if [ -n "$lines" ]; then
		total=$(wc -l <<<"$lines")
		bad "$total unwanted lines in the kernel log; the first ones are:"
		head -n 15 <<<"$lines" | while read -r line; do note "  $line"; done
	fi
	total=$(($(count_of faults) - faults_before))
	[ "$total" = 0 ] || bad "$total DMA faults were counted"
	for name in refused timeouts restarts; do
		[ "$(count_of $name)" = 0 ] || bad "$name in debugfs: $(count_of $name), expected 0"
	done
}

# without_names: of the standard input, leave out addresses of networks and what
# looks like one
without_names() {
	sed -E -e 's/\b([0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}\b/(address)/g' \
		-e 's/\b([0-9]{1,3}\.){3}[0-9]{1,3}\b/(address)/g' \
		-e 's/\b([0-9a-fA-F]{1,4}:){5,7}[0-9a-fA-F]{1,4}\b/(address)/g' \
		-e 's/\b([0-9a-fA-F]{1,4}:)*[0-9a-fA-F]{1,4}::([0-9a-fA-F]{1,4}:)*[0-9a-fA-F]{0,4}/(address)/g'
}
