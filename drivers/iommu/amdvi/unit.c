// SPDX-License-Identifier: GPL-2.0
/*
 * A unit: one remapping engine with its registers and its PCI function.
 *
 * The life of a unit:
 *
 *	create	find the PCI function of an IVHD block, map the registers, read
 *		and check the abilities, allocate the tables
 *	start	write the base addresses, enable translation, invalidate all
 *		caches, request the event interrupt
 *	stop	the reverse of start
 *
 * Starting a unit does not disturb DMA in flight if the device table passes all
 * devices through.
 */
#define pr_fmt(fmt) "amdvi: " fmt

#include <kunit/visibility.h>
#include <linux/iopoll.h>
#include <linux/ioport.h>
#include <linux/kmemleak.h>
#include <linux/slab.h>

#include "ability.h"
#include "chipset.h"
#include "former.h"
#include "inval.h"
#include "ivrs.h"
#include "params.h"
#include "quirks.h"
#include "regs.h"
#include "unit.h"

/* How long a unit may take to stop using its buffers */
#define BUFFERS_US	10000

#define ALL_ON		(CONTROL_IOMMU_EN | CONTROL_EVT_LOG_EN | \
			 CONTROL_EVT_INT_EN | CONTROL_COM_WAIT_INT_EN | \
			 CONTROL_CMD_BUF_EN | CONTROL_PPR_LOG_EN | \
			 CONTROL_PPR_INT_EN | CONTROL_PPR_EN | \
			 CONTROL_PPR_AUTO_RSP_EN | CONTROL_GT_EN)

static const char *amdvi_unit_check(const struct amdvi_unit *unit)
{
	if (amdvi_params_skips(unit->common.name))
		return "skip_unit= asks for it";
	if (FIELD_GET(CAP_ID, unit->cap) != CAPABILITY_ID ||
	    FIELD_GET(CAP_TYPE, unit->cap) != CAPABILITY_TYPE)
		return "its PCI function has no IOMMU capability";
	if (amdvi_read(unit, AMDVI_CONTROL) == U64_MAX)
		return "its registers do not answer";
	if (FIELD_GET(EFR_HATS, unit->efr) == HATS_NONE && !unit->guest_tables)
		return "it walks no page tables that this driver supports";
	return NULL;
}

static int amdvi_unit_map_registers(struct amdvi_unit *unit)
{
	unit->claimed = request_mem_region(unit->common.base, AMDVI_REGS_SIZE,
					   unit->common.name);
	unit->regs = ioremap(unit->common.base, AMDVI_REGS_SIZE);
	return unit->regs ? 0 : -ENOMEM;
}

static void amdvi_unit_unmap_registers(struct amdvi_unit *unit)
{
	if (unit->regs)
		iounmap(unit->regs);
	if (unit->claimed)
		release_mem_region(unit->common.base, AMDVI_REGS_SIZE);
}

static int find_function(struct amdvi_unit *unit, u16 capability)
{
	int ret;

	unit->pdev = pci_get_domain_bus_and_slot(unit->segment,
						 PCI_BUS_NUM(unit->id),
						 unit->id & 0xff);
	if (!unit->pdev) {
		unit_warn(unit, "unit at %pa left out: its PCI function %04x:%02x:%02x.%d is not there\n",
			  &unit->common.base, unit->segment,
			  PCI_BUS_NUM(unit->id), PCI_SLOT(unit->id),
			  PCI_FUNC(unit->id));
		return -ENODEV;
	}
	unit->nid = dev_to_node(&unit->pdev->dev);
	ret = pci_read_config_dword(unit->pdev, capability + CAPABILITY_HEADER,
				    &unit->cap);
	return ret ? pcibios_err_to_errno(ret) : 0;
}

/* Before anything else is changed */
static void apply_quirks(struct amdvi_unit *unit, u16 capability)
{
	struct amdvi_chipset *chipset;

	unit->quirks = amdvi_quirks_of_unit(unit->pdev);
	if (unit->quirks & AMDVI_QUIRK_FORGETS) {
		chipset = amdvi_chipset_save(unit->pdev, capability);
		if (IS_ERR(chipset))
			unit_warn(unit, "registers of its chipset cannot be saved: it may not work after sleep\n");
		else
			unit->chipset = chipset;
	}
	if (amdvi_chipset_fix(unit->pdev, unit->quirks) &
	    AMDVI_QUIRK_ATS_WRITES)
		unit->cap &= ~CAP_IOTLB_SUP;
}

/* The last source-id that the IVRS table describes */
static u16 last_id(const struct ivrs_table *ivrs, struct ivrs_block ivhd)
{
	struct ivrs_entry entry;
	u16 last = 0;

	while (ivrs_next_entry(ivrs, &ivhd, &entry)) {
		if (entry.complaint)
			continue;
		last = max(last, entry.last);
		if (entry.has_alias)
			last = max(last, entry.alias);
	}
	return last;
}

