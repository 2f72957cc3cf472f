# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Step "translate" of scripts/hardware-test. To be sourced.
# shellcheck disable=SC2034,SC2154 # talk.sh reads what about_ sets

about_translate() {
	title='a spare device, translated, with its own driver'
	does='asks for a disk or a network card that nobody uses, and lets its driver use it
	through the IOMMU: first with an invalidation for each unmap (DMA), then with
	deferred ones (DMA-FQ). A disk is read, never written, and has to give the same data each time;
	the interface of a network card comes up without an address.'
	risk='the device may stop working until the machine is restarted.'
	back='the step gives the device its driver and the type of its group back.'
}

run_translate() {
	local driver type was
	spare && need_driver && has_group || return
	driver=$(own_driver)
	[ -n "$driver" ] || { skip "$device has no driver: load it, and do this step again"; return; }
	[ -n "$(driver_of "$device")" ] || rebind "$driver" || return
	was=$(type_of "$device")
	works "as it was (type $was)" || return
	for type in DMA DMA-FQ; do
		rebind "$driver" "$type" || return
		[ "$(type_of "$device")" = "$type" ] ||
			bad "the type of its group is $(type_of "$device"), not $type"
		works "translated (type $type)" || return
		is_translated || return
	done
	rebind "$driver" "$was"
	works "as it was again (type $was)"
}

# is_translated: our driver has given the device page tables
is_translated() {
	local entry
	[ "$over" != kernel ] || return 0
	entry=$(head -qn 1 "/sys/kernel/debug/$over"/*/"$device"/entry 2>/dev/null)
	[[ $entry =~ ^(second-stage|first-stage|host tables|guest tables) ]] ||
		bad "it is not translated; its entry in debugfs: ${entry:-none}"
}
