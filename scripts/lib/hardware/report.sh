# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The report of scripts/hardware-test. To be sourced.
# shellcheck disable=SC2154 # hardware-test sets state, steps and over

# Between the results and the saved machine
separator='---- machine ----'

# version: print the commit of the source, and a sign if it was changed
version() {
	git -c safe.directory="$TOP" -C "$TOP" describe --always --dirty --exclude '*' 2>/dev/null || echo unknown
}

# result_of STEP: print passed, failed, skipped, or not done
result_of() {
	head -n 1 "$state/$1.done" 2>/dev/null || echo 'not done'
}

# write_report: all steps so far, of this and former runs
write_report() {
	local step
	{
		echo "Sluice $(version), Linux $(uname -r | grep -oE '^[0-9]+\.[0-9]+\.[0-9]+'), over $over"
		for step in "${steps[@]}"; do
			printf '\n%s: %s\n' "$step" "$(result_of "$step")"
			tail -n +2 "$state/$step.done" 2>/dev/null | sed 's/^/  /'
		done
		if [ -e "$state/machine.saved" ]; then
			printf '\n%s\n' "$separator"
			cat "$state/machine.saved"
		fi
	} >"$state/report.txt"
}

# end_of_run: where the report is; the status is 1 if a step has failed
end_of_run() {
	local step failed=0
	echo
	for step in "${steps[@]}"; do
		printf '     %-10s %s\n' "$step" "$(result_of "$step")"
		[ "$(result_of "$step")" != failed ] || failed=1
	done
	echo "The report is in $state/report.txt. Read it, and send it as Documentation/hardware.md says."
	return $failed
}
