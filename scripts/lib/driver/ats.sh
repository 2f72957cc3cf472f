# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A disk with a device-TLB, below the only root port. To be sourced.
# shellcheck disable=SC2154 # use_unit sets module, debug and translated
disk=0000:01:00.0

# find_block ADDRESS: the result is in block, the name of a virtio disk that can be
# read
find_block() {
	block=$(ls "/sys/bus/pci/devices/$1"/virtio*/block 2>/dev/null) &&
		can_be_read "/dev/$block"
}

use_ats_disk() {
	use_dma_domain $disk virtio-pci
	modprobe virtio_blk
	within 240 find_block $disk || die "there is no disk"
	grep -q "$translated.*device-tlb=on" "$debug/$disk/entry" ||
		die "the device-TLB is disabled: $(cat "$debug/$disk/entry")"
}

# The entry of a device lets translated requests pass if and only if its device-TLB
# is enabled. That is one bit in the first quadword of a context entry, in legacy
# mode (translation type 01) and in scalable mode (DTE).
only_with_ats() {
	local entry context state device
	for entry in "$debug"/*/entry; do
		device=${entry%/entry} device=${device##*/}
		context=$(awk '$1 == "context" { print $2 }' "$entry")
		state=$(grep -o 'device-tlb=[a-z]*' "$entry")
		echo "$device: $state, context ${context:-none}"
		case $((0x0${context#"${context%?}"} >> 2 & 1)) in
		0) [ "$state" != device-tlb=on ] ;;
		1) [ "$state" = device-tlb=on ] ;;
		esac || die "$device: $(cat "$entry")"
	done
}

# ats FILE: the disk has this content
do_ats() {
	use_ats_disk
	for _ in 1 2 3; do
		dd if="/dev/$block" bs=64k iflag=direct status=none | cmp - "$1" ||
			die "the disk has other content"
	done
	[ "$(count refused)" = 0 ] || die "the unit refused a command"
	[ "$(count timeouts)" = 0 ] || die "the device did not answer"
	[ "$module" = vtd ] || return 0
	only_with_ats
	echo $disk >/sys/bus/pci/drivers/virtio-pci/unbind
	echo identity >"/sys/bus/pci/devices/$disk/iommu_group/type"
	grep -q 'device-tlb=off' "$debug/$disk/entry" ||
		die "the device-TLB stays enabled: $(cat "$debug/$disk/entry")"
	only_with_ats
}

# ats-is STATE: of the disk's device-TLB, in a translating domain
do_ats_is() {
	use_dma_domain $disk virtio-pci
	grep -q "$translated.*device-tlb=$1" "$debug/$disk/entry" ||
		die "$(cat "$debug/$disk/entry")"
	only_with_ats
}

# byte_of ADDRESS OFFSET: print a byte of the configuration space
byte_of() { od -An -tu1 -j"$2" -N1 "/sys/bus/pci/devices/$1/config" | tr -d ' '; }

# find_ats ADDRESS: the result is in ats, the offset of the byte that has ATS enabled
find_ats() {
	local config=/sys/bus/pci/devices/$1/config word at=256
	while word=$(od -An -tu4 -j$at -N4 "$config" | tr -d ' ') && [ $((word & 0xffff)) -ne 15 ]; do
		at=$((word >> 20))
		[ $at -ge 256 ] || die "$1 has no ATS"
	done
	ats=$((at + 7))
}

# ats-left: a former kernel has left ATS enabled in the disk, which gets no device-TLB
do_ats_left() {
	find_ats $disk
	# shellcheck disable=SC2059 # the byte is in the format
	printf "\\x$(printf %x $(($(byte_of $disk $ats) | 0x80)))" |
		dd of=/sys/bus/pci/devices/$disk/config bs=1 seek=$ats conv=notrunc status=none
	[ $(($(byte_of $disk $ats) & 0x80)) -ne 0 ] || die "ATS cannot be left enabled"
	modprobe "$module" || die "$module.ko cannot be loaded"
	[ $(($(byte_of $disk $ats) & 0x80)) = 0 ] || die "ATS is still enabled"
	grep "$disk: ATS was left enabled" <<<"$(dmesg)" || die "the log does not say so"
	grep -q device-tlb=off "$debug/$disk/entry" || die "$(cat "$debug/$disk/entry")"
}

# remove_by_surprise PORT: cut the power of the slot below a port. Nobody is asked.
remove_by_surprise() {
	local config=/sys/bus/pci/devices/$1/config at control
	at=$(od -An -tu1 -j$((0x34)) -N1 "$config" | tr -d ' ')
	while [ "$(od -An -tu1 -j"$at" -N1 "$config" | tr -d ' ')" != 16 ]; do
		at=$(od -An -tu1 -j$((at + 1)) -N1 "$config" | tr -d ' ')
	done
	at=$((at + 0x18))
	control=$(($(od -An -tu2 -j$at -N2 "$config") | 0x700))
	# shellcheck disable=SC2059 # the bytes are in the format
	printf "\\x$(printf %x $((control & 0xff)))\\x$(printf %x $((control >> 8)))" |
		dd of="$config" bs=2 seek=$((at / 2)) conv=notrunc status=none
}

# ats-gone FILE: the disk goes away, and then its driver. Another disk, which has
# this content, is read all the time.
do_ats_gone() {
	local reader port
	use_ats_disk
	modprobe nvme
	within 240 can_be_read /dev/nvme0n1 || die "there is no other disk"
	is_translated "$NVME0" || die "the other disk is not translated"
	port=$(basename "$(dirname "$(readlink -f /sys/bus/pci/devices/$disk)")")
	while [ ! -e /tmp/enough ]; do
		dd if=/dev/nvme0n1 bs=64k iflag=direct status=none | cmp - "$1" || exit
	done &
	reader=$!
	dd if="/dev/$block" of=/dev/null bs=4k iflag=direct status=none
	remove_by_surprise "$port"
	[ "$(od -An -tx2 -N2 /sys/bus/pci/devices/$disk/config | tr -d ' ')" = ffff ] ||
		die "the disk stays"
	# The kernel takes a slot without power for an empty one
	echo 1 >/sys/bus/pci/devices/$disk/remove
	touch /tmp/enough
	wait $reader || die "the other disk cannot be read, or has other content"
	dd if=/dev/nvme0n1 bs=64k iflag=direct status=none | cmp - "$1" ||
		die "the other disk has other content"
	echo "restarts $(count restarts), refused $(count refused), faults $(count faults)"
	[ "$(count restarts)" = 0 ] || die "the queue stood still"
	! dmesg | grep -E "$module: .*(cut off|no answer)|cut off:" ||
		die "the disk cost more than itself"
	is_translated "$NVME0" || die "the other disk is not translated any more"
}