static int amdvi_unit_create_tables(struct amdvi_unit *unit,
				    const struct ivrs_table *ivrs,
				    struct ivrs_block ivhd)
{
	struct ivrs_entry entry;
	int ret;

	ret = amdvi_table_create(unit);
	if (ret)
		return ret;
	while (ivrs_next_entry(ivrs, &ivhd, &entry))
		if (!entry.complaint)
			amdvi_table_describe(unit, &entry);
	ret = amdvi_queue_create(unit);
	if (ret)
		return ret;
	return amdvi_events_create(unit);
}

static void amdvi_unit_free(struct amdvi_unit *unit)
{
	if (unit->stuck) {
		/* It may use all three */
		kmemleak_not_leak(unit->queue);
	} else {
		amdvi_events_destroy(unit);
		amdvi_queue_destroy(unit);
		amdvi_table_destroy(unit);
	}
	amdvi_unit_unmap_registers(unit);
	amdvi_chipset_free(unit->chipset);
	pci_dev_put(unit->pdev);
	iommu_unit_exit(&unit->common);
	kfree(unit);
}

static void amdvi_unit_take_over(struct amdvi_unit *unit)
{
	struct amdvi_former_count count;

	if (amdvi_former_take(unit, &count))
		unit_warn(unit, "was left enabled, translating; %u entries of the former kernel are kept, %u left out; bus mastering of devices without either a driver or such an entry is disabled\n",
			  count.kept, count.left_out);
	else
		unit_warn(unit, "was left enabled, translating; bus mastering of devices without a driver is disabled\n");
}

/**
 * amdvi_unit_create() - create a unit from its block of the IVRS table
 * @ivrs: the table
 * @ivhd: the unit's block
 * @index: number for its name
 *
 * Return: the unit, or an error; -ENODEV, after a line in the log, if this unit
 * cannot be used. Other units can still be used then.
 */
struct amdvi_unit *amdvi_unit_create(const struct ivrs_table *ivrs,
				     const struct ivrs_block *ivhd,
				     unsigned int index)
{
	struct amdvi_unit *unit = kzalloc(sizeof(*unit), GFP_KERNEL);
	const char *what;
	int ret;

	if (!unit)
		return ERR_PTR(-ENOMEM);
	raw_spin_lock_init(&unit->reg_lock);
	iommu_unit_init(&unit->common, "ivhd", index);
	unit->common.offset = ivhd->offset;
	unit->common.base = ivhd->base;
	unit->segment = ivhd->segment;
	unit->id = ivhd->id;
	unit->flags = ivhd->flags;
	unit->last_id = last_id(ivrs, *ivhd);
	unit->nid = NUMA_NO_NODE;
	ret = find_function(unit, ivhd->capability);
	if (!ret)
		ret = amdvi_unit_map_registers(unit);
	if (ret)
		goto err;
	amdvi_unit_read_abilities(unit, ivrs, ivhd);
	what = amdvi_unit_check(unit);
	if (what) {
		unit_warn(unit, "unit at %pa left out: %s\n", &unit->common.base, what);
		ret = -ENODEV;
		goto err;
	}
	apply_quirks(unit, ivhd->capability);
	ret = amdvi_unit_create_tables(unit, ivrs, *ivhd);
	if (ret)
		goto err;
	unit->left_on = amdvi_read(unit, AMDVI_CONTROL) & CONTROL_IOMMU_EN;
	if (unit->left_on)
		amdvi_unit_take_over(unit);
	return unit;
err:
	amdvi_unit_free(unit);
	return ERR_PTR(ret);
}

/**
 * amdvi_unit_destroy() - free a unit that is not started
 * @unit: the unit
 */
void amdvi_unit_destroy(struct amdvi_unit *unit)
{
	amdvi_unit_free(unit);
}

/* Control register bits that firmware and this driver want, besides enables */
static u64 control_of(const struct amdvi_unit *unit)
{
	static const struct {
		u8 flag;
		u64 control;
	} wishes[] = {
		{ IVHD_HT_TUN_EN, CONTROL_HT_TUN_EN },
		{ IVHD_PASS_PW, CONTROL_PASS_PW },
		{ IVHD_RES_PASS_PW, CONTROL_RES_PASS_PW },
		{ IVHD_ISOC, CONTROL_ISOC },
	};
	/* Tables and buffers are in cached memory, whatever firmware says */
	u64 control = CONTROL_COHERENT |
		      FIELD_PREP(CONTROL_INV_TIMEOUT, INV_TIMEOUT_1S);
	size_t i;

	if (amdvi_unit_walks_guest_tables(unit))
		control |= CONTROL_GT_EN;
	for (i = 0; i < ARRAY_SIZE(wishes); i++)
		if (unit->flags & wishes[i].flag)
			control |= wishes[i].control;
	return control;
}

