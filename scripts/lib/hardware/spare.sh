# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The spare device of scripts/hardware-test: which one, that nobody uses it, its driver,
# and reading it. To be sourced.
# shellcheck disable=SC2154 # hardware-test sets state, device and yes

pci=/sys/bus/pci/devices
# What was read of a disk in one go, in MiB
read_mib=1024
# The device that was free, and was changed: only this one is given back
taken=''

# full_address ADDRESS: print it with the PCI domain
full_address() {
	local address=${1,,}
	[[ ! $address =~ ^[0-9a-f]{2}: ]] || address=0000:$address
	[[ $address =~ ^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$ && -e $pci/$address ]] ||
		die "there is no PCI device '$1' (lspci lists them)"
	echo "$address"
}

# is_disk, is_card: the kind of the spare device
is_disk() { [[ $(cat "$pci/$1/class") == 0x0108* ]]; }
is_card() { [[ $(cat "$pci/$1/class") == 0x02* ]]; }

# driver_of ADDRESS, type_of ADDRESS: print its driver, the type of its group, or nothing
driver_of() { basename "$(readlink "$pci/$1/driver")"; }
type_of() { cat "$pci/$1/iommu_group/type" 2>/dev/null; }

# what_is ADDRESS: print its ids and its driver
what_is() {
	local driver
	driver=$(driver_of "$1")
	echo "$1, $(sed s/0x// "$pci/$1/vendor"):$(sed s/0x// "$pci/$1/device")," \
		"${driver:-no driver}"
}

# blocks_of ADDRESS: print the names of its partitions and disks, in this order. With multipath, the
# disks of NVMe are below the subsystem and not below the controller.
blocks_of() {
	local folders folder controller place link
	folders=$(readlink -f "$pci/$1")
	for controller in "$folders"/nvme/nvme*; do
		for link in /sys/class/nvme-subsystem/*/"${controller##*/}"; do
			[ ! -e "$link" ] || folders+=$'\n'$(readlink -f "${link%/*}")
		done
	done
	for link in /sys/class/block/*; do
		[ -b "/dev/${link##*/}" ] || continue
		place=$(readlink -f "$link")
		while read -r folder; do
			[[ $place != "$folder"/* ]] || echo "${link##*/}"
		done <<<"$folders"
	done | sort -ru
}

# disk_of ADDRESS: print its first disk
disk_of() {
	local name
	for name in $(blocks_of "$1"); do
		[ -e "/sys/class/block/$name/partition" ] || { echo "$name"; return; }
	done
	return 1
}

