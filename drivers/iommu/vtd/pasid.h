/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Scalable mode: the PASID directory and table of a source-id.
 */
#ifndef VTD_PASID_H
#define VTD_PASID_H

#include <linux/types.h>

struct vtd_entry;
struct vtd_unit;

int vtd_pasid_prepare(struct vtd_unit *unit, u16 source_id, u64 *context);
bool vtd_pasid_set(struct vtd_unit *unit, u16 source_id,
		   const struct vtd_entry *entry, u16 *old_domain_id);
bool vtd_pasid_get(struct vtd_unit *unit, u16 source_id, u64 raw[8]);
void vtd_pasid_destroy(struct vtd_unit *unit);

#endif
