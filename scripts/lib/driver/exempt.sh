# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Devices that the kernel's own drivers use untranslated. To be sourced.
# shellcheck disable=SC2154 # use_unit sets module

# exempt TYPE DEVICE LINE [OPTION...]: EDU0 gets a group of this type, as what it is, or
# with a DEVICE as Intel graphics of that id; the log has LINE, a regex, or - for no line
do_exempt() {
	local type=$1 device=$2 line=$3
	shift 3
	[ -z "$device" ] || modprobe vfio_disguise address="$EDU0" vendor=0x8086 \
		device="$device" class=0x030000 || die "no disguise"
	modprobe "$module" "$@" || die "$module.ko cannot be loaded"
	[[ $(group_type "$EDU0") = "$type" ]] || die "the group is $(group_type "$EDU0")"
	if [ "$line" = - ]; then
		! grep "$EDU0: not translated" <<<"$(dmesg)" || die "it is logged"
	else
		grep "$EDU0: .*$line" <<<"$(dmesg)" || die "the log does not say: $line"
	fi
}

# skipped LINE: the driver refuses to load, since the only unit is left out
do_skipped() {
	! modprobe "$module" skip_unit=dmar1,dmar0 || die "$module.ko was loaded"
	grep "$1" <<<"$(dmesg)" || die "the log does not say: $1"
}

# graphics-unit DEVICE: the unit is that of graphics
do_graphics_unit() {
	modprobe vfio_disguise address="$EDU0" vendor=0x8086 device="$1" class=0x030000 || die "no disguise"
	modprobe "$module"
}
