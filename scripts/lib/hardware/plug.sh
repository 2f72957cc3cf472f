# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Steps "remove", "functions" and "plug" of scripts/hardware-test: devices come and go.
# To be sourced.
# shellcheck disable=SC2034,SC2154 # talk.sh reads what about_ sets

about_remove() {
	title='a spare device goes and comes back, without being touched'
	does='lets the kernel forget the spare device and find it again, three times. Each time it has
	to come back with its IOMMU group and work.'
	risk='the device may not come back.'
	back='restart the machine.'
}

run_remove() {
	local driver round
	spare && need_driver && has_group || return
	driver=$(own_driver)
	[ -n "$(driver_of "$device")" ] || [ -z "$driver" ] || rebind "$driver" || return
	for round in 1 2 3; do
		echo 1 >"$pci/$device/remove"
		[ ! -e "$pci/$device" ] || { bad "$device is still there"; return; }
		sleep 1
		echo 1 >/sys/bus/pci/rescan
		within 60 [ -e "$pci/$device" ] || { bad "$device has not come back"; return; }
		has_group || return
		came_back "$driver" || return
		[ -z "$driver" ] || works "round $round, type $(type_of "$device")" || return
	done
}

# came_back DRIVER: the device has its driver again
came_back() {
	[ -n "$1" ] || return 0
	within 60 has_driver "$1" || { bad "$device has no driver any more"; return 1; }
}
has_driver() { [ "$(driver_of "$device")" = "$1" ]; }

about_functions() {
	title='virtual functions of a spare device (SR-IOV)'
	does='switches up to 4 virtual functions of the spare device on and off, three times. Each
	needs an IOMMU group. They get no driver.'
	risk='the device may stop working until the machine is restarted.'
	back='the step switches them off again.'
}

run_functions() {
	local total round link autoprobe
	spare && need_driver && has_group || return
	autoprobe=$pci/$device/sriov_drivers_autoprobe
	total=$(cat "$pci/$device/sriov_totalvfs" 2>/dev/null || echo 0)
	[ "$total" -gt 0 ] || { skip "the spare device has no virtual functions"; return; }
	[ "$total" -le 4 ] || total=4
	echo 0 >"$autoprobe"
	for round in 1 2 3; do
		if ! echo "$total" >"$pci/$device/sriov_numvfs"; then
			bad "$total virtual functions cannot be switched on"
			return
		fi
		for link in "$pci/$device"/virtfn*; do
			[ -e "$link/iommu_group" ] || bad "$(basename "$(readlink "$link")") is in no IOMMU group"
		done
		echo 0 >"$pci/$device/sriov_numvfs"
	done
	echo 1 >"$autoprobe"
	note "$total virtual functions, on and off 3 times"
	[ -z "$(own_driver)" ] || works "afterwards"
}

about_plug() {
	title='pull a device out, and plug it in again'
	does='asks you to pull out and plug in a device that is made for that: a Thunderbolt or USB4
	device or dock, an ExpressCard, an NVMe disk in a hot-plug bay.'
	risk='a disk that is pulled out while it is mounted loses data: unmount it before. A device that
	is not made for it can be damaged: never pull a card out of an ordinary slot.'
	back='plug the device in again; restart the machine.'
}

run_plug() {
	local round before
	a_person 'pulling a device out' || return
	need_driver || return
	ask "Is there a device that is made for being pulled out, and that nobody uses?" ||
		{ skip "no device can be pulled out"; return; }
	ask_text "What is it, and where? (model, kind of port)"
	note "device: $answer"
	for round in 1 2 3; do
		before=$(ls "$pci")
		ask_text "Round $round: pull it out, wait 5 seconds, and press Enter."
		note "round $round: gone: $(diff <(echo "$before") <(ls "$pci") | grep -c '^<') PCI devices"
		before=$(ls "$pci")
		ask_text "Plug it in again, wait until it works, and press Enter."
		new_devices "$before"
		ask "Does it work?" || bad "round $round: the person says that it does not work"
		[ -z "$stop" ] && is_quiet || return
	done
}

# new_devices BEFORE: what has come, and how it is translated
new_devices() {
	local address type
	for address in $(diff <(echo "$1") <(ls "$pci") | sed -n 's/^> //p'); do
		type=$(type_of "$address")
		note "come: $(what_is "$address"), type ${type:-none}"
		[ -n "$type" ] || bad "$address is in no IOMMU group"
		[ "$(cat "$pci/$address/untrusted" 2>/dev/null)" != 1 ] || [ "$type" != identity ] ||
			bad "$address is not trusted, but passes through"
	done
}
