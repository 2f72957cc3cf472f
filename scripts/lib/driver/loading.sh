# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The driver is loaded, or refuses. To be sourced.
# shellcheck disable=SC2154 # use_unit sets module

# refuse ERROR LINE [OPTION...]: loading the driver fails with ERROR, and the log
# gives LINE, a regex, as the reason
do_refuse() {
	local error=$1 line=$2 text
	shift 2
	text=$(modprobe "$module" "$@" 2>&1) && die "$module.ko was loaded"
	grep -q "$error" <<<"$text" || die "modprobe said: $text"
	[ "$(dmesg | grep -c "$module: ")" -eq 1 ] || die "not one line in the log"
	grep -q "$module: .*$line" <<<"$(dmesg)" || die "the log does not say: $line"
}

# left-out LINE...: firmware describes units that are not there. The log has each LINE,
# a regex, once. EDU0 is translated; EDU1 and EDU2, behind such units, have no IOMMU.
do_left_out() {
	local line device
	for line; do
		[ "$(dmesg | grep -c "$module: .*$line")" -eq 1 ] ||
			die "the log does not say once: $line"
	done
	grep -q "$translated" /sys/kernel/debug/"$module"/*/"$EDU0"/entry ||
		die "$EDU0 is not translated"
	for device in "$EDU1" "$EDU2"; do
		[ ! -e "/sys/bus/pci/devices/$device/iommu_group" ] ||
			die "$device has a group"
	done
}

# sums disk|net: how often all of it has been read
sums() { wc -l <"/tmp/sums-$1"; }
transferred() { [ "$(sums disk)" -ge "$1" ] && [ "$(sums net)" -ge "$2" ]; }

# keep_busy: read disk and network again and again, until /tmp/busy is removed
keep_busy() {
	local f
	: >/tmp/busy
	for f in disk net; do
		: >/tmp/sums-$f
		(
			while [ -e /tmp/busy ]; do
				if [ $f = disk ]; then
					dd if=/dev/nvme0n1 bs=64k iflag=direct status=none
				else
					timeout 240 cat </dev/tcp/10.0.2.100/80
				fi | sha256sum >>/tmp/sums-$f
			done
		) &
	done
}

# loading SUM [LINE [OPTION...]]: disk and network are busy while the driver is
# loaded. With LINE the unit translates already: ${module}_leave.ko has left it
# enabled, as OPTION says, and the log has to match LINE.
do_loading() {
	local device
	start_drivers
	transfer "$1"
	if [ -n "${2-}" ]; then
		modprobe "${module}_leave" "${@:3}" || die "the unit cannot be left enabled"
		transfer "$1"
		# A device that has no driver may do DMA too
		make_master "$EDU0"
	fi
	keep_busy
	within 240 transferred 1 1 || die "nothing is transferred"
	modprobe "$module"
	# Two more of each: one may have begun before the load, the other began after
	within 480 transferred $(($(sums disk) + 2)) $(($(sums net) + 2)) ||
		die "nothing is transferred any more"
	rm /tmp/busy
	wait
	[ "$(sort -u /tmp/sums-disk /tmp/sums-net | awk '{ print $1 }')" = "$1" ] ||
		die "sums differ: $(cat /tmp/sums-disk /tmp/sums-net)"
	for device in "$NVME0" "$NIC0"; do
		[ "$(group_type "$device")" = identity ] || die "$device does not pass through"
	done
	if [ -n "${2-}" ]; then
		was_left_enabled ", translating" || die "the unit was disabled"
		dmesg | grep "$module: .*$2" || die "the log does not say: $2"
		are_stopped
	fi
	[ "$(faults)" = 0 ] || die "there were faults"
	# Once its driver is unbound, a device may get a domain
	use_dma_domain "$NVME0" nvme
	within 240 can_be_read /dev/nvme0n1 || die "the disk has not come back"
	transfer "$1"
	is_translated "$NVME0" || die "the disk is not translated"
}
