# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# For scripts that run inside a virtual machine. To be sourced.

. "$TOP/scripts/lib/common.sh"
cd "$TOP" || exit

# run_programs FOLDER PROGRAM[:TEST,...]...: run programs of
# tools/testing/selftests/FOLDER one after the other, each with all of its tests or
# only those named. The status is 1 if one of them fails.
run_programs() {
	local folder=$1 program status=0
	shift
	for program; do
		# shellcheck disable=SC2046 # each test is an argument
		"build/selftests/$folder/${program%%:*}" $(tests_of "$program") || status=1
	done
	return $status
}
