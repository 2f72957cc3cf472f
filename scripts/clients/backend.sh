# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# For the clients in this folder, inside a virtual machine: load the backend that
# serves them, and check afterwards that nothing is left pinned. To be sourced.
# shellcheck disable=SC2034 # the results are for the scripts that source this

. "$TOP/scripts/lib/pinned.sh"

fail() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# backend sluice|type1|files: load this backend and no other. Interrupts are not
# remapped under vtd.ko, which does no harm in this machine. With files, devices have
# device files too. The result is in driver, the driver to bind devices to.
backend() {
	driver=vfio-pci
	case $1 in
	type1) modprobe vfio_iommu_type1 allow_unsafe_interrupts=1 || fail "no type1" ;;
	sluice | files)
		modprobe iommufd allow_unsafe_interrupts=1 || fail "no iommufd"
		modprobe vfio_iommufd || fail "no vfio_iommufd"
		;;
	*) fail "no backend '$1'" ;;
	esac
	if [ "$1" = files ]; then
		driver=vfio-iommufd-pci
		modprobe vfio_iommufd_pci || fail "no vfio_iommufd_pci"
	fi
	backend=$1
	pinned_before=$(pinned)
}

# served MODULE...: while a client runs, these modules are in use, and the other
# backend is not
served() {
	local module other=vfio_iommu_type1
	for module; do
		[ "$(cat "/sys/module/$module/refcnt")" -gt 0 ] || fail "$module is not in use"
		[ "$module" != vfio_iommu_type1 ] || other=vfio_iommufd
	done
	[ ! -e "/sys/module/$other" ] || [ "$(cat "/sys/module/$other/refcnt")" -eq 0 ] ||
		fail "$other is in use"
	echo "served by $*"
}

# Print the module whose containers the backend uses
container_of() {
	case $backend in type1) echo vfio_iommu_type1 ;; *) echo vfio_iommufd ;; esac
}

# nothing_left: all pages that a client pinned are unpinned when it has ended. A worker
# unpins the pages of a process that was killed, some time later.
nothing_left() {
	local left
	for _ in $(seq 600); do
		left=$(($(pinned) - pinned_before))
		[ "$left" -ne 0 ] || return 0
		sleep 0.1
	done
	fail "$left pages are still pinned"
}
