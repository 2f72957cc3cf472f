# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Steps of scripts/hardware-test: what a person is told and asked, and what is kept of
# it. To be sourced.
# shellcheck disable=SC2154 # hardware-test sets state, steps, yes and number
#
# A step NAME is two functions: about_NAME sets title, does, risk and back, and run_NAME
# does it. The latter says what it found with these functions:
#
#   note TEXT   for the report
#   bad TEXT    the step has failed; it may go on
#   skip TEXT   the step does not fit this machine
#
# $state/NAME.running holds what was found so far, and becomes $state/NAME.done with the
# result in its first line: passed, failed or skipped.

# say TEXT...: to the person only, a line each
say() { printf '     %s\n' "$@"; }

# in_lines TEXT: print it in lines that fit a terminal, beside a word
in_lines() {
	{ tr -s '\n\t ' ' ' <<<"$2" && echo; } | fold -s -w 64 | sed -e 's/ *$//' -e '1s/^/x/' -e '2,$s/^/                /' |
		sed "1s/^x/$(printf '     %-10s ' "$1")/"
}

note() {
	say "$1"
	printf '%s\n' "$1" | without_names >>"$running"
}

bad() {
	result=failed
	note "FAILED: $1"
}

# halt NAME: later steps make no sense. The next run does this step again, since the
# boot line or the modules may be other ones then.
halt() {
	stop=1
	: >"$state/$1.again"
}

skip() {
	[ "$result" = failed ] || result=skipped
	note "skipped: $1"
}

# ask QUESTION: yes, or not. Whoever ends the input ends the run.
ask() {
	local answer
	while :; do
		printf '     %s [y/n/q] ' "$1"
		[ -z "$yes" ] || { echo yes; return 0; }
		read -r answer || answer=q
		case $answer in
		[yY]*) return 0 ;;
		[nN]*) return 1 ;;
		[qQ]*) stop=1; return 1 ;;
		esac
	done
}

# ask_text QUESTION: the answer is in answer
ask_text() {
	printf '     %s ' "$1"
	read -r answer || { answer='' stop=1; echo; }
}

# a_person TEXT: somebody is there who can do what TEXT says
a_person() {
	[ -n "$yes" ] || return 0
	skip "$1 needs a person"
	return 1
}

# do_step NAME: tell, ask, run and keep the result
do_step() {
	local title does risk back
	running=$state/$1.running result=passed
	"about_$1"
	printf '\n%d.   %s: %s\n' "$number" "$1" "$title"
	in_lines does "$does"
	in_lines risk "$risk"
	in_lines 'way back' "$back"
	if ! ask "Do it?"; then
		# A failure of a former run stays in the report
		[[ -n $stop || -e $state/$1.done ]] || echo 'skipped, as asked' | keep "$1" skipped
		return
	fi
	rm -f "$state/$1.again"
	boot_id >"$state/boot"
	: >"$running"
	# What is not on the disk is lost if the machine stops
	sync
	mark_log "$1"
	"run_$1"
	check_log
	keep "$1" "$result" <"$running"
	rm -f "$running"
	sync
	say "-> $1: $result"
}

# keep NAME RESULT: the standard input is what was found
keep() {
	{
		echo "$2"
		cat
	} >"$state/$1.done"
}

# forget: remove the files of former runs, and no others
forget() {
	rm -f "$state"/{report.txt,machine.txt,machine.saved,device,boot,start} \
		"$state"/{sum,driver}-????*:??:??.? "$state"/sum-????*:??:??.?-* \
		"$state"/*.{done,running,again}
}

boot_id() { cat /proc/sys/kernel/random/boot_id; }

# was_interrupted: a former run has ended within a step
was_interrupted() {
	local step how
	for step in "${steps[@]}"; do
		[ -e "$state/$step.running" ] || continue
		how='the run was ended during this step'
		[ "$(cat "$state/boot")" = "$(boot_id)" ] ||
			how='the machine stopped, or was restarted, during this step'
		echo "A former run: $step: $how."
		{
			cat "$state/$step.running"
			echo "FAILED: $how"
		} | keep "$step" failed
		[ "$step" != driver ] || : >"$state/driver.again"
		rm "$state/$step.running"
	done
}
