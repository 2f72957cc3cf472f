# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Steps "machine" and "driver" of scripts/hardware-test. To be sourced.
# shellcheck disable=SC2034,SC2154 # talk.sh reads what about_ sets; hardware-test sets over and step

about_machine() {
	title='what this machine is'
	does='reads the tables of the firmware and the capabilities of the devices, and says
	which way to use Sluice fits.'
	risk='none: it changes nothing, except that it loads msr.ko of your kernel.'
	back='nothing to undo.'
}

run_machine() {
	local ioasctl=$TOP/build/tools/ioasctl verdict
	modprobe -q msr || true
	if ! "$ioasctl" machine >"$state/machine.txt" || ! "$ioasctl" machine --save "$state/machine.saved" 2>/dev/null; then
		bad "'ioasctl machine' failed"
		halt machine
		return
	fi
	sed 's/^/     | /' "$state/machine.txt"
	# The verdict may be wrapped
	verdict=$(sed -n '/^Verdict: /,$p' "$state/machine.txt" | tr -s ' \n' ' ')
	verdict=${verdict% }
	note "$verdict"
	case $verdict in
	*'cannot be used here'*)
		bad "this machine cannot be tested; the report above says why, and the later steps are left out"
		halt machine
		;;
	esac
}

# fitting_driver: print the driver to test over. It may be loaded already.
fitting_driver() {
	local name tables=/sys/firmware/acpi/tables
	for name in vtd amdvi; do
		[ ! -e /sys/module/$name/initstate ] || { echo $name; return; }
	done
	if [ -n "$(ls /sys/class/iommu 2>/dev/null)" ]; then
		echo kernel
	elif [ -e $tables/DMAR ]; then
		echo vtd
	elif [ -e $tables/IVRS ]; then
		echo amdvi
	else
		echo kernel
	fi
}

# load MODULE [OPTION...]: ours from build/, with what they need, others with modprobe
load() {
	local name=$1 need file
	file=$TOP/build/$(uname -r)/$name.ko
	shift
	[ ! -e "/sys/module/$name/initstate" ] || return 0
	if [ ! -e "$file" ]; then
		modprobe "$name" "$@"
		return
	fi
	for need in $(modinfo -F depends "$file" | tr , ' '); do
		load "$need" || return
	done
	insmod "$file" "$@"
}

# need_driver: the driver to test over is there; it may have to be loaded again, since
# the machine was restarted
need_driver() {
	local text
	[ "$over" != kernel ] || return 0
	[ ! -e "/sys/module/$over/initstate" ] || return 0
	# It may have stopped the machine
	if [[ $step != driver && $(result_of driver) == failed ]]; then
		skip "the step driver has failed, and $over.ko is not loaded"
		return 1
	fi
	if ! text=$(load "$over" 2>&1); then
		bad "$over.ko does not load: $text"
		log_since | grep -E "($over|iommu_common|iommu_pt|Lockdown): " | tail -n 5 |
			while read -r line; do note "  $line"; done
		return 1
	fi
}

about_driver() {
	title="the IOMMU driver, with the devices as they are"
	if [ "$over" = kernel ]; then
		does="loads iommufd.ko over the kernel's own IOMMU driver, and watches the kernel log
		for $minutes minutes. Use the machine meanwhile as you always do."
		risk='little: nothing changes for devices.'
	else
		does="loads $over.ko while all devices are in use, and watches the kernel log and the
		counts of the driver for $minutes minutes. Use the machine meanwhile as you always do."
		risk='the screen, a disk or the network may stop working, if the firmware says wrong
		things about the units or a device does DMA that nobody knows of. Save your work, and
		unmount external disks: drivers of external devices are unbound for a moment.'
	fi
	back='restart the machine. Nothing is loaded at boot.'
}

run_driver() {
	local units
	need_driver || { halt driver; return; }
	if [ -z "$(ls /sys/class/iommu 2>/dev/null)" ]; then
		bad "no IOMMU driver is active: 'ioasctl machine' prints the boot line to use"
		halt driver
		return
	fi
	units=$(find /sys/class/iommu/ -mindepth 1 | wc -l)
	note "units: $units; groups: $(find /sys/kernel/iommu_groups/ -mindepth 1 -maxdepth 1 | wc -l)"
	load iommufd || bad "iommufd.ko does not load"
	groups_are
	watch_log
}

# groups_are: list them, and what 'ioasctl machine' says about them
groups_are() {
	local group members=()
	while read -r group; do
		members=("$group/devices"/*)
		note "group ${group##*/}, $(cat "$group/type"): ${members[*]##*/}"
	done < <(printf '%s\n' /sys/kernel/iommu_groups/* | sort -V)
	"$TOP/build/tools/ioasctl" machine | grep 'expected other groups' |
		while read -r line; do note "$line"; done
}

# watch_log: until the time has passed, or something unwanted has happened
watch_log() {
	local end=$((SECONDS + 60 * minutes))
	say "Watching until $(date -d "+$minutes minutes" +%H:%M) ..."
	while [ $SECONDS -lt $end ] && is_quiet; do
		sleep 1
	done
	! is_quiet || note "$minutes minutes without a fault"
}
