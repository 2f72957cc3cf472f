// SPDX-License-Identifier: GPL-2.0
/*
 * A device behind a unit, and the operations that the IOMMU core calls.
 *
 * A device presents one source-id of its own; bridges between it and the unit,
 * or the IVRS table, may have others presented for it. All of them get the same
 * entry. A device always has one: translating through a domain, passing
 * through, or blocked; it goes from one to the next by one write for each
 * source-id, after which the former one is invalidated. Joining the new domain
 * comes before, leaving the old one after.
 *
 * A device-TLB is on only while a device is attached to a paging domain. It is
 * switched on after the entry permits it, and off before it does not any more.
 *
 * Devices that have a driver when this module loads do DMA to physical
 * addresses. Before translation starts every device passes through, so that
 * nothing changes for it; the core then gives each its domain, and those in
 * use keep passing through.
 *
 * Locks: the unit's table_lock over everything that attaches.
 */
#define pr_fmt(fmt) "amdvi: " fmt

#include <kunit/visibility.h>
#include <linux/module.h>
#include <linux/pci-ats.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "../common/late.h"
#include "debugfs.h"
#include "device.h"
#include "domain.h"
#include "inval.h"
#include "unit.h"

static struct amdvi_unit *unit_at(size_t offset)
{
	struct amdvi_unit *unit;

	list_for_each_entry(unit, &amdvi_units, node)
		if (unit->offset == offset)
			return unit;
	return NULL;
}

static int visit_aliases(struct device *dev, u16 source_id, u16 alias,
			  iommu_alias_fn fn, void *arg)
{
	int ret = 0;

	if (alias != source_id)
		ret = fn(dev, alias, arg);
	return ret ?: iommu_visit_aliases(dev, source_id, fn, arg);
}

/**
 * amdvi_device_visit_aliases() - visit every source-id of a device
 * @device: the device
 * @fn: called with each; some may come twice
 * @arg: for @fn
 *
 * Return: what @fn returned last.
 */
int amdvi_device_visit_aliases(const struct amdvi_device *device,
				iommu_alias_fn fn, void *arg)
{
	return visit_aliases(device->dev, device->source_id, device->alias, fn,
			      arg);
}

/* What setting the entries of a device's source-ids needs to know */
struct setting {
	struct amdvi_unit *unit;
	const struct amdvi_entry *entry;
	u16 old_domain_id;
	struct amdvi_batch batch;
};

static void invalidate_former(struct setting *setting)
{
	if (setting->old_domain_id == AMDVI_DOMAIN_NONE)
		return;
	if (setting->batch.nr == AMDVI_BATCH_MAX)
		amdvi_inval_run(setting->unit, &setting->batch);
	amdvi_inval_add_domain(&setting->batch, setting->old_domain_id);
}

static int set_alias(struct device *dev, u16 alias, void *arg)
{
	struct setting *setting = arg;
	u16 old;

	amdvi_table_set(setting->unit, alias, setting->entry, &old);
	while (!amdvi_inval_add_entry(&setting->batch, alias))
		amdvi_inval_run(setting->unit, &setting->batch);
	/* Mostly all have had the same: once, behind the entries */
	if (old != AMDVI_DOMAIN_NONE && old != setting->old_domain_id) {
		invalidate_former(setting);
		setting->old_domain_id = old;
	}
	return 0;
}

static void set_entries(struct amdvi_device *device,
			const struct amdvi_entry *entry)
{
	struct setting setting = { device->unit, entry };

	lockdep_assert_held(&device->unit->table_lock);
	amdvi_device_visit_aliases(device, set_alias, &setting);
	invalidate_former(&setting);
	amdvi_inval_run(device->unit, &setting.batch);
}

/* Set the entries; if the page table grew meanwhile, again */
static void set_domain_entries(struct amdvi_device *device,
			       struct amdvi_domain *domain,
			       const struct amdvi_member *member,
			       struct amdvi_entry *entry)
{
	do {
		/* Pairs with the one in root_changed() */
		smp_mb();
		amdvi_domain_entry(domain, member, entry);
		set_entries(device, entry);
		/* The entries are there before looking again */
		smp_mb();
	} while (!amdvi_domain_entry_holds(domain, entry));
}

