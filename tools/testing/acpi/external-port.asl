// SPDX-License-Identifier: GPL-2.0
// What firmware says of a root port to which anyone can plug in devices, such as a
// Thunderbolt port: here of the port in slot 8, function 0, of QEMU's q35 machine.
DefinitionBlock ("", "SSDT", 2, "SLUICE", "EXTERNAL", 1)
{
	External (\_SB.PCI0.S40, DeviceObj)

	Scope (\_SB.PCI0.S40)
	{
		Name (_DSD, Package () {
			ToUUID ("efcc06cc-73ac-4bc3-bff0-76143807c389"),
			Package () {
				Package () { "ExternalFacingPort", 1 },
				Package () { "UID", 0 }
			}
		})
	}
}
