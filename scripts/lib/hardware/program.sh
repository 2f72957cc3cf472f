# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Step "program" of scripts/hardware-test. To be sourced.
# shellcheck disable=SC2034,SC2154 # talk.sh reads what about_ sets

about_program() {
	title='a spare NVMe disk, read by a program'
	does='unbinds the spare disk from its driver, and lets nvme-read read it through VFIO, over
	a container and over /dev/iommu. Then memory is unmapped and the disk told to write there: the
	IOMMU has to block it. At last the program is killed while the disk works.'
	risk='some servers take blocked DMA for a failure of hardware, and reset (NMI, SERR).
	Without interrupt remapping the disk could raise any interrupt; this is accepted for
	the time of the step.'
	back='the step gives the disk its driver back; otherwise: scripts/vfio-bind --undo ADDRESS.'
}

run_program() {
	local driver block was_unsafe=''
	spare && need_driver && has_group || return
	is_disk "$device" || { skip "the spare device is no NVMe disk"; return; }
	driver=$(own_driver)
	[ -n "$driver" ] || { skip "$device has no driver: load it, and do this step again"; return; }
	[ -n "$(driver_of "$device")" ] || rebind "$driver" || return
	works "before" || return
	block=$(cat "/sys/class/block/$(disk_of "$device")/queue/logical_block_size")
	sum_of_start "$block" >"$state/start" || { bad "the disk cannot be read"; return; }
	load_vfio || return
	read_by_program vfio-pci type1v2 &&
		read_by_program vfio-iommufd-pci iommufd &&
		write_after_unmap &&
		kill_program
	[ -z "$was_unsafe" ] || echo "$was_unsafe" >/sys/module/iommufd/parameters/allow_unsafe_interrupts
	"$TOP/scripts/vfio-bind" --undo "$device" >/dev/null || bad "the disk cannot be given back"
	works "with its own driver again"
}

# sum_of_start BLOCK: print the SHA-256 of the first 256 blocks
sum_of_start() {
	dd if="/dev/$(disk_of "$device")" bs="$1" count=256 iflag=direct status=none | sha256sum
}

# load_vfio: our modules; was_unsafe is what to set back
load_vfio() {
	local module unsafe=/sys/module/iommufd/parameters/allow_unsafe_interrupts
	for module in iommufd vfio vfio_iommufd vfio_pci vfio_iommufd_pci; do
		load "$module" || { bad "$module.ko does not load"; return 1; }
	done
	[ "$over" != kernel ] || return 0
	was_unsafe=$(cat $unsafe)
	echo 1 >$unsafe
}

# read_by_program DRIVER SPACE: the blocks are those that the kernel has read
read_by_program() {
	local sum
	"$TOP/scripts/vfio-bind" --driver "$1" "$device" >/dev/null ||
		{ bad "the disk cannot be bound to $1"; return 1; }
	sum=$("$TOP/build/tools/nvme-read" --space "$2" --timeout 60000 --quiet --output raw "$device" 0 256 |
		sha256sum) || { bad "nvme-read --space $2 failed"; return 1; }
	[ "$sum" = "$(cat "$state/start")" ] || { bad "nvme-read --space $2 has read other data"; return 1; }
	note "a program reads the same data (--space $2)"
}

# tell COMMAND: to nvme-read --interactive; its answer is in answer. The status is 1 if
# the disk reports an error.
tell() {
	local line
	answer=''
	echo "$1" >&"${reader[1]}" || return 2
	while IFS= read -r -t 120 line <&"${reader[0]}"; do
		case $line in
		ok) return 0 ;;
		error:*) answer=${line#error: }; return 1 ;;
		*) answer+=$line ;;
		esac
	done
	answer="it does not answer to '$1'"
	return 2
}

# was_blocked: the IOMMU has said so, in the count of our driver or in the kernel log
was_blocked() {
	if [ "$over" = kernel ]; then
		log_since | grep -iE 'fault' | grep -q "${device#*:}"
	else
		[ "$(count_of faults)" -gt "$faults_before" ]
	fi
}

# write_after_unmap: memory that was unmapped stays as it is, and the log says so
write_after_unmap() {
	local status=0 command reader_pid
	"$TOP/scripts/vfio-bind" "$device" >/dev/null || { bad "the disk cannot be bound to vfio-pci"; return 1; }
	# A message that the log has until here counts
	check_log
	mark_log unmap
	coproc reader { "$TOP/build/tools/nvme-read" --interactive --timeout 60000 "$device" 2>&1; }
	# shellcheck disable=SC2154 # coproc sets it
	reader_pid=$reader_PID
	for command in map 'read 0 1' unmap 'fill 0x2e'; do
		tell "$command" || { bad "nvme-read: $command: $answer"; status=1; break; }
	done
	[ "$(cat /sys/module/vfio_iommufd/refcnt)" -gt 0 ] ||
		{ bad "the container of the program is not one of vfio_iommufd.ko"; status=1; }
	if [ $status = 0 ]; then
		tell 'read 0 1'
		[ $? -lt 2 ] || bad "$answer"
		within 60 was_blocked || { bad "nothing says that the IOMMU has blocked the disk"; status=1; }
		tell text
		# Nothing but the filling
		[[ $answer =~ ^\.{256,}$ ]] || { bad "the disk has written to memory that was unmapped"; status=1; }
	fi
	echo quit >&"${reader[1]}"
	wait "$reader_pid" 2>/dev/null
	[ $status != 0 ] || note "after the unmap the disk was blocked, and the memory did not change"
	# These faults were wanted
	mark_log program
	return $status
}

# kill_program: while the disk writes to its memory
kill_program() {
	local pid _
	for _ in 1 2 3 4 5; do
		"$TOP/build/tools/nvme-read" --quiet --output none "$device" 0 $((1 << 30)) >/dev/null 2>&1 &
		pid=$!
		sleep 1
		kill -KILL $pid 2>/dev/null
		wait $pid 2>/dev/null
	done
	note "5 programs were killed while they used the disk"
}