static void flush_device_tlb(struct amdvi_device *device)
{
	struct amdvi_range all = { 0, ULONG_MAX };
	struct amdvi_batch batch = { };

	amdvi_inval_add_device(&batch, device->alias, device->pf_id,
			       device->ats_depth, &all);
	amdvi_inval_run(device->unit, &batch);
}

static void ats_off(struct amdvi_device *device)
{
	if (!device->ats)
		return;
	WRITE_ONCE(device->ats, false);
	iommu_live_synchronize();
	if (!READ_ONCE(device->ats_lost))
		flush_device_tlb(device);
	pci_disable_ats(to_pci_dev(device->dev));
}

static void ats_on(struct amdvi_device *device)
{
	struct pci_dev *pdev = to_pci_dev(device->dev);

	if (!device->entry.iotlb || pci_enable_ats(pdev, PAGE_SHIFT))
		return;
	WRITE_ONCE(device->ats, true);
	/* An unmap just before did not reach what it has cached already */
	smp_mb();
	flush_device_tlb(device);
}

static void detach(struct amdvi_domain *domain, struct amdvi_member *member,
		   struct amdvi_attachment *attachment)
{
	list_del_rcu(&attachment->node);
	iommu_live_synchronize();
	kfree(attachment);
	amdvi_domain_leave(domain, member);
}

static int attach(struct amdvi_device *device, struct amdvi_domain *domain,
		  struct amdvi_member **member,
		  struct amdvi_attachment **attachment)
{
	struct amdvi_attachment *new = kzalloc(sizeof(*new), GFP_KERNEL);

	if (!new)
		return -ENOMEM;
	*member = amdvi_domain_join(domain, device->unit);
	if (IS_ERR(*member)) {
		kfree(new);
		return PTR_ERR(*member);
	}
	new->device = device;
	list_add_rcu(&new->node, &(*member)->devices);
	*attachment = new;
	return 0;
}

/**
 * amdvi_device_move() - move a device from one translation to another
 * @device: the device
 * @domain: the paging domain it goes to, or NULL
 * @translation: without a domain, blocked or passing through
 *
 * Context: may sleep.
 * Return: 0, or an error with the device where it was: -EINVAL if the domain
 * does not suit the device's unit, -ENOMEM, -ENOSPC, -EIO.
 */
int amdvi_device_move(struct amdvi_device *device, struct amdvi_domain *domain,
		      enum amdvi_translation translation)
{
	struct amdvi_attachment *old_attachment = device->attachment;
	struct amdvi_member *old_member = device->member, *member = NULL;
	struct amdvi_domain *old_domain = device->domain;
	struct amdvi_attachment *attachment = NULL;
	struct amdvi_unit *unit = device->unit;
	struct amdvi_entry entry = { .translation = translation };
	int ret = 0;

