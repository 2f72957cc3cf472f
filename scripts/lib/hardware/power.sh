# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Step "sleep" of scripts/hardware-test. To be sourced.
# shellcheck disable=SC2034,SC2154 # talk.sh reads what about_ sets

about_sleep() {
	title="sleep and wake up, $rounds times in each way"
	does='puts the machine to sleep, as closing the lid of a laptop does (s2idle, deep), with an
	alarm of its clock 20 seconds later. After each time it reads the spare disk, if there is
	one. Leave a video running, to keep the graphics busy.'
	risk='the machine may not wake up, or come back without a screen, disk or network. Save
	your work, and close everything.'
	back='hold the power button until the machine is off, start it, and run hardware-test again:
	it notes what happened, and goes on with the next step.'
}

run_sleep() {
	local alarm=/sys/class/rtc/rtc0/wakealarm way round ways
	need_driver || return
	# s2idle [deep]
	ways=$(tr -d '[]' </sys/power/mem_sleep 2>/dev/null)
	[ -n "$ways" ] || { skip "this machine cannot sleep"; return; }
	[ -w $alarm ] || { skip "the clock of this machine has no alarm, so it would not wake up"; return; }
	# It is of help, but not needed
	[ -z "$(cat "$state/device" 2>/dev/null)$device" ] || spare || device=''
	for way in $ways; do
		[ "$way" != shallow ] || continue
		for ((round = 1; round <= rounds; round++)); do
			sleep_once "$way" $alarm || return
			[ -z "$device" ] || works "after round $round of $way" || return
			is_quiet || return
		done
		note "$rounds times $way"
	done
}

# sleep_once WAY ALARM
sleep_once() {
	local was
	was=$(grep -oE '\[[^]]*' /sys/power/mem_sleep | tr -d '[')
	sync
	echo "$1" >/sys/power/mem_sleep
	echo 0 >"$2"
	echo +20 >"$2"
	if ! echo mem >/sys/power/state; then
		bad "the machine refuses to sleep ($1)"
		echo "$was" >/sys/power/mem_sleep
		return 1
	fi
	echo "$was" >/sys/power/mem_sleep
}
