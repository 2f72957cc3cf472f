/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Attaching devices: entries, and moves from one translation to another.
 */
#ifndef VTD_ATTACH_H
#define VTD_ATTACH_H

#include <linux/types.h>

struct device;
struct vtd_device;
struct vtd_domain;
struct vtd_entry;
struct vtd_nested;
struct vtd_unit;

int vtd_device_set_entries(struct vtd_unit *unit, struct device *dev,
			   u16 source_id, const struct vtd_entry *entry);
int vtd_device_move(struct vtd_device *device, struct vtd_domain *domain,
		    struct vtd_nested *nested, const struct vtd_entry *template);
int vtd_device_bar(struct vtd_device *device);
void vtd_device_track(struct vtd_device *device, bool enable);
void vtd_device_detach(struct vtd_device *device);

#endif