	if (READ_ONCE(unit->dead) && translation != AMDVI_BLOCKED)
		return -EIO;
	mutex_lock(&unit->table_lock);
	if (domain) {
		ret = attach(device, domain, &member, &attachment);
		if (ret)
			goto out;
	}
	entry.quiet = device->entry.quiet;
	ats_off(device);
	if (domain) {
		entry.iotlb = device->ats_supported &&
			      !READ_ONCE(device->ats_lost);
		set_domain_entries(device, domain, member, &entry);
	} else {
		if (translation == AMDVI_PASS_THROUGH)
			entry.domain_id = AMDVI_DOMAIN_PASS;
		set_entries(device, &entry);
	}
	device->entry = entry;
	device->member = member;
	device->attachment = attachment;
	WRITE_ONCE(device->domain, domain);
	if (domain)
		ats_on(device);
	if (old_domain)
		detach(old_domain, old_member, old_attachment);
out:
	mutex_unlock(&unit->table_lock);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(amdvi_device_move);

static int identity_attach_dev(struct iommu_domain *domain, struct device *dev)
{
	return amdvi_device_move(dev_iommu_priv_get(dev), NULL,
				 AMDVI_PASS_THROUGH);
}

static const struct iommu_domain_ops identity_ops = {
	.attach_dev = identity_attach_dev,
};

static struct iommu_domain identity_domain = {
	.type = IOMMU_DOMAIN_IDENTITY,
	.ops = &identity_ops,
};

static int blocked_attach_dev(struct iommu_domain *domain, struct device *dev)
{
	return amdvi_device_move(dev_iommu_priv_get(dev), NULL, AMDVI_BLOCKED);
}

static const struct iommu_domain_ops blocked_ops = {
	.attach_dev = blocked_attach_dev,
};

static struct iommu_domain blocked_domain = {
	.type = IOMMU_DOMAIN_BLOCKED,
	.ops = &blocked_ops,
};

static int pass_alias(struct device *dev, u16 alias, void *arg)
{
	static const struct amdvi_entry pass = {
		.translation = AMDVI_PASS_THROUGH,
		.domain_id = AMDVI_DOMAIN_PASS,
	};
	u16 old;

	amdvi_table_set(arg, alias, &pass, &old);
	return 0;
}

static void pass_acpi_devices(struct amdvi_unit *unit)
{
	struct ivrs_cursor cursor = { };
	struct ivrs_block block;
	struct ivrs_entry entry;

	while (ivrs_next_unit(amdvi_ivrs, &cursor, &block)) {
		if (block.offset != unit->offset)
			continue;
		while (ivrs_next_entry(amdvi_ivrs, &block, &entry))
			if (entry.kind == IVRS_ACPI_DEVICE && !entry.complaint)
				pass_alias(NULL, entry.first, unit);
	}
}

/**
 * amdvi_devices_pass() - let every device pass through until it has a domain
 *
 * For devices that are there when the module loads; before translation.
 */
void amdvi_devices_pass(void)
{
	struct pci_dev *pdev = NULL;
	struct amdvi_place place;
	struct amdvi_unit *unit;

	list_for_each_entry(unit, &amdvi_units, node)
		pass_acpi_devices(unit);
	for_each_pci_dev(pdev) {
		if (!amdvi_scope_find(amdvi_ivrs, &pdev->dev, &place))
			continue;
		unit = unit_at(place.unit);
		if (unit)
			visit_aliases(&pdev->dev, place.source_id,
				       place.alias, pass_alias, unit);
	}
}

/* Invalidations that a device takes at once; its functions share theirs */
static u8 ats_queue_depth(struct pci_dev *pdev)
{
	struct pci_dev *pf = pci_physfn(pdev);
	u16 cap;

	if (!pf->ats_cap ||
	    pci_read_config_word(pf, pf->ats_cap + PCI_ATS_CAP, &cap))
		return 1;
	return PCI_ATS_CAP_QDEP(cap) ?: PCI_ATS_MAX_QDEP;
}

static void look_for_ats(struct amdvi_device *device)
{
	struct pci_dev *pdev;

	if (!dev_is_pci(device->dev))
		return;
	pdev = to_pci_dev(device->dev);
	device->pf_id = pci_dev_id(pci_physfn(pdev));
	if (!(device->unit->cap & CAP_IOTLB_SUP) || !device->place.ats ||
	    !pci_ats_supported(pdev))
		return;
	device->ats_supported = true;
	device->ats_depth = ats_queue_depth(pdev);
}

static bool is_a_unit(const struct device *dev)
{
	const struct amdvi_unit *unit;

	list_for_each_entry(unit, &amdvi_units, node)
		if (&unit->pdev->dev == dev)
			return true;
	return false;
}

static struct iommu_device *probe_device(struct device *dev)
{
	struct amdvi_device *device;
	struct amdvi_place place;
	struct amdvi_unit *unit;
	int ret;

