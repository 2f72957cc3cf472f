/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Identity translation: by pass-through, or by a table on units without it.
 */
#ifndef VTD_IDENTITY_H
#define VTD_IDENTITY_H

struct vtd_entry;
struct vtd_unit;

int vtd_identity_create(struct vtd_unit *unit);
void vtd_identity_destroy(struct vtd_unit *unit);
void vtd_identity_abandon(struct vtd_unit *unit);
void vtd_identity_entry(const struct vtd_unit *unit, struct vtd_entry *entry);

#endif