# block_in_use NAME: print who uses a disk or a partition, or nothing. Whatever has a
# claim on it (a file system, swap, RAID, LVM, a file system of several disks) has it
# opened exclusively.
block_in_use() {
	local number process holders
	number=$(cat "/sys/class/block/$1/dev") || return
	mapfile -t holders < <(find "/sys/class/block/$1/holders/" -mindepth 1 -printf '%f\n' 2>/dev/null)
	if awk -v number="$number" '$3 == number { found = 1 } END { exit !found }' /proc/self/mountinfo; then
		echo "/dev/$1 is mounted"
	elif awk -v name="/dev/$1" '$1 == name { found = 1 } END { exit !found }' /proc/swaps; then
		echo "/dev/$1 is swap space"
	elif [ ${#holders[@]} -gt 0 ]; then
		echo "/dev/$1 is part of ${holders[*]}"
	elif ! perl -e 'use Fcntl; sysopen(my $f, shift, O_RDONLY | O_EXCL) or exit 1' "/dev/$1"; then
		echo "/dev/$1 is in use by the kernel"
	else
		for process in $(find /proc/[0-9]*/fd -lname "/dev/$1" 2>/dev/null | cut -d/ -f3 | sort -u); do
			process=$(cat "/proc/$process/comm" 2>/dev/null) || continue
			[[ $process == *udev* ]] || echo "/dev/$1 is open in '$process'"
		done | head -n 1
	fi
	return 0
}

# card_in_use ADDRESS: print why a network card is in use, or nothing
card_in_use() {
	local name
	command -v ip >/dev/null || { echo "the program 'ip' is not installed, so it cannot be told"; return; }
	for name in "$pci/$1/net"/*; do
		name=${name##*/}
		[ "$name" != '*' ] || {
			[ -z "$(driver_of "$1")" ] || echo "its interface is in another network namespace"
			return
		}
		if [ -e "/sys/class/net/$name/master" ] || compgen -G "/sys/class/net/$name/upper_*" >/dev/null; then
			echo "$name is part of another interface"
		elif ip -o addr show dev "$name" 2>/dev/null | grep -v fe80: | grep -q inet; then
			echo "$name has an address"
		elif ip -o route show table all dev "$name" 2>/dev/null | grep -qvE 'fe80|ff00|^multicast'; then
			echo "$name has a route"
		fi
	done
	return 0
}

# in_use ADDRESS: print why this device is not spare, or "free". If a check fails for
# any reason, it prints neither.
in_use() {
	local name reason='' driver
	if ! is_disk "$1" && ! is_card "$1"; then
		echo "it is neither an NVMe disk nor a network card"
		return
	fi
	driver=$(driver_of "$1")
	[[ $driver != vfio-* ]] || { echo "it is bound to $driver: 'scripts/vfio-bind --undo $1' gives it back"; return; }
	[ "$(cat "$pci/$1/sriov_numvfs" 2>/dev/null || echo 0)" = 0 ] ||
		{ echo "it has virtual functions"; return; }
	for name in $(blocks_of "$1"); do
		reason=$(block_in_use "$name") || return
		[ -z "$reason" ] || { echo "$reason"; return; }
	done
	! is_card "$1" || reason=$(card_in_use "$1") || return
	[ -z "$reason" ] || { echo "$reason"; return; }
	for name in "$pci/$1/iommu_group/devices"/*; do
		name=${name##*/}
		[[ $name != "$1" && $name != '*' ]] || continue
		driver=$(driver_of "$name")
		case $driver in
		'' | pcieport | pci-stub) ;;
		*) echo "$name, in the same IOMMU group, is bound to $driver"; return ;;
		esac
	done
	echo free
}