/* After its buffers are disabled, wait until the unit stops using them */
static int amdvi_wait_for_buffers(struct amdvi_unit *unit)
{
	u64 status;

	return readq_poll_timeout_atomic(unit->regs + AMDVI_STATUS, status,
					 !(status & (STATUS_CMD_RUN |
						     STATUS_EVT_RUN |
						     STATUS_PPR_RUN)),
					 1, BUFFERS_US);
}

/**
 * amdvi_unit_disable() - disable a unit for good, because loading has failed
 * @unit: a unit that translates by the tables of this driver
 *
 * Devices pass through then, and the unit gets no more commands. If it does not
 * obey, it is dead, and what it may use stays in memory.
 */
void amdvi_unit_disable(struct amdvi_unit *unit)
{
	int ret;

	if (unit->stuck)
		return;
	amdvi_unit_control(unit, 0, ALL_ON);
	ret = amdvi_wait_for_buffers(unit);
	/* One that is gone reads all ones */
	if (!ret && !(amdvi_read(unit, AMDVI_CONTROL) & ALL_ON)) {
		WRITE_ONCE(unit->disabled, true);
		return;
	}
	unit->stuck = true;
	amdvi_unit_lost(unit, "the control register");
	unit_err(unit, "translation cannot be disabled: its tables stay in memory\n");
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_unit_disable);

/*
 * Enable a unit in any state: it translates by our device table afterwards, and
 * has nothing cached. A unit that was left enabled keeps translating meanwhile,
 * because a disabled unit lets all DMA through.
 */
static int amdvi_unit_enable(struct amdvi_unit *unit)
{
	u64 kept = unit->left_on ? CONTROL_IOMMU_EN : 0;
	int ret;

	/* Entries of a former kernel stay in use */
	if (unit->left_on && unit->former_guest)
		kept |= CONTROL_GT_EN;
	/* Firmware or a former kernel may have left other bits set */
	unit->control = amdvi_read(unit, AMDVI_CONTROL);
	amdvi_unit_control(unit, 0, ALL_ON & ~kept);
	amdvi_wait_for_buffers(unit);
	amdvi_write(unit, AMDVI_EXCL_BASE, 0);
	amdvi_write(unit, AMDVI_EXCL_LIMIT, 0);
	amdvi_write(unit, AMDVI_DEVTAB, amdvi_table_base(unit));
	unit->control = control_of(unit);
	amdvi_unit_control(unit, CONTROL_IOMMU_EN, 0);
	/* It is ours now, and disabled only while no device does DMA */
	unit->left_on = false;
	amdvi_queue_install(unit);
	ret = amdvi_inval_all(unit);
	if (ret)
		return ret;
	amdvi_events_install(unit);
	return 0;
}

/**
 * amdvi_unit_start() - enable translation by the unit's device table
 * @unit: a unit that is not in use by the kernel; its table has the entries of
 *	devices that are in use
 *
 * Return: 0, or an error with the unit disabled.
 */
int amdvi_unit_start(struct amdvi_unit *unit)
{
	int ret;

	ret = pci_enable_device(unit->pdev);
	if (ret)
		return ret;
	pci_set_master(unit->pdev);
	ret = amdvi_unit_enable(unit);
	if (ret) {
		amdvi_unit_disable(unit);
		pci_disable_device(unit->pdev);
		return ret;
	}
	amdvi_events_start(unit);
	unit->started = true;
	return 0;
}

/**
 * amdvi_unit_stop() - disable a unit, and undo amdvi_unit_start()
 * @unit: a started unit; DMA of devices behind it is not translated afterwards
 */
void amdvi_unit_stop(struct amdvi_unit *unit)
{
	amdvi_events_stop(unit);
	amdvi_unit_disable(unit);
	pci_disable_device(unit->pdev);
	unit->started = false;
}

/**
 * amdvi_unit_suspend() - disable a unit for suspend, reboot or kexec
 * @unit: a started unit
 *
 * Context: any.
 */
void amdvi_unit_suspend(struct amdvi_unit *unit)
{
	amdvi_unit_control(unit, 0, ALL_ON);
}

/**
 * amdvi_unit_resume() - set up a unit again whose registers were reset
 * @unit: a started unit
 *
 * Context: interrupts are disabled.
 * Return: 0 or -EIO; then it translates all the same.
 */
int amdvi_unit_resume(struct amdvi_unit *unit)
{
	int ret;

	if (unit->chipset && amdvi_chipset_restore(unit->chipset))
		unit_warn(unit, "registers of its chipset cannot be restored after sleep\n");
	amdvi_chipset_fix(unit->pdev, unit->quirks);
	ret = amdvi_unit_enable(unit);
	if (!ret)
		amdvi_events_unmask(unit);
	return ret;
}
