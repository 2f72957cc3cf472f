/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The IOMMU groups into which the kernel would put the devices, and why.
 */
#ifndef MACHINE_GROUPS_H
#define MACHINE_GROUPS_H

#include "machine/pci.h"

/* Whose ACS controls are enabled */
enum groups_acs {
	GROUPS_ACS_NOW,		/* as they are now */
	GROUPS_ACS_PORTS,	/* those of ports as well: what vtd.ko does */
	GROUPS_ACS_ONLY_PORTS,	/* the same, but those of others are off */
	GROUPS_ACS_ALL,		/* all, as the kernel does for its own driver */
};

enum groups_reason {
	GROUPS_ALONE,		/* the first device of its group */
	GROUPS_BRIDGE,		/* its requests have a bridge's source-id */
	GROUPS_PORT,		/* a port above it does not isolate it */
	GROUPS_FUNCTIONS,	/* functions of one device are not isolated */
	GROUPS_ALIAS,		/* its requests have the source-id of another */
	GROUPS_VMD,		/* its requests have that of a VMD device */
};

/**
 * struct groups_member - a device in its group
 * @group: number of the group, from 0; PCI_NONE for a device behind no unit
 * @reason: why it is not in a group of its own
 * @because: the bridge, port or device that is the reason, or PCI_NONE
 */
struct groups_member {
	int group;
	enum groups_reason reason;
	int because;
};

/**
 * struct groups - groups of all devices
 * @members: by the index of the device
 * @nr: number of groups
 */
struct groups {
	struct groups_member *members;
	int nr;
};

/**
 * groups_predict() - form groups as Linux 6.12 does
 * @groups: filled in; to be released with groups_free()
 * @pci: the devices; their capabilities and units must be known
 * @acs: whose controls are enabled
 * @amd: the machine has an AMD-Vi unit
 *
 * Return: 0, or -ENOMEM with the sentence in fail_text().
 */
int groups_predict(struct groups *groups, const struct pci *pci,
		   enum groups_acs acs, bool amd);
/* The groups that the kernel has formed, without reasons */
int groups_now(struct groups *groups, const struct pci *pci);
void groups_free(struct groups *groups);

/* Would this device be isolated from others beside it and below it? */
bool groups_isolated(const struct pci *pci, int device, enum groups_acs acs,
		     bool amd);

/* Number of devices in a group, without bridges and ports */
int groups_count(const struct groups *groups, const struct pci *pci,
		 int group);

#endif
