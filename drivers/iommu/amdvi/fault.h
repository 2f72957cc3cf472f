/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The event log of a unit, and the unit's interrupt.
 */
#ifndef AMDVI_FAULT_H
#define AMDVI_FAULT_H

struct amdvi_unit;

int amdvi_events_create(struct amdvi_unit *unit);
void amdvi_events_destroy(struct amdvi_unit *unit);
void amdvi_events_install(struct amdvi_unit *unit);
void amdvi_events_unmask(struct amdvi_unit *unit);
void amdvi_events_start(struct amdvi_unit *unit);
void amdvi_events_stop(struct amdvi_unit *unit);

#endif
