# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Run QEMU, and tell failures of the emulator from those of the guest. To be
# sourced.

# The line that vm-init logs before it runs the command
started='vm-init: the command starts'

# take_place: wait until fewer machines run than the CPUs of the host can serve,
# and be one of them until this process ends. More of them would only make each
# other late.
take_place() {
	local places=$CACHE/vm-places n place
	mkdir -p "$places"
	while :; do
		for ((n = 0; n < 2 * $(nproc); n++)); do
			exec {place}>"$places/$n"
			if flock -n "$place"; then
				return
			fi
			exec {place}>&-
		done
		sleep 0.5
	done
}

# watch_boot RUN: end the machine if the boot makes no progress
watch_boot() {
	local n
	for ((n = 0; n < 200; n++)); do
		sleep 1
		! grep -qa "$started" "$1/console" 2>/dev/null || return 0
	done
	kill "$(cat "$1/pid")"
}

# boot RUN TIMEOUT PROGRAM MACHINE-ARGUMENT... -- ARGUMENT...: run QEMU to its end.
# The output of the guest's command is printed; the folder RUN gets the kernel log
# (console), the status of the command, if it ended (status), and the errors of
# QEMU (qemu.err).
boot() {
	local run=$1 timeout=$2 program=$3 arguments=() status=0 watcher
	shift 3
	while [ "$1" != -- ]; do
		arguments+=("$1")
		shift
	done
	shift
	rm -f "$run"/{console,status}
	# With -S the machine waits for a debugger
	[[ " $* " == *" -S "* ]] || watch_boot "$run" &
	watcher=$!
	timeout --foreground -k 5 "$timeout" "$program" "${arguments[@]}" \
		-nodefaults -no-user-config -no-reboot -display none -vga none -pidfile "$run/pid" \
		-serial "file:$run/console" \
		-chardev stdio,id=out,signal=off -chardev "file,id=status,path=$run/status" \
		-device virtio-serial-pci,addr=0x1d -device virtconsole,chardev=out \
		-device virtserialport,chardev=status,name=sluice.status \
		-fsdev local,id=root,path=/,security_model=none,readonly=on,multidevs=remap \
		-device virtio-9p-pci,fsdev=root,mount_tag=root,addr=0x1c \
		"$@" </dev/null 2>"$run/qemu.err" || status=$?
	kill "$watcher" 2>/dev/null || true
	wait "$watcher" 2>/dev/null || true
	return "$status"
}

# emulator_failed RUN STATUS: print the reason if the run failed for one that no
# kernel can prevent: QEMU crashed; a CPU ran an instruction while it was being
# patched; the timer of a CPU stopped, and the boot with it.
emulator_failed() {
	local run=$1 status=$2
	if [[ " 132 134 135 136 139 " == *" $status "* ]]; then
		echo "QEMU was ended by SIG$(kill -l "$status")"
	elif grep -qa 'Oops: int3' "$run/console"; then
		echo "a CPU ran an instruction that was being patched"
	elif grep -qa 'vm-init: cannot start cpu' "$run/console"; then
		# The kernel waits ten seconds for it, however busy the host is
		echo "a CPU did not start in time"
	elif [ "$status" -eq 0 ] && ! grep -qaE "$started|Kernel panic|vm-init: " "$run/console"; then
		echo "the boot stood still"
	else
		return 1
	fi
}

# boot_until_valid ...: as boot, and again, up to three times in all, if the
# emulator failed. scripts/lib/check.sh knows the line that says so.
boot_until_valid() {
	local run=$1 again status why
	for again in 1 2 3; do
		status=0
		boot "$@" || status=$?
		why=$(emulator_failed "$run" "$status") || break
		[ "$again" -lt 3 ] || break
		# On a line of its own, even if the machine was in the middle of one
		printf '\nvm: booted again: %s\n' "$why" >&2
	done
	return "$status"
}
