# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Step "person" of scripts/hardware-test: what only a person can do and see. To be
# sourced.
# shellcheck disable=SC2034,SC2154 # talk.sh reads what about_ sets

about_person() {
	title='what only you can do and see'
	does='asks questions, and writes your answers into the report as you type them. An empty
	answer means that you have not tried. Some of them need hardware of a certain kind.'
	risk='that of each thing you do; the questions name it.'
	back='quit, do what a question asks for, and come back with --only person.'
}

questions=(
	"Do screen, external screen and video work with the driver loaded?"
	"Do sound, Wi-Fi, Bluetooth, USB, camera and card reader work?"
	"Did 'reboot' work with the driver loaded? Did the firmware start as usual?"
	"Did kexec into the same kernel work? (as root, with kexec-tools; save your work before)"
	"kdump: after 'echo c >/proc/sysrq-trigger', was there a dump? (crashes the machine; save your work before)"
	"Thunderbolt or USB4 dock: did everything in it work, after being plugged in, and after sleep?"
	"Did a virtual machine work with a device of this machine? Which device, which program?"
	"PCI card behind a PCIe-to-PCI bridge, or a Marvell or JMicron SATA controller: did its disks or functions work?"
	"NVMe disk with ATS, or a GPU with ATS: which, and did it survive a reset while it was busy?"
	"Several sockets: did devices of each socket work?"
	"AMD: did a reset of the GPU (amdgpu) leave the other devices working? Did the machine wake up as usual?"
	"Is anything slower than with the kernel's own driver, as far as you can tell?"
	"Anything else? Names of models help."
)

run_person() {
	local question
	a_person 'this step' || return
	for question in "${questions[@]}"; do
		say '' "$question"
		ask_text '>'
		[ -z "$stop" ] || break
		note "question: $question"
		note "answer: ${answer:-not tried}"
	done
	say '' "Is there an answer that says that something does not work?"
	[ -n "$stop" ] || ! ask "Then the step has failed. Has it?" || bad "the person says that something does not work"
}
