# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The options of scripts/vm. To be sourced.
# shellcheck disable=SC2034 # the results are for scripts/vm

usage() {
	cat <<-'END'
	usage: scripts/vm [OPTION...] -- COMMAND...

	Boot a virtual machine, run a command in it, and exit with its status.

	The guest sees the root file system of the host, read-only under a scratch
	layer in its own memory, so a command that works on the host works in the
	guest. The output of the command is printed. The log of the guest's kernel is
	searched for reports of bugs; if there are any, it is printed from the first
	report on, and the run has failed whatever the command returned.

	A run in which the emulator itself fails (QEMU crashes, a CPU does not start)
	is void, and the machine is booted again, at most twice.

	Options:
	  --kernel stock|debug|FILE  the kernel to boot (default: stock). The debug
	                             kernel is built by scripts/build-debug-kernel.
	  --iommu vtd|amdvi|none     the emulated IOMMU (default: none), with
	                             properties of the QEMU device after commas:
	                             vtd,caching-mode=on
	  --driver sluice|kernel|none
	                             the IOMMU driver: sluice (vtd.ko or amdvi.ko),
	                             the kernel's own, or none (default: none)
	  --device edu|nvme|nic      add a PCI device that can do DMA, with properties
	                             of the QEMU device after commas; nvme=FILE names
	                             the disk image. Any number of times.
	  --cpus N                   the number of CPUs (default: 2)
	  --threads one|many         run all CPUs in one thread of the host, in turn,
	                             or each in its own (default: one if devices are
	                             added, many otherwise)
	  --mem SIZE                 the size of memory (default: 2G)
	  --icount                   derive time from the number of instructions
	                             executed, on one CPU
	  --append ARGS              add to the kernel command line
	  --acpi-table FILE          an ACPI table with its header, in place of the
	                             firmware's table of the same signature and ids.
	                             Its OEM revision has to be higher. Any number of
	                             times.
	  --timeout SECONDS          end the machine after this time (default: 300)
	  --log FILE                 keep the kernel log in this file
	  --expect REGEX             kernel reports that match are no failure
	  --qemu PROGRAM             use another QEMU; scripts/qemu fetches some
	  --qemu-arg ARG             add one argument for QEMU. Any number of times.
	  --help                     print this text

	Environment in the guest:
	  EDU0, NVME0, NVME1, NIC0, ...
	                             the PCI addresses of the devices added
	  KERNEL, INITRAMFS          files the guest was booted from
	  TOP                        the folder of the source
	  SLUICE_VM                  1

	Examples:
	  scripts/vm -- uname -a
	  scripts/vm --iommu vtd --driver sluice --device nvme -- dmesg
	  scripts/vm --kernel debug --qemu-arg -s --qemu-arg -S -- true

	Exit status:
	  N                          the status of the command
	  2                          the arguments are wrong
	  122                        the machine stopped before the command ended
	  123                        the time limit has passed
	  124                        the kernel reported a bug
	  125                        the guest could not load the IOMMU driver
	END
	exit "$1"
}

# parse_options ARGUMENT...: results are in opt[NAME], for each option that is
# given once; devices, qemu_args and acpi_tables, for those given several times;
# and command.
declare -A opt=([kernel]=stock [iommu]=none [driver]=none [cpus]=2 [threads]='' [mem]=2G
	[icount]='' [append]='' [timeout]=300 [log]='' [expect]='' [qemu]=qemu-system-x86_64)
devices=() qemu_args=() acpi_tables=() command=()
parse_options() {
	while [ $# -gt 0 ]; do
		case $1 in
		--) shift; break ;;
		--help | -h) usage 0 ;;
		--icount) opt[icount]=1; shift; continue ;;
		--kernel | --iommu | --driver | --device | --cpus | --threads | --mem | --append | \
			--timeout | --log | --expect | --qemu | --qemu-arg | --acpi-table)
			[ $# -ge 2 ] || usage 2 >&2 ;;
		*) echo "vm: unknown option '$1'" >&2; usage 2 >&2 ;;
		esac
		case $1 in
		--device) devices+=("$2") ;;
		--qemu-arg) qemu_args+=("$2") ;;
		--acpi-table) acpi_tables+=("$2") ;;
		*) opt[${1#--}]=$2 ;;
		esac
		shift 2
	done
	[ $# -gt 0 ] || usage 2 >&2
	command=("$@")
	case ${opt[driver]} in
	sluice | kernel | none) ;;
	*) die "unknown driver '${opt[driver]}'" ;;
	esac
	case ${opt[threads]} in
	one | many | '') ;;
	*) die "--threads is one or many, not '${opt[threads]}'" ;;
	esac
	command -v "${opt[qemu]}" >/dev/null || die "${opt[qemu]} is missing: run 'make setup'"
}
