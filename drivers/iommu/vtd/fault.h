/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fault recording of a unit.
 */
#ifndef VTD_FAULT_H
#define VTD_FAULT_H

#include <linux/types.h>

struct fwnode_handle;
struct irq_domain;
struct vtd_unit;

/**
 * struct vtd_faults - fault recording of a unit
 * @irq: its interrupt, or 0 if faults are polled
 * @domain: the interrupt's domain
 * @fwnode: names the interrupt domain
 */
struct vtd_faults {
	int irq;
	struct irq_domain *domain;
	struct fwnode_handle *fwnode;
};

void vtd_faults_clear(struct vtd_unit *unit);
int vtd_faults_start(struct vtd_unit *unit);
void vtd_faults_stop(struct vtd_unit *unit);
void vtd_faults_resume(struct vtd_unit *unit);
const char *vtd_fault_reason(u8 reason);

/* irq.c */
int vtd_irq_create(struct vtd_unit *unit);
void vtd_irq_destroy(struct vtd_unit *unit);
void vtd_irq_restore(struct vtd_unit *unit);
void vtd_irq_mask(struct vtd_unit *unit, bool mask);

#endif
