# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# For the suites in scripts/checks/: run tests, print one line for each, count
# them, and close with "N passed, N failed, N skipped". To be sourced.
#
#   check NAME COMMAND...           one test, or a program that reports several
#   prepare NAME COMMAND...         the same, but it runs whatever T says
#   check_tests NAME LIST "PART..." COMMAND...
#                                   a command that runs tests which can be chosen
#   check_kselftests, check_kunit, check_program
#                                   check_tests for each kind of program
#
# T chooses tests (scripts/README.md): a check runs if T matches its name, as a
# regex or literally; otherwise only those of its tests run that T names. Several
# names in T are separated by commas or spaces.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

suite=$(basename "$0")
logs=${CHECK_LOGS:-$TOP/build/check}/$suite
rm -rf "$logs"
mkdir -p "$logs"
passed=0 failed=0 skipped=0

# What T asks for. A comma that a space follows may be part of a check's name.
asked=()
mapfile -t asked < <(tr -d '\n' <<<"${T-}" | sed 's/,\([^ ]\)/\n\1/g' | grep .)
words=${asked[*]-}
words=${words//,/ }
declare -A found=()
: >"$logs/names"

# matches_name NAME: T is empty, or matches the name of a check
matches_name() {
	local pattern status=1
	[ ${#asked[@]} -gt 0 ] || return 0
	echo "$1" >>"$logs/names"
	for pattern in "${asked[@]}"; do
		if [[ $1 == *"$pattern"* ]] || grep -qE -e "$pattern" <<<"$1" 2>/dev/null; then
			found[$pattern]=1
			status=0
		fi
	done
	return $status
}

# choose LIST PART: print PART with those of its tests that T names, as
# PART:TEST,TEST, or nothing. "LIST PART" prints the names of its tests, one per
# line; the name of a test may have several components, separated by full stops, of
# which T needs only the last ones.
choose() {
	local part=$2 name word names=''
	while read -r name; do
		echo "$name" >>"$logs/names"
		for word in $words; do
			[[ .$name == *".$word" ]] || continue
			echo "$word" >>"$logs/words"
			names+=,$name
			break
		done
	done < <("$1" "$part")
	[ -z "$names" ] || echo "${part%%:*}:${names#,}"
}

# check_tests NAME LIST "PART..." COMMAND...: a check that runs COMMAND PART..., where
# a part, such as a test program, has tests. If T chooses some of them, the command
# gets PART:TEST,TEST for each part that has one.
check_tests() {
	local name=$1 list=$2 parts=$3 part some=()
	shift 3
	if matches_name "$name"; then
		# shellcheck disable=SC2086 # each part is an argument
		run_check "$name" "$@" $parts
		return
	fi
	for part in $parts; do
		part=$(choose "$list" "$part")
		[ -z "$part" ] || some+=("$part")
	done
	[ ${#some[@]} -eq 0 ] || run_check "$name" "$@" "${some[@]}"
}

check() {
	local name=$1
	shift
	! matches_name "$name" || run_check "$name" "$@"
}

# With T, only a failure is of interest
prepare() {
	local name=$1 before=$passed
	shift
	if [ ${#asked[@]} -eq 0 ]; then
		run_check "$name" "$@"
	else
		run_check "$name" "$@" >"$logs/prepare" || true
		passed=$before
		! grep -q '^FAILED' "$logs/prepare" || cat "$logs/prepare"
	fi
}

# check_kselftests NAME FOLDER "PROGRAM[:TEST,...]..." COMMAND...: programs of
# tools/testing/selftests/FOLDER
check_kselftests() {
	local name=$1 kselftest_folder=$TOP/build/selftests/$2
	shift 2
	check_tests "$name" list_kselftests "$@"
}
list_kselftests() {
	case $1 in
	*:*) tests_of "$1" | tr ' ' '\n' ;;
	*) "$kselftest_folder/$1" --list ;;
	esac
}

# check_kunit NAME FOLDER "MODULE..." COMMAND...: KUnit modules whose cases are in
# the sources in FOLDER/test
check_kunit() {
	local name=$1 kunit_folder=$TOP/$2/test
	shift 2
	check_tests "$name" list_kunit "$@"
}
list_kunit() {
	sed -nE 's/^\t(KUNIT|PT)_CASE[A-Z_]*\((\w+).*/\2/p' "$kunit_folder"/*.c
}

# check_program NAME PROGRAM: a program of the host that takes names of tests, and
# prints them with --list
check_program() {
	check_tests "$1" list_program "$2" run_program
}
list_program() { "$1" --list; }
run_program() {
	# shellcheck disable=SC2046 # each name is an argument
	"${1%%:*}" $(tests_of "$1")
}

# run_check NAME COMMAND...: run it, count what it reports as KTAP, or its exit status
# (4: skipped), and print the outcome. The output goes to a log of its own, and is
# shown if anything failed. Results from before the emulator failed, and scripts/vm
# booted again, do not count.
run_check() {
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

# says REGEX COMMAND...: the output of the command matches, whatever its status is
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

# nearest NAME: print up to three of the names seen that are most like it, by the
# share of characters that differ
nearest() {
	sort -u "$logs/names" | awk -v name="$1" '
		function min(a, b) { return a < b ? a : b }
		function distance(a, b,   i, j, up, last, row) {
			for (j = 0; j <= length(b); j++)
				row[j] = j
			for (i = 1; i <= length(a); i++) {
				last = row[0]
				row[0] = i
				for (j = 1; j <= length(b); j++) {
					up = row[j]
					row[j] = min(min(up, row[j - 1]) + 1,
						last + (substr(a, i, 1) != substr(b, j, 1)))
					last = up
				}
			}
			return row[length(b)]
		}
		function max(a, b) { return a > b ? a : b }
		{ print distance($0, name) / max(length($0), length(name)) "\t" $0 }' |
		sort -g | head -n 3 | cut -f2-
}

# Each name in T has to be found: print the others, and the names nearest to them
all_found() {
	local pattern word missing=() status=0
	for pattern in "${asked[@]}"; do
		[ -z "${found[$pattern]-}" ] || continue
		missing=()
		for word in ${pattern//,/ }; do
			grep -qsxF -e "$word" "$logs/words" || missing+=("$word")
		done
		[ ${#missing[@]} -gt 0 ] || continue
		[ ${#missing[@]} -lt "$(wc -w <<<"${pattern//,/ }")" ] || missing=("$pattern")
		for word in "${missing[@]}"; do
			echo "FAILED  the suite $suite has no test '$word'; the nearest names are:"
			nearest "$word" | sed 's/^/        /'
			status=1
		done
	done
	return $status
}

finish() {
	local status=$?
	[ "$status" -eq 0 ] || {
		echo "FAILED  the suite $suite stopped early (status $status)"
		failed=$((failed + 1))
	}
	all_found || failed=$((failed + 1))
	# Skipping is no success, unless nothing else was asked for
	[ $((passed + failed)) -gt 0 ] || [ $((skipped * ${#asked[@]})) -gt 0 ] || failed=1
	echo "$suite: $passed passed, $failed failed, $skipped skipped"
	trap - EXIT
	[ "$failed" -eq 0 ] || exit 1
	exit 0
}
trap finish EXIT