# spare: device is a device that nobody uses. It is asked for once, and looked at
# before each step.
spare() {
	local reason address free=()
	[ -n "$device" ] || device=$(cat "$state/device" 2>/dev/null)
	if [ -z "$device" ]; then
		for address in "$pci"/*; do
			address=${address##*/}
			is_disk "$address" || is_card "$address" || continue
			reason=$(in_use "$address")
			say "$(what_is "$address"): ${reason:=it cannot be told whether it is in use}"
			[ "$reason" != free ] || free+=("$address")
		done
		[ ${#free[@]} -gt 0 ] || { skip "there is no NVMe disk or network card that nobody uses"; return 1; }
		choose_spare "${free[@]}" || return
	fi
	[ -e "$pci/$device" ] || { bad "$device is not there"; return 1; }
	reason=$(in_use "$device")
	[ "$reason" = free ] || { bad "$device is in use: ${reason:-this cannot be told}"; return 1; }
	echo "$device" >"$state/device"
	note "the spare device: $(what_is "$device")"
	hands_off_disk
}

# choose_spare ADDRESS...: ask for one of them
choose_spare() {
	local answer
	device=$1
	[ -z "$yes" ] || return 0
	ask_text "Which one may be used? Its data is only read. (address, or nothing for none)"
	device=''
	[ -n "$answer" ] || { skip "no device may be used"; return 1; }
	device=$(full_address "$answer") || { skip "there is no device '$answer'"; return 1; }
}

# has_group: an IOMMU driver has the spare device
has_group() {
	[ -e "$pci/$device/iommu_group" ] || { bad "$device is in no IOMMU group"; return 1; }
}

rule=/run/udev/rules.d/00-sluice-hardware-test.rules

# hands_off_disk: when the disk comes back, nobody is to mount it or to assemble RAID of it,
# and nobody can write to it
hands_off_disk() {
	taken=$device
	if [ -d /run/udev ] && command -v udevadm >/dev/null; then
		mkdir -p "${rule%/*}"
		# shellcheck disable=SC2016 # udev expands it
		printf 'SUBSYSTEM=="block", KERNELS=="%s", ENV{SYSTEMD_READY}="0", ENV{UDISKS_IGNORE}="1", %s\n' \
			"$device" 'RUN+="/sbin/blockdev --setro $devnode"' >"$rule"
		udevadm control --reload
	fi
	lock_disks
}

# lock_disks: set the disks of the spare device read-only, until its driver is bound anew
lock_disks() {
	local name
	for name in $(blocks_of "$device"); do
		blockdev --setro "/dev/$name" || true
	done
}

# rebind DRIVER [TYPE]: unbind the spare device, set the type of its group, and bind it
# to DRIVER
rebind() {
	[ ! -e "$pci/$device/driver" ] || echo "$device" >"$pci/$device/driver/unbind"
	if [ -n "${2-}" ] && ! echo "$2" >"$pci/$device/iommu_group/type"; then
		bad "the type of its group cannot be set to $2"
	fi
	echo "$1" >"$pci/$device/driver_override"
	echo "$device" >/sys/bus/pci/drivers_probe
	echo >"$pci/$device/driver_override"
	[ "$(driver_of "$device")" = "$1" ] || { bad "$1 does not take $device again"; return 1; }
}

# own_driver: print the driver that the spare device has, or had before this run
own_driver() {
	local name
	name=$(driver_of "$device")
	if [[ -z $name || $name == vfio-* ]]; then
		cat "$state/driver-$device" 2>/dev/null
	else
		echo "$name" | tee "$state/driver-$device"
	fi
}

# give_back: leave nothing changed in the spare device
give_back() {
	local name had_rule=''
	if [ -e "$rule" ]; then
		had_rule=1
		udevadm settle --timeout=30 || true
		rm -f "$rule"
		udevadm control --reload
	fi
	[[ -n $taken && $taken = "$device" && -e $pci/$device ]] || return 0
	if [[ $(driver_of "$device") == vfio-* ]]; then
		"$TOP/scripts/vfio-bind" --undo "$device"
	fi
	for name in $(blocks_of "$device"); do
		blockdev --setrw "/dev/$name" || true
		[ -z "$had_rule" ] || udevadm trigger --action=change "/dev/$name" || true
	done
}

# disk_is_there: its file exists, and it can be read
disk_is_there() {
	local name
	name=$(disk_of "$device") && head -c 512 "/dev/$name" >/dev/null 2>&1
}

# sum_of_disk: print the SHA-256 of the beginning of the disk, as the device reads it now
sum_of_disk() {
	local name sum
	name=$(disk_of "$device") &&
		sum=$(dd if="/dev/$name" bs=1M count=$read_mib iflag=direct status=none | sha256sum) &&
		echo "${sum%% *}"
}

# works HOW: the spare device works with its driver: the disk reads as before, or the
# network card comes up
works() {
	local now first
	if is_card "$device"; then
		card_works "$1"
		return
	fi
	within 120 disk_is_there || { bad "$1: no disk is there"; return 1; }
	lock_disks
	now=$(sum_of_disk) || { bad "$1: the disk cannot be read"; return 1; }
	# Between two starts of the machine, somebody else may have written to it
	first=$state/sum-$device-$(boot_id)
	[ -e "$first" ] || echo "$now" >"$first"
	if [ "$now" != "$(cat "$first")" ]; then
		bad "$1: the disk reads other data than at first"
		return 1
	fi
	note "$1: the disk reads the same data"
}

# card_works HOW: bring the interface up and down. It takes no address.
card_works() {
	local name
	within 120 compgen -G "$pci/$device/net/*" >/dev/null ||
		{ bad "$1: there is no interface"; return 1; }
	name=$(basename "$pci/$device/net/"*)
	echo 0 >"/proc/sys/net/ipv6/conf/$name/accept_ra" 2>/dev/null
	ip link set "$name" up || { bad "$1: the interface does not come up"; return 1; }
	sleep 5
	note "$1: the interface is up, carrier $(cat "/sys/class/net/$name/carrier"), $(cat "/sys/class/net/$name/statistics/tx_packets") packets sent, $(cat "/sys/class/net/$name/statistics/rx_packets") received"
	ip link set "$name" down
}
