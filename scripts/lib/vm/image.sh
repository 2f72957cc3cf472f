# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The kernel of a virtual machine and its command line. To be sourced.
# shellcheck disable=SC2034 # the results are for scripts/vm

# find_image stock|debug|FILE: results are in image, the file to boot; release;
# and modules, the folder whose subfolder $release has the kernel's own modules
find_image() {
	local dir
	modules=/lib/modules
	case $1 in
	stock)
		release=$(default_release)
		image=/boot/vmlinuz-$release
		if [ ! -e "$image" ]; then
			image=$CACHE/stock/$release/boot/vmlinuz-$release
			modules=$CACHE/stock/$release/lib/modules
		fi
		[ -e "$image" ] || die "no kernel image for $release: run 'make setup'"
		;;
	debug)
		dir=$("$TOP/scripts/build-debug-kernel" --where)
		image=$dir/bzImage modules=$dir/modules/lib/modules
		[ -e "$image" ] || die "no debug kernel yet: run scripts/build-debug-kernel"
		release=$(release_of "$image")
		;;
	*)
		[ -e "$1" ] || die "no kernel image '$1'"
		image=$1
		release=$(release_of "$image")
		;;
	esac
}

# command_line KERNEL IOMMU DRIVER ICOUNT: print it; ICOUNT is empty or 1
command_line() {
	local line="console=ttyS0 panic=-1 loglevel=7 log_buf_len=4M no_timer_check"
	line+=" cryptomgr.notests random.trust_cpu=1 nokaslr"
	# The kernel patches its own code while it boots, and QEMU's CPUs do not
	# always see that in time. So one CPU boots, and vm-init starts the others.
	line+=" maxcpus=1 noreplace-smp oops=panic"
	# On a busy host the counter of one CPU may seem late
	line+=" tsc=reliable"
	# On a busy host an emulated CPU may not run for a while. That is no bug of
	# the kernel.
	line+=" rcupdate.rcu_cpu_stall_timeout=300 watchdog_thresh=60 workqueue.watchdog_thresh=300"
	line+=" sysctl.kernel.hung_task_timeout_secs=300"
	# While a kernel identifies its first CPU, it assumes four levels of page
	# tables for a moment. KASAN takes what an interrupt does then for a wild
	# access.
	[ "$1" = stock ] || line+=" no5lvl"
	case ${2%%,*}-$3 in
	vtd-kernel) line+=" intel_iommu=on" ;;
	vtd-none) line+=" intel_iommu=off" ;;
	vtd-sluice) line+=" intel_iommu=off intremap=off" ;;
	# mitigations=off: the kernel warns of vulnerabilities of this CPU model
	amdvi-kernel) line+=" mitigations=off" ;;
	amdvi-none) line+=" mitigations=off amd_iommu=off" ;;
	amdvi-sluice) line+=" mitigations=off amd_iommu=off intremap=off" ;;
	esac
	# QEMU 7.2 leaves wrong flags behind cmpxchg16b (Documentation/clients.md),
	# which the kernel's allocator uses all the time. The kernel's driver for
	# AMD-Vi needs the instruction, and measurements (--icount) are made with it.
	case ${2%%,*}-$3-$4 in
	amdvi-kernel-* | *-1) ;;
	*) line+=" clearcpuid=cx16" ;;
	esac
	echo "$line"
}
