// SPDX-License-Identifier: GPL-2.0
/*
 * A unit: one remapping engine.
 *
 * Its life:
 *
 *	vtd_unit_create()	registers mapped, abilities read and checked
 *	vtd_unit_owned()	does somebody else use it?
 *	vtd_unit_take()		queue and fault interrupt of a former owner off
 *	vtd_unit_start()	our root table and queue, all caches empty;
 *				translation is as it was before
 *	vtd_unit_translate()	translation enabled
 *
 * Stopping is the reverse. What a unit still uses after it, because it does not
 * obey, stays in memory for good.
 */
#define pr_fmt(fmt) "vtd: " fmt

#include <kunit/visibility.h>
#include <linux/iopoll.h>
#include <linux/ioport.h>
#include <linux/slab.h>

#include "ability.h"
#include "device.h"
#include "dmar.h"
#include "exempt.h"
#include "former.h"
#include "inval.h"
#include "params.h"
#include "quirks.h"
#include "regs.h"
#include "scope.h"
#include "unit.h"

/**
 * vtd_unit_owned() - does somebody use the unit already?
 * @unit: a unit that is not started
 *
 * The unit has an owner if it remaps interrupts, no matter who enabled that:
 * this kernel, or a former one whose table is gone. An enabled queue or enabled
 * translation alone is no sign of an owner: if the kernel's own driver is
 * disabled, firmware or a former kernel left them enabled; see vtd_unit_take().
 * (A kernel with that driver built in but disabled by option disables
 * translation when it starts, and leaves the queue enabled.)
 *
 * Return: NULL, or the boot option that keeps the owner away.
 */
const char *vtd_unit_owned(const struct vtd_unit *unit)
{
	return vtd_read(unit, VTD_GSTS) & GCMD_IRE ? "intremap=off" : NULL;
}

/**
 * vtd_unit_take() - take over a unit that was left enabled
 * @unit: a unit that nobody owns, with its own tables
 *
 * Disables its queue, masks its fault interrupt and clears recorded faults.
 * Translation stays as it was, enabled or disabled, through the former tables.
 * In a crash kernel the former entries are copied into the unit's own tables.
 * If it is enabled, vtd_unit_start() changes the root pointer while the unit
 * translates, which the specification allows (section 6.6); so DMA never
 * passes untranslated.
 *
 * Return: 0 or -EIO.
 */
int vtd_unit_take(struct vtd_unit *unit)
{
	u32 status = vtd_read(unit, VTD_GSTS);
	struct vtd_former_count count;

	vtd_faults_clear(unit);
	if (!(status & (GCMD_TE | GCMD_QIE)))
		return 0;
	unit->left_on = true;
	if (status & GCMD_TE && vtd_former_take(unit, &count))
		unit_warn(unit, "was left enabled, translating; %u entries of the former kernel are kept, %u left out; bus mastering of devices without either a driver or such an entry is disabled\n",
			  count.kept, count.left_out);
	else
		unit_warn(unit, "was left enabled%s; bus mastering of devices without a driver is disabled\n",
			  status & GCMD_TE ? ", translating" : "");
	return status & GCMD_QIE ? vtd_unit_command(unit, GCMD_QIE, false) : 0;
}

/*
 * A unit that is translating keeps its mode: the mode must not change while it
 * translates, and disabling translation would let all DMA through.
 */
static const char *vtd_unit_choose_mode(struct vtd_unit *unit)
{
	u64 mode = vtd_read64(unit, VTD_RTADDR) & RTADDR_TTM;

	unit->scalable = unit->ecap & ECAP_SMTS && vtd_params_scalable();
	if (!(vtd_read(unit, VTD_GSTS) & GCMD_TE))
		return NULL;
	if (mode == RTADDR_TTM_LEGACY) {
		unit->scalable = false;
		return NULL;
	}
	if (mode != RTADDR_TTM_SCALABLE || !(unit->ecap & ECAP_SMTS))
		return "it is translating in a mode that this driver does not use";
	unit->scalable = true;
	return NULL;
}

