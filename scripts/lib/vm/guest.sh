# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Files that a guest boots from: its modules, and the archives that make up its
# initramfs. To be sourced.

# archive FOLDER [FILE...]: print a cpio archive of a folder, or of files in it
archive() {
	local folder=$1
	shift
	(cd "$folder" && find "${@:-.}" | cpio --quiet -o -H newc -R 0:0)
}

# make_tree OUT RELEASE MODULES: the module tree for the guest, OUT/tree, has the
# kernel's own modules and those in OUT on top of them. It is made anew if one of
# ours is newer, and replaced as a whole.
make_tree() {
	local out=$1 release=$2 modules=$3 tree=$1/tree base new
	if [ -e "$tree" ] && [ -z "$(find "$out" -maxdepth 1 -name '*.ko' -newer "$tree")" ] &&
		[ "$tree" -nt "$out/src" ]; then
		return
	fi
	new=$(mktemp -d "$out/tree.XXXXXX")
	chmod 755 "$new"
	base=$new/lib/modules/$release
	mkdir -p "$base/updates"
	ln -s "$modules/$release/kernel" "$base/kernel"
	cp "$modules/$release"/modules.{order,builtin,builtin.modinfo} "$base/" 2>/dev/null || true
	find "$out" -maxdepth 1 -name '*.ko' -exec cp {} "$base/updates/" \;
	depmod -b "$new" "$release"
	rm -rf "$out/tree.old"
	[ ! -e "$tree" ] || mv "$tree" "$out/tree.old"
	mv "$new" "$tree"
	touch "$tree"
	rm -rf "$out/tree.old"
}

# make_first_root ROOT RELEASE MODULES: a file system that can mount the host's
make_first_root() {
	local root=$1 release=$2 modules=$3 m file
	mkdir -p "$root"/{bin,dev,proc,sys,lower,rw,new,modules}
	cp "$(command -v busybox)" "$root/bin/busybox"
	cp "$TOP/scripts/guest/vm-init" "$root/init"
	# In the order in which they depend on each other; one that is built in has
	# no file
	for m in netfs 9pnet 9pnet_virtio 9p overlay; do
		file=$(find "$modules/$release/kernel/" -name "$m.ko*" 2>/dev/null | head -n1)
		case $file in
		*.xz) xz -dc "$file" >"$root/modules/$m.ko" ;;
		*.ko) cp "$file" "$root/modules/$m.ko" ;;
		*) continue ;;
		esac
		echo "$m" >>"$root/modules/order"
	done
}

# base_archive OUT IMAGE RELEASE MODULES RUN: make the module tree and the part of
# the initramfs that all machines with this kernel share, unless they are there.
# The result is in base, the file of the latter. Under a lock: machines that run
# use these files, and several may start at the same time.
base_archive() {
	local out=$1 image=$2 release=$3 modules=$4 run=$5
	mkdir -p "$out"
	base=$(cat "$TOP/scripts/lib/vm/guest.sh" "$TOP/scripts/guest/vm-init" "$image" |
		sha256sum | cut -c1-16)
	base=$out/initramfs-$base.cpio
	(
		flock 9
		make_tree "$out" "$release" "$modules"
		if [ ! -e "$base" ]; then
			rm -f "$out"/initramfs-*.cpio
			make_first_root "$run/root" "$release" "$modules"
			archive "$run/root" >"$run/base.cpio"
			mv "$run/base.cpio" "$base"
		fi
	) 9>"$out/vm.lock"
}

# command_script MODULE NAME=VALUE... -- COMMAND...: print the script that runs in
# the guest: it loads MODULE, if that is not empty, and runs COMMAND
command_script() {
	local module=$1
	shift
	printf 'export %q\n' "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
		"HOME=/root" "TERM=dumb" "LC_ALL=C.UTF-8" "SLUICE_VM=1" "TOP=$TOP"
	while [ "$1" != -- ]; do
		printf 'export %q\n' "$1"
		shift
	done
	shift
	printf 'cd %q || exit 125\n' "$PWD"
	if [ -n "$module" ]; then
		printf 'modprobe %s || { echo "vm: loading %s failed:"; dmesg | tail -n 5; exit 125; }\n' \
			"$module" "$module"
	fi
	printf '%q ' "$@"
	echo
}

# acpi_archive RUN FILE...: print an archive of ACPI tables, which the kernel finds
# by their path. It has to come first in the initramfs.
acpi_archive() {
	local run=$1 folder=kernel/firmware/acpi file n=0
	shift
	[ $# -gt 0 ] || return 0
	mkdir -p "$run/acpi/$folder"
	for file in "$@"; do
		cp "$file" "$run/acpi/$folder/$n.aml"
		n=$((n + 1))
	done
	archive "$run/acpi" kernel
}
