# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Groups of devices, and the ACS controls of the ports above them. To be sourced.
# shellcheck disable=SC2154 # use_unit sets module

# acs ADDRESS: print the offset of the ACS control register of a port
acs() {
	local config=/sys/bus/pci/devices/$1/config at=$((0x100)) header
	while [ $at -ne 0 ]; do
		header=$(od -An -tu4 -j$at -N4 "$config")
		[ $((header & 0xffff)) -ne 13 ] || { echo $((at + 6)); return; }
		at=$((header >> 20))
	done
	die "$1 has no ACS"
}
acs_control() { od -An -tx2 -j"$(acs "$1")" -N2 "/sys/bus/pci/devices/$1/config" | tr -d ' '; }

# groups now|late PORT...: print the devices in the group of each device, one line
# for each. LOAD=1: load the driver first. late: the ports are found after that.
# The disk of NVME0 has a virtual function.
do_groups() {
	local when=$1 disk=/sys/bus/pci/devices/0000:01:00.0 port device
	shift
	[ "$when" = now ] || for port; do echo 1 >"/sys/bus/pci/devices/$port/remove"; done
	[ -z "${LOAD-}" ] || modprobe "$module" || die "$module.ko cannot be loaded"
	[ "$when" = now ] || echo 1 >/sys/bus/pci/rescan
	modprobe nvme
	within 240 [ -e $disk/driver ] || die "the disk has no driver"
	echo 0 >$disk/sriov_drivers_autoprobe
	echo 1 >$disk/sriov_numvfs
	for port; do echo "ACS control of $port: $(acs_control "$port")"; done
	for device in /sys/bus/pci/devices/*; do
		printf 'group: %s: %s\n' "${device##*/}" "$(cd "$device/iommu_group/devices" && echo *)"
	done
	dmesg | grep "$module: .*ACS" || true
}

# stays-awake PORT: a driver that has enabled ACS in a port counts as a user of it,
# so that run-time power management does not suspend the port. QEMU's ports cannot
# be suspended, so the count is looked at.
do_stays_awake() {
	local users=/sys/bus/pci/devices/$1/power/runtime_usage before
	before=$(cat "$users")
	modprobe "$module" || die "$module.ko cannot be loaded"
	[ "$(acs_control "$1")" = 001d ] || die "ACS is not enabled: $(acs_control "$1")"
	within 240 grep -qx $((before + 1)) "$users" ||
		die "the port had $before users, and has $(cat "$users")"
}

# acs-after-sleep PORT: the ACS controls of the port are cleared before the machine
# sleeps, and are set again afterwards. As in suspend, the machine ends.
do_acs_after_sleep() {
	local offset config=/sys/bus/pci/devices/$1/config
	offset=$(acs "$1")
	[ "$(acs_control "$1")" = 001d ] || die "ACS is not enabled: $(acs_control "$1")"
	printf '\0\0' | dd of="$config" bs=1 seek="$offset" conv=notrunc status=none
	sleep_and platform <<-END
		end "the control is \$(\$b dd if=$config bs=1 skip=$offset count=2 2>/dev/null | \$b od -x | \$b head -n1)"
	END
}

# ports-pass PORT DISK: a port, whose driver does no DMA, is in the group of a disk; the
# disk, whose driver comes after the load, is translated
do_ports_pass() {
	[ -e "/sys/bus/pci/devices/$1/driver" ] || die "the port has no driver"
	modprobe "$module" || die "$module.ko cannot be loaded"
	[ -e "/sys/bus/pci/devices/$2/iommu_group/devices/$1" ] || die "the disk has another group"
	modprobe nvme
	within 240 disk_works "$2" || die "the disk cannot be read"
	[[ $(group_type "$2") = DMA* ]] || die "the group of the disk is $(group_type "$2")"
	is_translated "$2" || die "$(cat "$debug/$2/entry")"
}

# vmd BUS: the requests of a function in the PCI domain of a VMD have the source-id of
# the VMD, EDU0, whatever its own bus is
do_vmd() {
	local child=10000:$1:00.0 entry
	modprobe vtd_vmd bus=$((16#$1)) || die "there is no VMD"
	[ -e "/sys/bus/pci/devices/$child/iommu_group/devices/$EDU0" ] ||
		die "it is not in the group of the VMD"
	entry=$(cat "$debug/$EDU0/entry")
	[ "$(cat "$debug/$child/entry")" = "$entry" ] || die "$(cat "$debug/$child/entry")"
	! grep "its source-id" <<<"$(dmesg)" || die "another device has its source-id"
	rmmod vtd_vmd
	[ ! -e "$debug/$child" ] || die "it is still there"
	[ "$(cat "$debug/$EDU0/entry")" = "$entry" ] || die "the VMD has lost its entry"
}