	if (is_a_unit(dev) || !amdvi_scope_find(amdvi_ivrs, dev, &place))
		return ERR_PTR(-ENODEV);
	unit = unit_at(place.unit);
	if (!unit)
		return ERR_PTR(-ENODEV);
	device = kzalloc(sizeof(*device), GFP_KERNEL);
	if (!device)
		return ERR_PTR(-ENOMEM);
	device->dev = dev;
	device->unit = unit;
	device->place = place;
	device->source_id = place.source_id;
	device->alias = place.alias;
	device->in_use = dev->driver;
	look_for_ats(device);
	ret = xa_insert(&unit->devices, device->source_id, device, GFP_KERNEL);
	if (ret) {
		if (ret == -EBUSY) {
			dev_warn(dev, "another device has its source-id on %s; left alone\n",
				 unit->name);
			ret = -ENODEV;
		}
		kfree(device);
		return ERR_PTR(ret);
	}
	dev_iommu_priv_set(dev, device);
	if (unit->cap & CAP_NP_CACHE)
		dev->iommu->shadow_on_flush = 1;
	amdvi_debugfs_add_device(device);
	return &unit->iommu;
}

static void probe_finalize(struct device *dev)
{
	struct amdvi_device *device = dev_iommu_priv_get(dev);

	if (device->in_use)
		iommu_late_count_driver(dev);
}

static int is_alias(struct device *dev, u16 alias, void *arg)
{
	const u16 *wanted = arg;

	return alias == *wanted;
}

/* Is there another device for which this source-id is presented? */
static bool is_shared(struct amdvi_unit *unit, const struct amdvi_device *but,
		      u16 id)
{
	struct amdvi_device *device;
	unsigned long index;

	xa_for_each(&unit->devices, index, device)
		if (device != but &&
		    amdvi_device_visit_aliases(device, is_alias, &id))
			return true;
	return false;
}

struct blocking {
	struct amdvi_device *device;
	struct setting setting;
};

/* A source-id that other devices present too keeps what they have */
static int block_alias(struct device *dev, u16 alias, void *arg)
{
	struct blocking *blocking = arg;

	if (is_shared(blocking->device->unit, blocking->device, alias))
		return 0;
	return set_alias(dev, alias, &blocking->setting);
}

static void release_device(struct device *dev)
{
	static const struct amdvi_entry blocked = {
		.translation = AMDVI_BLOCKED,
	};
	struct amdvi_device *device = dev_iommu_priv_get(dev);
	struct amdvi_unit *unit = device->unit;
	struct blocking blocking = { device, { unit, &blocked } };

	amdvi_debugfs_remove_device(device);
	mutex_lock(&unit->table_lock);
	ats_off(device);
	amdvi_device_visit_aliases(device, block_alias, &blocking);
	invalidate_former(&blocking.setting);
	amdvi_inval_run(unit, &blocking.setting.batch);
	if (device->domain)
		detach(device->domain, device->member, device->attachment);
	xa_erase(&unit->devices, device->source_id);
	mutex_unlock(&unit->table_lock);
	/* The handling of events may still look at it */
	iommu_live_synchronize();
	synchronize_rcu();
	kfree(device);
}

static struct iommu_group *device_group(struct device *dev)
{
	if (dev_is_pci(dev))
		return pci_device_group(dev);
	return generic_device_group(dev);
}

static bool is_capable(struct device *dev, enum iommu_cap cap)
{
	switch (cap) {
	case IOMMU_CAP_CACHE_COHERENCY:
	case IOMMU_CAP_ENFORCE_CACHE_COHERENCY:
	case IOMMU_CAP_DEFERRED_FLUSH:
		return true;
	default:
		return false;
	}
}

static int def_domain_type(struct device *dev)
{
	struct amdvi_device *device = dev_iommu_priv_get(dev);

	/* Once its driver has let go, nothing of it is in flight */
	if (!dev->driver)
		device->in_use = false;
	return device->in_use ? IOMMU_DOMAIN_IDENTITY : 0;
}

static struct iommu_domain *domain_alloc_paging(struct device *dev)
{
	struct amdvi_device *device = dev_iommu_priv_get(dev);
	struct amdvi_domain *domain = amdvi_domain_alloc(device->unit);

