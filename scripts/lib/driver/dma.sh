# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# DMA of devices that a user-space program drives. To be sourced.

# dma PROGRAM[:TEST,...]: run a program of tools/testing/selftests/dma over the VFIO
# backend that can be loaded. SPACE=iommufd: over device files.
do_dma() {
	local driver=vfio-pci
	if ! modprobe -q iommufd allow_unsafe_interrupts=1 || ! modprobe -q vfio_iommufd; then
		modprobe vfio_iommu_type1 allow_unsafe_interrupts=1
	fi
	modprobe iommu_poke
	echo 16 >/proc/sys/vm/nr_hugepages
	if [ "${SPACE-}" = iommufd ]; then
		modprobe vfio_iommufd_pci
		driver=vfio-iommufd-pci
	fi
	# shellcheck disable=SC2086 # a device that is not there is no argument
	scripts/vfio-bind --driver $driver $NVME0 ${NVME1-} ${EDU0-}
	run_programs dma "$1"
	[ "$(count refused)" = 0 ] || die "the unit refused a descriptor"
}

# storm PROGRAM[:TEST,...]: as dma, with a program that makes many bad reads. The
# log gets a bounded number of lines in a given time.
do_storm() {
	local before began=$SECONDS lines took
	before=$(dmesg | wc -l)
	do_dma "$1"
	lines=$(($(dmesg | wc -l) - before)) took=$((SECONDS - began))
	echo "$lines lines in the log in $took s"
	[ "$lines" -le $((100 + 10 * (took / 5 + 1))) ] || die "too many lines in the log"
	# One test alone may be none that the log tells of
	[ -z "$(tests_of "$1")" ] || return 0
	dmesg | grep 'storm of DMA faults' || die "there was no storm"
	dmesg | grep -E '(recorded|logged) again' || die "the storm had no end"
}
