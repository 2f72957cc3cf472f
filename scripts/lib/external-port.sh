# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Tests with a disk below a port where anyone can plug in a device. For the suites
# vtd and amdvi, to be sourced.
# shellcheck disable=SC2154 # the suite sets work and guest

# below_external_port OPTION... -- GUEST...: a machine with two root ports in one slot,
# and a disk below each. Firmware says that the first port is external. The kernel has
# no bounce buffers on a machine of 2 GiB without an IOMMU at boot, unless iommu=soft
# asks for them.
below_external_port() {
	local arg options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	iasl -p "$work/external" "$TOP/tools/testing/acpi/external-port.asl" >"$work/iasl" ||
		{ cat "$work/iasl"; return 1; }
	truncate -s 64M "$work/external0" "$work/external1"
	# shellcheck disable=SC2054 # QEMU's commas
	local args=(
		-acpitable "file=$work/external.aml"
		-device pcie-root-port,id=rp0,bus=pcie.0,addr=0x8.0,multifunction=on,chassis=1,slot=1
		-device pcie-root-port,id=rp1,bus=pcie.0,addr=0x8.1,chassis=2,slot=2
		-drive "file=$work/external0,format=raw,if=none,id=d0"
		-device nvme,bus=rp0,drive=d0,serial=a
		-drive "file=$work/external1,format=raw,if=none,id=d1"
		-device nvme,bus=rp1,drive=d1,serial=b)
	for arg in "${args[@]}"; do
		options+=(--qemu-arg "$arg")
	done
	scripts/vm --driver none --timeout 1800 "${options[@]}" -- "${guest[@]}" "$@"
}
