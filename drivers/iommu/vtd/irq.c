// SPDX-License-Identifier: GPL-2.0
/*
 * The fault interrupt of a unit.
 *
 * A unit is not a PCI device: it has one message, in three registers of its
 * own. So each unit has an interrupt domain of one interrupt, whose parent is
 * the CPUs' vector domain. All it does is write the message that the vector
 * domain composes, when the interrupt is activated or moves to another CPU.
 */
#define pr_fmt(fmt) "vtd: " fmt

#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/msi.h>

#include <asm/hw_irq.h>
#include <asm/irqdomain.h>

#include "regs.h"
#include "unit.h"

static void vtd_irq_write_message(struct irq_data *data)
{
	struct vtd_unit *unit = irq_data_get_irq_chip_data(data);
	struct irq_data *parent = data->parent_data;
	struct msi_msg msg = { };
	unsigned long flags;

	parent->chip->irq_compose_msi_msg(parent, &msg);
	raw_spin_lock_irqsave(&unit->reg_lock, flags);
	vtd_write(unit, VTD_FEDATA, msg.data);
	vtd_write(unit, VTD_FEADDR, msg.address_lo);
	vtd_write(unit, VTD_FEUADDR, msg.address_hi);
	raw_spin_unlock_irqrestore(&unit->reg_lock, flags);
}

/**
 * vtd_irq_mask() - mask or unmask the fault interrupt
 * @unit: the unit
 * @mask: mask it
 *
 * An interrupt that becomes pending while masked is sent when it is unmasked.
 */
void vtd_irq_mask(struct vtd_unit *unit, bool mask)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&unit->reg_lock, flags);
	vtd_write(unit, VTD_FECTL, mask ? FECTL_IM : 0);
	/* Read back, so that the write has taken effect on return */
	vtd_read(unit, VTD_FECTL);
	raw_spin_unlock_irqrestore(&unit->reg_lock, flags);
}

static void vtd_irq_chip_mask(struct irq_data *data)
{
	vtd_irq_mask(irq_data_get_irq_chip_data(data), true);
}

static void vtd_irq_chip_unmask(struct irq_data *data)
{
	vtd_irq_mask(irq_data_get_irq_chip_data(data), false);
}

static int vtd_irq_chip_set_affinity(struct irq_data *data,
				     const struct cpumask *mask, bool force)
{
	struct irq_data *parent = data->parent_data;
	int ret = parent->chip->irq_set_affinity(parent, mask, force);

	if (ret >= 0 && ret != IRQ_SET_MASK_OK_DONE)
		vtd_irq_write_message(data);
	return ret;
}

static struct irq_chip chip = {
	.name = "VT-d",
	.irq_mask = vtd_irq_chip_mask,
	.irq_unmask = vtd_irq_chip_unmask,
	.irq_ack = irq_chip_ack_parent,
	.irq_set_affinity = vtd_irq_chip_set_affinity,
	.irq_retrigger = irq_chip_retrigger_hierarchy,
	.flags = IRQCHIP_SKIP_SET_WAKE,
};

static int vtd_irq_alloc(struct irq_domain *domain, unsigned int virq,
			 unsigned int nr, void *arg)
{
	struct vtd_unit *unit = domain->host_data;
	int ret;

	ret = irq_domain_alloc_irqs_parent(domain, virq, nr, arg);
	if (ret)
		return ret;
	irq_domain_set_hwirq_and_chip(domain, virq, unit->index, &chip, unit);
	/* Messages are handled as edges */
	__irq_set_handler(virq, handle_edge_irq, 0, "edge");
	return 0;
}

static int vtd_irq_activate(struct irq_domain *domain, struct irq_data *data,
			    bool reserve)
{
	vtd_irq_write_message(data);
	return 0;
}

static const struct irq_domain_ops domain_ops = {
	.alloc = vtd_irq_alloc,
	.free = irq_domain_free_irqs_parent,
	.activate = vtd_irq_activate,
};

static irqreturn_t vtd_irq_handler(int irq, void *arg)
{
	struct vtd_unit *unit = arg;

	iommu_faults_interrupt(&unit->common.faults);
	return IRQ_HANDLED;
}

/**
 * vtd_irq_create() - set up the fault interrupt of a unit
 * @unit: the unit
 *
 * Return: 0 with the interrupt requested and unmasked, or an error.
 */
int vtd_irq_create(struct vtd_unit *unit)
{
	struct vtd_faults *faults = &unit->faults;
	struct irq_alloc_info info = { };
	int irq, ret;

	faults->fwnode = irq_domain_alloc_named_id_fwnode("VTD", unit->index);
	if (!faults->fwnode)
		return -ENOMEM;
	faults->domain = irq_domain_create_hierarchy(x86_vector_domain, 0, 1,
						     faults->fwnode,
						     &domain_ops, unit);
	ret = -ENOMEM;
	if (!faults->domain)
		goto err_fwnode;
	irq = irq_domain_alloc_irqs(faults->domain, 1, unit->nid, &info);
	ret = irq;
	if (irq < 0)
		goto err_domain;
	faults->irq = irq;
	ret = request_irq(irq, vtd_irq_handler, IRQF_NO_THREAD,
			  unit->common.name, unit);
	if (ret)
		goto err_irq;
	return 0;
err_irq:
	faults->irq = 0;
	irq_dispose_mapping(irq);
err_domain:
	irq_domain_remove(faults->domain);
	faults->domain = NULL;
err_fwnode:
	irq_domain_free_fwnode(faults->fwnode);
	faults->fwnode = NULL;
	return ret;
}

/**
 * vtd_irq_destroy() - free the fault interrupt of a unit
 * @unit: the unit; may have no fault interrupt
 */
void vtd_irq_destroy(struct vtd_unit *unit)
{
	struct vtd_faults *faults = &unit->faults;

	if (!faults->irq)
		return;
	free_irq(faults->irq, unit);
	irq_dispose_mapping(faults->irq);
	irq_domain_remove(faults->domain);
	irq_domain_free_fwnode(faults->fwnode);
	faults->irq = 0;
}

/**
 * vtd_irq_restore() - write the message again after the unit lost it
 * @unit: a unit that has its interrupt
 */
void vtd_irq_restore(struct vtd_unit *unit)
{
	vtd_irq_write_message(irq_domain_get_irq_data(unit->faults.domain,
						      unit->faults.irq));
}
