# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The IOMMU and the devices of a virtual machine. To be sourced.
# shellcheck disable=SC2034 # the results are for scripts/vm

# add_iommu IOMMU: results are in machine, cpu and iommu_args, for QEMU
add_iommu() {
	machine=q35,kernel-irqchip=split cpu=max
	case $1 in
	none) machine=q35 iommu_args=() ;;
	vtd | vtd,*) iommu_args=(-device "intel-iommu${1#vtd}") ;;
	amdvi | amdvi,*) cpu=EPYC iommu_args=(-device "amd-iommu${1#amdvi}") ;;
	*) die "unknown IOMMU '$1'" ;;
	esac
}

# module_for IOMMU DRIVER: print the module that the guest loads, if any
module_for() {
	case ${1%%,*}-$2 in
	vtd-sluice) echo vtd ;;
	amdvi-sluice) echo amdvi ;;
	esac
}

# add_devices RUN DEVICE...: results are in device_args, for QEMU, and device_env,
# which tells the guest the addresses. Each device is in a slot of its own, so that
# its address is known here. RUN is the folder for images of disks.
add_devices() {
	local run=$1 device name props addr n slot=4
	local -A count=([edu]=0 [nvme]=0 [nic]=0)
	shift
	device_args=() device_env=()
	for device in "$@"; do
		name=${device%%[,=]*} props=${device#"${device%%[,=]*}"}
		addr=$(printf '0x%x' "$slot")
		[ -n "${count[$name]-}" ] || die "unknown device '$name'"
		n=${count[$name]}
		count[$name]=$((n + 1))
		device_env+=("${name^^}$n=0000:00:$(printf '%02x' "$slot").0")
		slot=$((slot + 1))
		case $name in
		edu) device_args+=(-device "edu,id=edu$n,addr=$addr$props") ;;
		nvme) add_disk "$n" "$addr" "$run/nvme$n.img" "$props" ;;
		nic) add_card "$n" "$addr" "$props" ;;
		esac
	done
}

# add_disk N ADDRESS IMAGE PROPERTIES: PROPERTIES may begin with "=FILE", an image
# to use in place of a new one at IMAGE
add_disk() {
	local n=$1 addr=$2 file=$3 props=$4
	case $props in
	=*)
		file=${props#=} props=''
		[[ $file != *,* ]] || props=,${file#*,}
		file=${file%%,*}
		;;
	*) truncate -s 64M "$file" ;;
	esac
	device_args+=(-drive "file=$file,format=raw,if=none,id=nvme$n,file.locking=off"
		-device "nvme,serial=sluice$n,drive=nvme$n,addr=$addr$props")
}

# add_card N ADDRESS PROPERTIES: with a network of its own unless PROPERTIES name one
add_card() {
	local n=$1 addr=$2 props=$3
	case $props in
	*netdev=*) ;;
	*)
		device_args+=(-netdev "user,id=net$n")
		props+=,netdev=net$n
		;;
	esac
	device_args+=(-device "e1000e,id=nic$n,addr=$addr$props")
}

# threads_for WANTED DEVICES ARGUMENTS: print how QEMU is to run its CPUs, single or
# multi; WANTED is one, many or empty. When a CPU changes the layout of the address
# space (moves a BAR, enables bus mastering), QEMU, up to 10.0 at least, lets a CPU
# that runs at the same time use its TLB with the new table: a write to a device
# goes to another device or is lost, or QEMU dies (memory_region_dispatch_write,
# iotlb_to_section). In one thread no two CPUs run at the same time.
threads_for() {
	case $1 in
	one) echo single ;;
	many) echo multi ;;
	*)
		case "$2 $3" in
		[1-9]* | *-device*) echo single ;;
		*) echo multi ;;
		esac
		;;
	esac
}
