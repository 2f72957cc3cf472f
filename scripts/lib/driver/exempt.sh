# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Devices that the kernel's own drivers use untranslated. To be sourced.
# shellcheck disable=SC2154 # use_unit sets module

# exempt TYPE DEVICE LINE [OPTION...]: EDU0 gets a group of this type, as what it is, or
# with a DEVICE, parameters of vfio_disguise, as that; the log has LINE, a regex, or - for
# no line
do_exempt() {
	local type=$1 device line=$3
	read -ra device <<<"$2"
	shift 3
	[ ${#device[@]} -eq 0 ] || modprobe vfio_disguise address="$EDU0" "${device[@]}" ||
		die "no disguise"
	modprobe "$module" "$@" || die "$module.ko cannot be loaded"
	[[ $(group_type "$EDU0") = "$type" ]] || die "the group is $(group_type "$EDU0")"
	if [ "$line" = - ]; then
		! grep "$EDU0: not translated" <<<"$(dmesg)" || die "it is logged"
	else
		grep "$EDU0: .*$line" <<<"$(dmesg)" || die "the log does not say: $line"
	fi
}

# skipped UNITS LINE: the driver refuses to load, since the only unit is left out
do_skipped() {
	! modprobe "$module" skip_unit="$1" || die "$module.ko was loaded"
	grep "$2" <<<"$(dmesg)" || die "the log does not say: $2"
}

# refused OPTION LINE: the driver refuses to load with it
do_refused() {
	! modprobe "$module" "$1" 2>/dev/null || die "$module.ko was loaded"
	grep "$2" <<<"$(dmesg)" || die "the log does not say: $2"
}

# graphics-unit DEVICE: the unit is that of graphics
do_graphics_unit() {
	modprobe vfio_disguise address="$EDU0" vendor=0x8086 device="$1" class=0x030000 || die "no disguise"
	modprobe "$module"
}