	return IS_ERR(domain) ? ERR_CAST(domain) : &domain->paging.domain;
}

static void add_region(struct list_head *regions, phys_addr_t start,
		       size_t length, int prot, enum iommu_resv_type type)
{
	struct iommu_resv_region *region;

	region = iommu_alloc_resv_region(start, length, prot, type, GFP_KERNEL);
	if (region)
		list_add_tail(&region->list, regions);
}

/* An exclusion range, too, is memory that is to be reached untranslated */
static void add_ivmd(struct list_head *regions, const struct ivrs_block *ivmd)
{
	int prot = 0;

	if (ivmd->flags & (IVMD_IR | IVMD_EXCLUSION))
		prot |= IOMMU_READ;
	if (ivmd->flags & (IVMD_IW | IVMD_EXCLUSION))
		prot |= IOMMU_WRITE;
	if (prot && ivmd->flags & (IVMD_UNITY | IVMD_EXCLUSION))
		add_region(regions, ivmd->base, ivmd->size, prot,
			   IOMMU_RESV_DIRECT);
	else
		add_region(regions, ivmd->base, ivmd->size, 0,
			   IOMMU_RESV_RESERVED);
}

static void get_resv_regions(struct device *dev, struct list_head *regions)
{
	struct amdvi_device *device = dev_iommu_priv_get(dev);
	struct ivrs_cursor cursor = { };
	struct ivrs_block block;

	add_region(regions, MSI_RANGE_START, MSI_RANGE_SIZE, 0, IOMMU_RESV_MSI);
	add_region(regions, HT_RANGE_START, HT_RANGE_SIZE, 0,
		   IOMMU_RESV_RESERVED);
	while (ivrs_next(amdvi_ivrs, &cursor, &block))
		if (!ivrs_is_unit(&block) && !block.complaint &&
		    amdvi_scope_holds(&block, &device->place))
			add_ivmd(regions, &block);
}

const struct iommu_ops amdvi_iommu_ops = {
	.owner = THIS_MODULE,
	.identity_domain = &identity_domain,
	.blocked_domain = &blocked_domain,
	.release_domain = &blocked_domain,
	.default_domain_ops = &amdvi_paging_ops,
	.pgsize_bitmap = SZ_4K,
	.capable = is_capable,
	.domain_alloc_paging = domain_alloc_paging,
	.probe_device = probe_device,
	.probe_finalize = probe_finalize,
	.release_device = release_device,
	.device_group = device_group,
	.def_domain_type = def_domain_type,
	.get_resv_regions = get_resv_regions,
};

struct quieting {
	struct amdvi_unit *unit;
	bool quiet;
	struct amdvi_batch batch;
};

static int quiet_alias(struct device *dev, u16 alias, void *arg)
{
	struct quieting *quieting = arg;

	amdvi_table_set_quiet(quieting->unit, alias, quieting->quiet);
	while (!amdvi_inval_add_entry(&quieting->batch, alias))
		amdvi_inval_run(quieting->unit, &quieting->batch);
	return 0;
}

/**
 * amdvi_device_set_quiet() - stop or resume the logging of a device's faults
 * @device: the device
 * @quiet: stop
 */
void amdvi_device_set_quiet(struct amdvi_device *device, bool quiet)
{
	struct quieting quieting = { device->unit, quiet };

	lockdep_assert_held(&device->unit->table_lock);
	device->entry.quiet = quiet;
	amdvi_device_visit_aliases(device, quiet_alias, &quieting);
	amdvi_inval_run(device->unit, &quieting.batch);
}

/*
 * Devices that may reach memory which they should not any more: their unit
 * does not answer, or their own device-TLB does not.
 */
static void cut_off(struct work_struct *work)
{
	struct amdvi_device *device;
	struct amdvi_unit *unit;
	unsigned long index;

	list_for_each_entry(unit, &amdvi_units, node) {
		mutex_lock(&unit->table_lock);
		xa_for_each(&unit->devices, index, device) {
			if (!dev_is_pci(device->dev) || !device->domain ||
			    !(unit->dead || device->ats_lost))
				continue;
			dev_err(device->dev, "cut off: bus mastering is off\n");
			pci_clear_master(to_pci_dev(device->dev));
		}
		mutex_unlock(&unit->table_lock);
	}
}

static DECLARE_WORK(cut_off_work, cut_off);

/**
 * amdvi_devices_cut_off() - stop the DMA of devices that cannot be controlled
 *
 * Context: any; the work is done later.
 */
void amdvi_devices_cut_off(void)
{
	schedule_work(&cut_off_work);
}

/**
 * amdvi_device_ats_lost() - a device-TLB does not answer invalidations
 * @unit: the unit
 * @id: the device
 *
 * Context: any.
 */
void amdvi_device_ats_lost(struct amdvi_unit *unit, u16 id)
{
	struct amdvi_device *device;

	rcu_read_lock();
	device = xa_load(&unit->devices, id);
	if (device)
		WRITE_ONCE(device->ats_lost, true);
	rcu_read_unlock();
	amdvi_devices_cut_off();
}
