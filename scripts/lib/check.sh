# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# For the suites in scripts/checks/: run tests, show one line for each, count
# them, and close with "N passed, N failed, N skipped". To be sourced.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

suite=$(basename "$0")
logs=$TOP/build/check/$suite
rm -rf "$logs"
mkdir -p "$logs"
passed=0 failed=0 skipped=0

# check NAME COMMAND...: a test, or a program that reports several as KTAP.
# The output goes to a log of its own, and is shown if anything failed. What was
# counted before the emulator failed, and scripts/vm booted again, is void.
check() {
	local name=$1 status=0 log ran again good bad skip began=$SECONDS
	shift
	log=$logs/$(tr -cs 'A-Za-z0-9\n' _ <<<"$name").log
	"$@" >"$log" 2>&1 || status=$?
	ran=$(awk '/^vm: booted again: / { text = ""; next }
		{ text = text $0 "\n" } END { printf "%s", text }' "$log")
	again=$(sed -n 's/^vm: \(booted again: .*\)/, \1/p' "$log" | tr -d '\n')
	skip=$(grep -cE '^ok [0-9]+.*# SKIP' <<<"$ran")
	good=$(($(grep -cE '^ok [0-9]+' <<<"$ran") - skip))
	bad=$(grep -cE '^not ok [0-9]+' <<<"$ran")
	if [ $((good + bad + skip)) -eq 0 ]; then
		case $status in
		0) good=1 ;;
		4) skip=1 status=0 ;;
		*) bad=1 ;;
		esac
	elif [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
		bad=1
	fi
	passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skip))
	if [ "$bad" -ne 0 ]; then
		printf 'FAILED  %s (%d of %d, status %d, %d s)\n' "$name" "$bad" \
			$((good + bad)) "$status" $((SECONDS - began))
		tail -n 40 "$log" | sed 's/^/        /'
	else
		printf 'ok      %s (%d%s, %d s%s)\n' "$name" "$good" \
			"$([ "$skip" -eq 0 ] || echo ", $skip skipped")" $((SECONDS - began)) "$again"
	fi
}

# says REGEX COMMAND...: the command's output must match, whatever its status.
says() {
	local regex=$1 text
	shift
	text=$("$@" 2>&1) || true
	echo "$text"
	grep -qE "$regex" <<<"$text" || {
		echo "expected: $regex"
		return 1
	}
}

finish() {
	local status=$?
	[ "$status" -eq 0 ] || {
		echo "FAILED  the suite $suite stopped early (status $status)"
		failed=$((failed + 1))
	}
	[ "$passed" -gt 0 ] || failed=$((failed + 1))
	echo "$suite: $passed passed, $failed failed, $skipped skipped"
	trap - EXIT
	[ "$failed" -eq 0 ] || exit 1
	exit 0
}
trap finish EXIT