static const char *vtd_unit_check(const struct vtd_unit *unit, size_t available)
{
	unsigned int fro = FIELD_GET(CAP_FRO, unit->cap) * 16;
	unsigned int nfr = FIELD_GET(CAP_NFR, unit->cap) + 1;
	unsigned int iro = FIELD_GET(ECAP_IRO, unit->ecap) * 16;

	if (vtd_params_skips(unit->common.name))
		return "skip_unit= asks for it";
	if (unit->cap == U64_MAX || unit->ecap == U64_MAX || !unit->cap)
		return "its registers do not answer";
	if (!vtd_unit_levels(unit))
		return "it supports no page-table depth";
	if (vtd_unit_width(unit) < 32)
		return "its address width is impossible";
	if (FIELD_GET(CAP_ND, unit->cap) == 7)
		return "its number of domains is reserved";
	if (fro + nfr * FRCD_BYTES > available || iro + 16 > available)
		return "its registers lie outside its register set";
	if (FIELD_GET(CAP_MAMV, unit->cap) > 52)
		return "its address mask value is impossible";
	return NULL;
}

static int vtd_unit_map_registers(struct vtd_unit *unit, size_t size)
{
	unit->claimed = request_mem_region(unit->common.base, size,
					   unit->common.name);
	unit->regs = ioremap(unit->common.base, size);
	if (!unit->regs)
		return -ENOMEM;
	unit->mapped = size;
	return 0;
}

static void vtd_unit_unmap_registers(struct vtd_unit *unit)
{
	if (unit->regs)
		iounmap(unit->regs);
	if (unit->claimed)
		release_mem_region(unit->common.base, unit->mapped);
}

/* Clear the bits of hidden abilities, so that no other code sees them */
static void vtd_unit_hide(struct vtd_unit *unit)
{
	unit->common.hidden = vtd_params_hidden(unit->common.name);
	if (unit->common.hidden & VTD_HIDE_QUEUE)
		unit->ecap &= ~(ECAP_QI | ECAP_DT | ECAP_SMTS);
	if (unit->common.hidden & VTD_HIDE_PASS_THROUGH)
		unit->ecap &= ~ECAP_PT;
	if (unit->common.hidden & VTD_HIDE_SCALABLE)
		unit->ecap &= ~ECAP_SMTS;
	/* ATS and scalable mode need a queue */
	if (!(unit->ecap & ECAP_QI))
		unit->ecap &= ~(ECAP_DT | ECAP_SMTS);
	/* All devices share these tables: their coherency does not change later */
	if (unit->common.hidden & VTD_HIDE_COHERENCY)
		unit->ecap &= ~ECAP_C;
}

static void vtd_unit_apply_quirks(struct vtd_unit *unit,
				  const struct dmar_structure *drhd)
{
	if (vtd_quirk_exists(VTD_QUIRK_WRITE_BUFFER))
		unit->cap |= CAP_RWBF;
	unit->keeps_on = unit->cap & (CAP_DRD | CAP_DWD) &&
			 vtd_exempt_keeps_on(vtd_dmar, drhd);
}

/**
 * vtd_unit_destroy() - free a unit that is not started
 * @unit: the unit
 */
void vtd_unit_destroy(struct vtd_unit *unit)
{
	vtd_unit_unmap_registers(unit);
	iommu_unit_exit(&unit->common);
	kfree(unit);
}

/**
 * vtd_unit_create() - create a unit from its DRHD structure
 * @drhd: the structure
 * @index: number for its name
 *
 * Return: the unit, or an error. -ENODEV, with a line in the log, means that
 * this unit cannot be used; other units are not affected.
 */
struct vtd_unit *vtd_unit_create(const struct dmar_structure *drhd,
				 unsigned int index)
{
	struct vtd_unit *unit = kzalloc(sizeof(*unit), GFP_KERNEL);
	const char *what;
	int ret;

	if (!unit)
		return ERR_PTR(-ENOMEM);
	raw_spin_lock_init(&unit->reg_lock);
	iommu_unit_init(&unit->common, "dmar", index);
	unit->index = index;
	unit->common.offset = drhd->offset;
	unit->common.base = drhd->base;
	unit->segment = drhd->segment;
	unit->nid = NUMA_NO_NODE;

	/* CAP and ECAP cannot name an offset beyond 32 KiB */
	ret = vtd_unit_map_registers(unit, min_t(u64, drhd->size, SZ_32K));
	if (ret)
		goto err;
	unit->cap = vtd_read64(unit, VTD_CAP);
	unit->ecap = vtd_read64(unit, VTD_ECAP);
	what = vtd_unit_check(unit, unit->mapped);
	if (!what) {
		vtd_unit_apply_quirks(unit, drhd);
		vtd_unit_hide(unit);
		what = vtd_unit_choose_mode(unit);
	}
	if (what) {
		unit_warn(unit, "unit at %pa left out: %s\n", &unit->common.base, what);
		ret = -ENODEV;
		goto err;
	}
	unit->common.last_domain_id = vtd_unit_domains(unit) - 1;
	return unit;
err:
	vtd_unit_destroy(unit);
	return ERR_PTR(ret);
}

