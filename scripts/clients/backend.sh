# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# For the clients in this folder, inside a virtual machine: whose container or
# device file serves them, and what they leave behind. To be sourced.
# shellcheck disable=SC2034 # what is set here is for those who source it

. "$TOP/scripts/lib/pinned.sh"

fail() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# backend sluice|type1|files: load what is to serve, and only that. Interrupts
# are not remapped under vtd.ko, and that is fine in this machine. With files,
# devices have device files too; $driver is what to bind them to.
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

# served MODULE...: while a client is at work, these are in its hands, and the
# other backend is in nobody's.
served() {
	local module other=vfio_iommu_type1
	for module; do
		[ "$(cat "/sys/module/$module/refcnt")" -gt 0 ] || fail "$module serves nobody"
		[ "$module" != vfio_iommu_type1 ] || other=vfio_iommufd
	done
	[ ! -e "/sys/module/$other" ] || [ "$(cat "/sys/module/$other/refcnt")" -eq 0 ] ||
		fail "$other serves somebody"
	echo "served by $*"
}

# The module that holds the backend's containers.
container_of() {
	case $backend in type1) echo vfio_iommu_type1 ;; *) echo vfio_iommufd ;; esac
}

# nothing_left: what a client pinned is free again when it has ended. The pages
# of a process that was killed are let go by a worker.
nothing_left() {
	local left
	for _ in $(seq 600); do
		left=$(($(pinned) - pinned_before))
		[ "$left" -ne 0 ] || return 0
		sleep 0.1
	done
	fail "$left pages are still pinned"
}
