# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Suspend, resume, and another kernel that follows. To be sourced.
# shellcheck disable=SC2154 # use_unit sets module, unit and debug

# Devices of QEMU's machine, in one group
SATA=0000:00:1f.2
SMBUS=0000:00:1f.3

# sleep_and LEVEL: suspend up to this level of /sys/power/pm_test, resume, and run
# the shell script on standard input. Neither the root file system nor the channel
# for the status survives the suspend. So a shell from memory goes on: its last
# command is "end TEXT", which prints TEXT and turns the machine off, and $b is
# busybox.
sleep_and() {
	{
		cat <<-END
			b=/run/vm/busybox
			end() { echo "\$1"; \$b sleep 1; echo b >/proc/sysrq-trigger; \$b sleep 60; }
			echo $1 >/sys/power/pm_test
			echo mem >/sys/power/state || end "no suspend"
		END
		cat
	} >/run/suspend
	exec /run/vm/busybox sh /run/suspend </dev/null
}

# suspend SUM: to the point where the machine would lose its power, and back
do_suspend() {
	start_drivers
	transfer "$1"
	sleep_and core <<-END
		sum=\$(\$b dd if=/dev/nvme0n1 bs=256k iflag=direct 2>/dev/null | \$b sha256sum)
		[ "\${sum%% *}" = "$1" ] || end "the disk's sum is \$sum"
		\$b cat $unit/faults $debug/counts
		[ "\$(\$b cat $unit/faults)" = 0 ] || end "there were faults"
		end "the machine is back, and the disk reads as before"
	END
}

# kexec reboot|crash SUM: disk and network are busy, and another kernel replaces
# this one, where after-reboot or after-crash runs. After a crash no device has been
# shut down: packets still arrive in the memory that the network card was given. EDU0
# has no driver, and may do DMA.
do_kexec() {
	local options flags=0
	start_drivers
	transfer "$2"
	make_master "$EDU0"
	mkdir -p /run/next
	cp /run/vm/vm.env /run/next
	{
		# after-crash loads the driver itself
		head -n -1 /run/vm/command | if [ "$1" = crash ]; then sed '/^modprobe /d'; else cat; fi
		printf '%q ' env RESERVED="${RESERVED-}" AGAIN="${AGAIN-}" "$TOP/scripts/guest/driver" "$module" \
			"after-$1" "$2" "$(raw_entry "$EDU0")"
		echo
	} >/run/next/command
	cp "$INITRAMFS" /run/next.cpio
	(cd /run/next && printf 'command\nvm.env\n' | cpio --quiet -o -H newc -R 0:0) >>/run/next.cpio
	options=$(sed -E 's/crashkernel=[^ ]*/nr_cpus=1/' /proc/cmdline)
	[ "$1" = reboot ] || flags=2
	# kexec_file_load(), and below reboot() into that kernel
	perl -e 'my ($kernel, $initrd, $options, $flags) = @ARGV;
		open(my $k, "<", $kernel) && open(my $i, "<", $initrd) or die "$!";
		syscall(320, fileno($k), fileno($i), length($options) + 1,
			"$options\0", int($flags)) == 0 or die "kexec: $!"' \
		"$KERNEL" /run/next.cpio "$options" $flags
	if [ "$1" = crash ]; then
		while cat </dev/tcp/10.0.2.100/80; do :; done >/dev/null &
		sleep 1
		echo c >/proc/sysrq-trigger
	fi
	perl -e 'syscall(169, 0xfee1dead, 672274793, 0x45584543, 0)'
	die "no kexec: $?"
}

# after-reboot SUM ENTRY: the former kernel disabled the unit
do_after_reboot() {
	! was_left_enabled || die "the unit was enabled"
	works_again "$1" 0
}

# after-crash SUM ENTRY: the former kernel left the unit enabled, where EDU0 had ENTRY.
# RESERVED=FIRST-LAST is memory that EDU0 could reach.
#
# Devices without a driver keep their entries and go on, until a driver uses them. Then
# they are translated under a new domain id, without a fault. One in a group with a
# device in use, as the SMBus controller beside the SATA controller, is stopped.
#
# A VT-d unit has stopped translating, because the kernel's own driver, though disabled,
# does that when the kernel starts. Then no device does DMA before a driver enables it.
# AGAIN=1: the unit translates by the former tables again.
do_after_crash() {
	local ids
	if [ "$module" = vtd ] && [ -z "${AGAIN-}" ]; then
		modprobe vtd
		was_left_enabled || die "the unit was disabled"
		are_stopped
		works_again "$1"
		return
	fi
	[ "$module" != vtd ] || modprobe vtd_leave former=1 || die "the unit does not translate again"
	modprobe ahci
	make_master "$SMBUS"
	modprobe "$module"
	was_left_enabled ", translating; [0-9]* entries of the former kernel are kept, 0 left out" ||
		die "the entries were not kept"
	passes "$SATA"
	passes "$SMBUS"
	! is_master "$SMBUS" || die "a device in a group that passes through may do DMA"
	keeps_former "$EDU0" "$2"
	is_master "$EDU0" || die "the device may not do DMA any more"
	if [ -n "${RESERVED-}" ]; then
		build/selftests/dma/reserved a_device_reaches_all_of_its_reserved_memory ||
			die "DMA of the former kernel does not work"
		keeps_former "$EDU0" "$2"
	fi
	! echo identity 2>/dev/null >"/sys/bus/pci/devices/$EDU0/iommu_group/type" ||
		die "the device may pass through DMA of the former kernel"
	keeps_former "$NVME0"
	keeps_former "$NIC0"
	ids=$(domain_ids "$debug"/*:*)
	# Bound, before it maps any memory
	modprobe e1000e
	is_translated "$NIC0" || die "the network card is not translated"
	works_again "$1" 0
	grep . "$debug/$NVME0/entry"
	! grep -qxF "$(domain_ids "$debug/$NVME0")" <<<"$ids" ||
		die "the domain id is one of the former kernel's: $ids"
	keeps_former "$EDU0" "$2"
}

# passes ADDRESS: the device passes through
passes() {
	grep -q '^pass-through' "$debug/$1/entry" || die "$1 does not pass through"
}

# raw_entry ADDRESS: the entries of the device's source-ids, as the unit reads them
raw_entry() { tail -n +2 "$debug/$1/entry"; }

# domain_ids FOLDER...: the domain ids in the devices' entries
domain_ids() {
	case $module in
	amdvi) cat "${@/%//entry}" | awk 'NF == 5 && $1 ~ /:/ { print substr($3, 13) }' ;;
	vtd) cat "${@/%//entry}" | awk '$1 == "context" { print substr($3, 11, 4) }' ;;
	esac | sort -u
}

# keeps_former ADDRESS [ENTRY]: the device has the former kernel's entry, which is ENTRY
keeps_former() {
	grep -q '^former' "$debug/$1/entry" || die "$1 does not keep its entry"
	[ -z "${2-}" ] || [ "$2" = "$(raw_entry "$1")" ] ||
		die "the entry of $1 is $(raw_entry "$1"), not $2"
}

# works_again SUM [FAULTS]: disk and network work, without a fault. A driver that
# enables bus mastering before it resets its device lets the device go on with
# addresses of the former kernel, which are blocked: such faults are expected unless
# FAULTS is given.
works_again() {
	local former
	start_drivers
	former=${2-$(faults)}
	transfer "$1"
	is_translated "$NVME0" || die "the disk is not translated"
	[ "$(faults)" = "$former" ] || die "there were faults"
}