/**
 * vtd_unit_set_root() - enable the unit's queue and set its root pointer
 * @unit: a unit whose tables and queue are allocated
 *
 * Return: 0 with nothing stale in its caches, or -EIO.
 */
int vtd_unit_set_root(struct vtd_unit *unit)
{
	int ret;

	if (unit->queue) {
		ret = vtd_queue_enable(unit);
		if (ret)
			return ret;
	}
	vtd_write64(unit, VTD_RTADDR, vtd_tables_root(unit));
	ret = vtd_unit_command(unit, GCMD_SRTP, true);
	if (ret)
		return ret;
	unit->started = true;
	/* Even if the unit does this by itself (ESRTPS) */
	return vtd_inval_all(unit);
}

/**
 * vtd_unit_start() - prepare a unit for translation
 * @unit: a unit that nobody owns
 *
 * Translation stays as it was. If it was enabled, the unit uses our tables from
 * now on, so these must already hold the entries of devices in use.
 *
 * Return: 0 or an error, with the queue disabled. A unit that was left enabled
 * may use our tables then; see vtd_unit_lets_go().
 */
int vtd_unit_start(struct vtd_unit *unit)
{
	int ret;

	if (unit->ecap & ECAP_QI) {
		ret = vtd_queue_create(unit);
		if (ret)
			return ret;
	}
	ret = vtd_unit_set_root(unit);
	if (!ret)
		ret = vtd_faults_start(unit);
	if (ret) {
		unit->started = false;
		vtd_queue_abandon(unit);
	}
	return ret;
}

static void disable_protected_memory(struct vtd_unit *unit)
{
	u32 status;

	if (!(unit->cap & (CAP_PLMR | CAP_PHMR)))
		return;
	vtd_write(unit, VTD_PMEN, vtd_read(unit, VTD_PMEN) & ~PMEN_EPM);
	if (readl_poll_timeout_atomic(unit->regs + VTD_PMEN, status,
				      !(status & PMEN_PRS), 1, VTD_TIMEOUT_US))
		unit_warn(unit, "protected memory regions stay enabled\n");
}

/**
 * vtd_unit_translate() - enable or disable translation
 * @unit: a started unit
 * @on: enable
 *
 * Return: 0 or -EIO.
 */
int vtd_unit_translate(struct vtd_unit *unit, bool on)
{
	int ret = vtd_unit_command(unit, GCMD_TE, on);

	/* The tables now protect memory that firmware has protected so far */
	if (!ret && on)
		disable_protected_memory(unit);
	return ret;
}

/**
 * vtd_unit_stop() - disable a unit, as a kernel without VT-d expects it
 * @unit: a started unit; no device behind it is attached to a domain
 */
void vtd_unit_stop(struct vtd_unit *unit)
{
	vtd_unit_translate(unit, false);
	vtd_faults_stop(unit);
	unit->started = false;
	vtd_queue_abandon(unit);
}

/* May a unit read the tables of this driver? One that is gone reads all ones */
static bool vtd_unit_uses_tables(const struct vtd_unit *unit)
{
	u32 status = vtd_read(unit, VTD_GSTS);

	if (status == U32_MAX)
		return true;
	return status & GCMD_TE &&
	       vtd_read64(unit, VTD_RTADDR) == vtd_tables_root(unit);
}

/**
 * vtd_unit_lets_go() - make a unit that is not started leave its tables alone
 * @unit: the unit, with tables
 *
 * A unit that was left enabled, and still translates by the tables of a former
 * kernel, stays enabled.
 *
 * Return: true if its tables can be freed; false, after a line in the log, if
 * translation cannot be disabled. They have to stay in memory then.
 */
bool vtd_unit_lets_go(struct vtd_unit *unit)
{
	if (!vtd_unit_uses_tables(unit))
		return true;
	vtd_unit_translate(unit, false);
	if (!vtd_unit_uses_tables(unit))
		return true;
	unit_err(unit, "translation cannot be disabled: its tables stay in memory\n");
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(vtd_unit_lets_go);
