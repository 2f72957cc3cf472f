# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Memory that firmware reserves for devices. To be sourced.
# shellcheck disable=SC2154 # use_unit sets module

# reserved FIRST LAST LINE DEVICE...: the driver reserves the range FIRST to LAST
# for the devices, or no range if FIRST is -. The log matches LINE once. REACH=1:
# the devices do DMA there; the kernel must not use that memory.
do_reserved() {
	local first=$1 last=$2 line=$3 device regions
	shift 3
	[ "$(dmesg | grep -c "$module: .*$line")" -eq 1 ] ||
		die "the log does not say once: $line"
	for device; do
		regions=$(cat "/sys/bus/pci/devices/$device/iommu_group/reserved_regions")
		echo "$regions"
		if [ "$first" = - ]; then
			! grep direct <<<"$regions" || die "$device has reserved memory"
		else
			grep -qx "$(printf '0x%016x 0x%016x direct' "$first" "$last")" \
				<<<"$regions" || die "$device does not have its reserved memory"
		fi
	done
	[ -z "${REACH-}" ] || RESERVED=$first-$last build/selftests/dma/reserved
}

# keeps-mastering [OPTION...]: a unit was left enabled, and firmware uses a device
# with reserved memory: bus mastering stays enabled
do_keeps_mastering() {
	make_master "$EDU0"
	modprobe "${module}_leave" "$@"
	modprobe "$module"
	was_left_enabled || die "the unit was disabled"
	is_master "$EDU0" || die "the device may not do DMA any more"
}

# loses-mastering OPTION...: the same with an OPTION of the driver by which the device
# would reach all memory: bus mastering is disabled
do_loses_mastering() {
	make_master "$EDU0"
	modprobe "${module}_leave" scalable=0
	modprobe "$module" "$@"
	was_left_enabled || die "the unit was disabled"
	[ "$(group_type "$EDU0")" = identity ] || die "the group is $(group_type "$EDU0")"
	! is_master "$EDU0" || die "the device may still do DMA"
}
