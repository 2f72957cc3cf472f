# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Devices below a port that firmware calls external: anyone may have plugged them in.
# To be sourced.
# shellcheck disable=SC2154 # use_unit sets module

# is_isolated ADDRESS: it is translated, by a domain of the DMA API
is_isolated() {
	is_translated "$1" && [ "$(group_type "$1")" = DMA ]
}

# untrusted now|idle|late ADDRESS: a disk below an external port is translated, and
# can be read: if it is there and in use when the driver is loaded, if it is there
# and idle, or if it is plugged in later.
do_untrusted() {
	local disk=$2 at=/sys/bus/pci/devices/$2
	[ "$1" != late ] || echo 1 >"$at/remove"
	if [ "$1" = now ]; then
		modprobe nvme
		within 240 disk_works "$disk" || die "the disk cannot be read"
	fi
	modprobe "$module" || die "$module.ko cannot be loaded"
	[ "$1" != late ] || echo 1 >/sys/bus/pci/rescan
	is_isolated "$disk" || die "$(group_type "$disk"): $(cat "$debug/$disk/entry")"
	modprobe nvme
	within 240 disk_works "$disk" || die "the disk cannot be read behind the unit"
	is_isolated "$disk" || die "$(group_type "$disk"): $(cat "$debug/$disk/entry")"
	[ "$(faults)" -eq 0 ] || die "$(faults) faults"
	[ "$1" != now ] || grep "$disk: not trusted: its driver is unbound" <<<"$(dmesg)"
}

# untrusted-raced ADDRESS: somebody binds the driver of the disk again and again while
# the driver is loaded
do_untrusted_raced() {
	local binder
	modprobe nvme
	within 240 disk_works "$1" || die "the disk cannot be read"
	(while [ ! -e /tmp/enough ]; do
		echo "$1" >/sys/bus/pci/drivers/nvme/bind || true
	done 2>/dev/null) &
	binder=$!
	modprobe "$module" || die "$module.ko cannot be loaded"
	touch /tmp/enough
	wait $binder
	# It may have been about to be bound for all this time
	! grep "$1: not trusted, and its driver was bound" <<<"$(dmesg)" || return 0
	is_isolated "$1" || die "$(group_type "$1"): $(cat "$debug/$1/entry")"
	within 240 disk_works "$1" || die "the disk cannot be read behind the unit"
	[ "$(faults)" -eq 0 ] || die "$(faults) faults"
}

stays_unbound() { grep -q "$1: its driver stays unbound" <<<"$(dmesg)"; }

# untrusted-waits ADDRESS: without bounce buffers the disk is translated, and left
# without a driver
do_untrusted_waits() {
	modprobe nvme
	within 240 disk_works "$1" || die "the disk cannot be read"
	modprobe "$module" || die "$module.ko cannot be loaded"
	within 240 stays_unbound "$1" || die "the log does not say so"
	is_isolated "$1" || die "$(group_type "$1"): $(cat "$debug/$1/entry")"
	[ ! -e "/sys/bus/pci/devices/$1/driver" ] || die "it has a driver"
}

# Requests were blocked, by any unit
are_blocked() { cat "${unit%/*/*}"/*/*/faults | grep -qv '^0$'; }

# untrusted-shares ADDRESS TRUSTED [BASE [1]]: it would be in a group with a trusted disk in use,
# which passes through. The driver is not loaded, and says what to do; if the device
# is plugged in later, it is blocked, whatever its driver tries. BASE: there is a second
# unit; 1: it does not disable translation
do_untrusted_shares() {
	local at=/sys/bus/pci/devices/$1
	[ -z "${3-}" ] || modprobe vtd_second base="$3" stuck="${4-0}" || die "there is no second unit"
	modprobe nvme
	within 240 disk_works "$2" || die "the disk cannot be read"
	! modprobe "$module" || die "$module.ko was loaded"
	grep "$1: not trusted: if it shares" <<<"$(dmesg)" || die "the log does not say why"
	[ -z "${4-}" ] || grep "dmar0: translation cannot be disabled: its tables stay" <<<"$(dmesg)" ||
		die "the log does not say that a unit keeps its tables"
	within 240 disk_works "$2" || die "the trusted disk cannot be read any more"
	within 240 disk_works "$1" || die "the driver of the untrusted disk was not bound again"
	echo 1 >"$at/remove"
	modprobe "$module" || die "$module.ko cannot be loaded without it"
	disk_works "$2" || die "the trusted disk cannot be read"
	echo 1 >/sys/bus/pci/rescan
	[ ! -e "$at/iommu_group" ] || die "the untrusted disk has a group: $(group_type "$1")"
	within 240 are_blocked || die "its DMA is not blocked"
	! disk_works "$1" || die "the untrusted disk can be read"
	grep "$1: not trusted, but in one IOMMU group" <<<"$(dmesg)" || die "the log does not say why"
}
