# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A disk and a network card with the kernel's own drivers. To be sourced.
# shellcheck disable=SC2154 # use_unit sets unit, debug and translated

# Load the drivers of the disk and of the network card. The other end of the
# network is QEMU, which sends the content of the disk from 10.0.2.100.
start_drivers() {
	local nic
	modprobe nvme
	modprobe e1000e
	within 240 can_be_read /dev/nvme0n1 || die "there is no disk"
	within 240 [ -e "/sys/bus/pci/devices/$NIC0/net" ] || die "there is no network card"
	nic=$(basename "/sys/bus/pci/devices/$NIC0/net/"*)
	ip link set "$nic" up
	ip addr add 10.0.2.15/24 dev "$nic"
	within 240 grep -qx 1 "/sys/class/net/$nic/carrier" ||
		die "the network card has no carrier"
}

# transfer SUM: read the disk and the network once; SUM is the SHA-256 of either
transfer() {
	local disk net
	disk=$(dd if=/dev/nvme0n1 bs=256k iflag=direct status=none | sha256sum)
	net=$(timeout 240 cat </dev/tcp/10.0.2.100/80 | sha256sum)
	[ "${disk%% *}" = "$1" ] || die "the disk's sum is $disk, not $1"
	[ "${net%% *}" = "$1" ] || die "the network's sum is $net, not $1"
}

# everyday SUM TYPE: the drivers are loaded after the IOMMU driver; TYPE is the type
# of the groups
do_everyday() {
	local device
	start_drivers
	for device in "$NVME0" "$NIC0"; do
		[ "$(group_type "$device")" = "$2" ] ||
			die "$device is $(group_type "$device"), not $2"
	done
	transfer "$1"
	transfer "$1"
	[ "$(faults)" = 0 ] || die "there were faults"
	if [ "$2" != identity ]; then
		is_translated "$NVME0" || die "the disk is not translated"
		[ "$(count requests)" -gt 10 ] || die "nothing was invalidated"
	fi
}

# find_block ADDRESS: the result is in block, the name of a virtio disk that can be
# read
find_block() {
	block=$(ls "/sys/bus/pci/devices/$1"/virtio*/block 2>/dev/null) &&
		can_be_read "/dev/$block"
}
