# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The IOMMU driver under test, its unit, and the devices, as a guest sees them. To
# be sourced.
# shellcheck disable=SC2034 # the results of use_unit are for the other parts

# use_unit DRIVER: results are in module; unit and debug, the folders of its unit in
# sysfs and debugfs; and translated, a regex for the entry of a device whose DMA is
# translated
use_unit() {
	module=$1
	case $1 in
	vtd) unit=dmar0/intel-iommu translated='^second-stage' ;;
	amdvi) unit=ivhd0/amd-iommu translated='^host tables' ;;
	*) die "no driver '$1'" ;;
	esac
	debug=/sys/kernel/debug/$module/${unit%/*}
	unit=/sys/class/iommu/$unit
}

die() {
	echo "$*"
	dmesg | tail -n 15
	exit 1
}

# count NAME, register NAME: print a figure of the unit
count() { awk -v name="$1" '$1 == name { print $2 }' "$debug/counts"; }
register() { awk -v name="$1" '$1 == name { print $2 }' "$debug/registers"; }

# The unit holds no fault that the driver has not counted
all_counted() {
	case $module in
	vtd) [ $((16#$(register FSTS) & 3)) -eq 0 ] ;;
	amdvi) [ "$(register EVT_HEAD)" = "$(register EVT_TAIL)" ] ;;
	esac
}

# faults: print their number, once all are counted
faults() {
	within 240 all_counted || die "the driver does not read the faults of the unit"
	cat "$unit/faults"
}

# was_left_enabled [REGEX]: the log has the line about a unit that firmware or a former
# kernel left enabled, with REGEX behind it
was_left_enabled() { grep "$module: .*was left enabled${1-}" <<<"$(dmesg)"; }

# is_master ADDRESS: bus mastering is enabled
is_master() {
	[ $(($(od -An -tu1 -j4 -N1 "/sys/bus/pci/devices/$1/config") & 4)) -ne 0 ]
}

# make_master ADDRESS: enable memory space and bus mastering
make_master() {
	printf '\x06' | dd of="/sys/bus/pci/devices/$1/config" bs=1 seek=4 conv=notrunc status=none
}

# Devices without a driver must not do DMA
are_stopped() {
	local device
	for device in /sys/bus/pci/devices/*; do
		[ -e "$device/driver" ] && continue
		# A unit that is itself a PCI device needs bus mastering for its interrupt
		[ "$(cat "$device/class")" = 0x080600 ] && continue
		! is_master "${device##*/}" || die "${device##*/} may do DMA"
	done
}

group_type() { cat "/sys/bus/pci/devices/$1/iommu_group/type"; }

# use_dma_domain ADDRESS DRIVER: give the device, which is bound to DRIVER, a
# translating domain
use_dma_domain() {
	echo "$1" >"/sys/bus/pci/devices/$1/driver/unbind"
	echo DMA >"/sys/bus/pci/devices/$1/iommu_group/type"
	echo "$1" >"/sys/bus/pci/drivers/$2/bind"
}

is_translated() { grep -q "$translated" "$debug/$1/entry"; }

# The file of a disk exists before the disk can be read
can_be_read() { [ -b "$1" ] && head -c 512 "$1" >/dev/null 2>&1; }

# disk_of ADDRESS: the file of the disk that is a PCI device
disk_of() { echo /dev/"$(basename "$(echo "/sys/bus/pci/devices/$1/nvme/"nvme*/nvme*n1)")"; }
disk_works() { [ -e "/sys/bus/pci/devices/$1/driver" ] && can_be_read "$(disk_of "$1")"; }

# two-units BASE: the machine has a second unit, which a module simulates, with EDU1
# behind it. Each device is translated by its own.
do_two_units() {
	modprobe vtd_second base="$1" || die "there is no second unit"
	modprobe "$module" || die "$module.ko cannot be loaded"
	[[ $(group_type "$EDU0") = DMA* && $(group_type "$EDU1") = DMA* ]] ||
		die "$(group_type "$EDU0"), $(group_type "$EDU1")"
	ls "/sys/class/iommu/dmar0/devices" "/sys/class/iommu/dmar1/devices"
	[ -e "/sys/class/iommu/dmar0/devices/$EDU1" ] || die "EDU1 is not behind the second unit"
	[ -e "/sys/class/iommu/dmar1/devices/$EDU0" ] || die "EDU0 is not behind the first unit"
	grep "$translated" "/sys/kernel/debug/$module/dmar0/$EDU1/entry" || die "EDU1 is not translated"
	grep "$translated" "/sys/kernel/debug/$module/dmar1/$EDU0/entry" || die "EDU0 is not translated"
}
