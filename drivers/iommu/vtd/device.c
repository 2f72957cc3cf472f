// SPDX-License-Identifier: GPL-2.0
/*
 * A device behind a unit, and the operations that the IOMMU core calls.
 *
 * A device presents one source-id of its own, and bridges between it and the
 * unit may present others for it. All of them get the same entry. A device
 * always has one: translating through a domain, passing through, or blocked;
 * it goes from one to the next by one write for each source-id, after which
 * the former one is invalidated. Joining the new domain comes before, leaving
 * the old one after.
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
#define pr_fmt(fmt) "vtd: " fmt

#include <linux/dmar.h>
#include <linux/module.h>
#include <linux/pci-ats.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "../common/alias.h"
#include "../common/late.h"
#include "debugfs.h"
#include "device.h"
#include "domain.h"
#include "identity.h"
#include "inval.h"
#include "scope.h"
#include "unit.h"

static struct vtd_unit *unit_at(size_t offset)
{
	struct vtd_unit *unit;

	list_for_each_entry(unit, &vtd_units, node)
		if (unit->offset == offset)
			return unit;
	return NULL;
}

/* What setting the entries of a device's source-ids needs to know */
struct setting {
	struct vtd_unit *unit;
	const struct vtd_entry *entry;
};

static int prepare_alias(struct device *dev, u16 alias, void *arg)
{
	struct setting *setting = arg;

	return vtd_tables_prepare(setting->unit, alias);
}

/* Invalidate what the unit has cached of an entry that was changed */
static void invalidate_former(struct vtd_unit *unit, u16 source_id,
			      bool was_present, u16 old_domain_id,
			      u16 new_domain_id)
{
	if (!was_present) {
		vtd_unit_flush_write_buffer(unit);
		/* Only caching mode has cached what was not there */
		if (!(unit->cap & CAP_CM))
			return;
		old_domain_id = VTD_DOMAIN_NONE;
	}
	if (unit->scalable) {
		vtd_inval_pasid(unit, source_id, was_present ? old_domain_id :
							       new_domain_id);
		/*
		 * The context entry is the same as before, but a hypervisor
		 * may look at where it leads only when told so.
		 */
		vtd_inval_context(unit, source_id, VTD_DOMAIN_NONE, false);
		return;
	}
	vtd_inval_context(unit, source_id, old_domain_id, was_present);
	if (!was_present)
		vtd_inval_domain(unit, new_domain_id, false);
}

static int set_alias(struct device *dev, u16 alias, void *arg)
{
	struct setting *setting = arg;
	u16 old_domain_id;
	bool present;

	present = vtd_tables_set(setting->unit, alias, setting->entry,
				 &old_domain_id);
	invalidate_former(setting->unit, alias, present, old_domain_id,
			  setting->entry->domain_id);
	return 0;
}

static int set_entries(struct vtd_unit *unit, struct device *dev,
		       u16 source_id, const struct vtd_entry *entry)
{
	struct setting setting = { unit, entry };
	int ret;

	lockdep_assert_held(&unit->table_lock);
	if (entry->translation != VTD_BLOCKED) {
		ret = iommu_visit_aliases(dev, source_id, prepare_alias,
					 &setting);
		if (ret)
			return ret;
	}
	return iommu_visit_aliases(dev, source_id, set_alias, &setting);
}

static void ats_off(struct vtd_device *device)
{
	struct vtd_range all = { .last = ULONG_MAX };
	struct vtd_batch batch = { };

	if (!device->ats)
		return;
	list_del_rcu(&device->ats_node);
	iommu_live_synchronize();
	if (!device->ats_lost) {
		vtd_inval_add_device(&batch, device->source_id, device->pf_id,
				     device->ats_depth, &all);
		vtd_inval_run(device->unit, &batch);
	}
	pci_disable_ats(to_pci_dev(device->dev));
	device->ats = false;
}

static void ats_on(struct vtd_device *device)
{
	struct pci_dev *pdev = to_pci_dev(device->dev);

	if (!device->ats_supported || device->ats_lost ||
	    pci_enable_ats(pdev, PAGE_SHIFT))
		return;
	device->ats = true;
	list_add_rcu(&device->ats_node, &device->member->ats);
}

/**
 * vtd_device_move() - move a device from one translation to another
 * @device: the device
 * @domain: the paging domain it goes to, or NULL
 * @template: its new entry, less what the domain gives
 *
 * Context: may sleep.
 * Return: 0, or an error with the device where it was: -EINVAL if the domain
 * does not suit the device's unit, -ENOMEM, -ENOSPC, -EIO.
 */
int vtd_device_move(struct vtd_device *device, struct vtd_domain *domain,
		    const struct vtd_entry *template)
{
	struct vtd_domain *old_domain = device->domain;
	struct vtd_member *old_member = device->member, *member = NULL;
	struct vtd_unit *unit = device->unit;
	struct vtd_entry entry = *template;
	struct iommu_pt_root root;
	int ret;

	if (READ_ONCE(unit->dead) && entry.translation != VTD_BLOCKED)
		return -EIO;
	mutex_lock(&unit->table_lock);
	if (domain) {
		member = vtd_domain_join(domain, unit);
		if (IS_ERR(member)) {
			ret = PTR_ERR(member);
			goto out;
		}
		iommu_pt_root(&domain->paging.live.pt, &root);
		entry.root = root.phys;
		entry.levels = root.levels;
		entry.domain_id = member->domain_id;
		/* First-stage leaves cannot force snooping, so entries do */
		entry.snoop = domain->first_stage && unit->ecap & ECAP_SC;
		entry.device_tlb = device->ats_supported && !device->ats_lost;
	}
	entry.quiet = device->meter.silent;
	ats_off(device);
	ret = set_entries(unit, device->dev, device->source_id, &entry);
	if (ret) {
		if (domain)
			vtd_domain_leave(domain, member);
		goto out;
	}
	device->entry = entry;
	device->member = member;
	WRITE_ONCE(device->domain, domain);
	if (domain)
		ats_on(device);
	if (old_domain)
		vtd_domain_leave(old_domain, old_member);
out:
	mutex_unlock(&unit->table_lock);
	return ret;
}

static int identity_attach_dev(struct iommu_domain *domain, struct device *dev)
{
	struct vtd_device *device = dev_iommu_priv_get(dev);
	struct vtd_entry entry;

	vtd_identity_entry(device->unit, &entry);
	return vtd_device_move(device, NULL, &entry);
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
	static const struct vtd_entry blocked = {
		.translation = VTD_BLOCKED,
	};

	return vtd_device_move(dev_iommu_priv_get(dev), NULL, &blocked);
}

static const struct iommu_domain_ops blocked_ops = {
	.attach_dev = blocked_attach_dev,
};

static struct iommu_domain blocked_domain = {
	.type = IOMMU_DOMAIN_BLOCKED,
	.ops = &blocked_ops,
};

/**
 * vtd_devices_pass() - let every device pass through until it has a domain
 *
 * For PCI devices that are there when the module loads; before translation.
 *
 * Return: 0 or -ENOMEM.
 */
int vtd_devices_pass(void)
{
	struct pci_dev *pdev = NULL;
	struct vtd_entry entry;
	struct vtd_place place;
	struct vtd_unit *unit;
	int ret;

	for_each_pci_dev(pdev) {
		if (!vtd_scope_find(vtd_dmar, &pdev->dev, &place))
			continue;
		unit = unit_at(place.unit);
		if (!unit)
			continue;
		vtd_identity_entry(unit, &entry);
		mutex_lock(&unit->table_lock);
		ret = set_entries(unit, &pdev->dev, place.source_id, &entry);
		mutex_unlock(&unit->table_lock);
		if (ret) {
			pci_dev_put(pdev);
			return ret;
		}
	}
	return 0;
}

/* Invalidations that a device takes at once; all functions share theirs */
static unsigned int ats_queue_depth(struct pci_dev *pdev)
{
	u16 cap;

	if (pdev->is_virtfn ||
	    pci_read_config_word(pdev, pdev->ats_cap + PCI_ATS_CAP, &cap))
		return 0;
	return PCI_ATS_CAP_QDEP(cap);
}

static void look_for_ats(struct vtd_device *device)
{
	struct pci_dev *pdev;

	if (!dev_is_pci(device->dev))
		return;
	pdev = to_pci_dev(device->dev);
	device->pf_id = pci_dev_id(pci_physfn(pdev));
	if (!(device->unit->ecap & ECAP_DT) || !pci_ats_supported(pdev) ||
	    !vtd_scope_ats(vtd_dmar, pdev))
		return;
	device->ats_supported = true;
	device->ats_depth = ats_queue_depth(pdev);
}

static struct iommu_device *probe_device(struct device *dev)
{
	struct vtd_device *device;
	struct vtd_place place;
	struct vtd_unit *unit;
	int ret;

	if (!vtd_scope_find(vtd_dmar, dev, &place))
		return ERR_PTR(-ENODEV);
	unit = unit_at(place.unit);
	if (!unit)
		return ERR_PTR(-ENODEV);
	device = kzalloc(sizeof(*device), GFP_KERNEL);
	if (!device)
		return ERR_PTR(-ENOMEM);
	device->dev = dev;
	device->unit = unit;
	device->source_id = place.source_id;
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
	if (unit->cap & CAP_CM)
		dev->iommu->shadow_on_flush = 1;
	vtd_debugfs_add_device(device);
	return &unit->iommu;
}

static void probe_finalize(struct device *dev)
{
	struct vtd_device *device = dev_iommu_priv_get(dev);

	if (device->in_use)
		iommu_late_count_driver(dev);
}

struct sharing {
	const struct vtd_device *but;
	u16 source_id;
};

static int is_alias(struct device *dev, u16 alias, void *arg)
{
	const struct sharing *sharing = arg;

	return alias == sharing->source_id;
}

/* Is there another device for which this source-id is presented? */
static bool is_shared(struct vtd_unit *unit, const struct vtd_device *but,
		      u16 source_id)
{
	struct sharing sharing = { but, source_id };
	struct vtd_device *device;
	unsigned long index;

	xa_for_each(&unit->devices, index, device)
		if (device != but &&
		    iommu_visit_aliases(device->dev, device->source_id, is_alias,
				       &sharing))
			return true;
	return false;
}

/* A source-id that other devices present too keeps what they have */
static int block_alias(struct device *dev, u16 alias, void *arg)
{
	struct vtd_device *device = arg;
	struct vtd_entry blocked = { .translation = VTD_BLOCKED };
	struct setting setting = { device->unit, &blocked };

	if (is_shared(device->unit, device, alias))
		return 0;
	return set_alias(dev, alias, &setting);
}

static void release_device(struct device *dev)
{
	struct vtd_device *device = dev_iommu_priv_get(dev);
	struct vtd_unit *unit = device->unit;

	vtd_debugfs_remove_device(device);
	mutex_lock(&unit->table_lock);
	ats_off(device);
	iommu_visit_aliases(dev, device->source_id, block_alias, device);
	if (device->domain)
		vtd_domain_leave(device->domain, device->member);
	xa_erase(&unit->devices, device->source_id);
	mutex_unlock(&unit->table_lock);
	/* Fault handling may still look at it */
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

static bool device_capable(struct device *dev, enum iommu_cap cap)
{
	struct vtd_device *device = dev_iommu_priv_get(dev);

	switch (cap) {
	case IOMMU_CAP_CACHE_COHERENCY:
	case IOMMU_CAP_DEFERRED_FLUSH:
		return true;
	case IOMMU_CAP_PRE_BOOT_PROTECTION:
		return dmar_platform_optin();
	case IOMMU_CAP_ENFORCE_CACHE_COHERENCY:
		return vtd_unit_ability(device->unit).snoop;
	default:
		return false;
	}
}

static int def_domain_type(struct device *dev)
{
	struct vtd_device *device = dev_iommu_priv_get(dev);

	/* Once its driver has let go, nothing of it is in flight */
	if (!dev->driver)
		device->in_use = false;
	return device->in_use ? IOMMU_DOMAIN_IDENTITY : 0;
}

static struct iommu_domain *domain_alloc_paging(struct device *dev)
{
	struct vtd_device *device = dev_iommu_priv_get(dev);
	struct vtd_domain *domain = vtd_domain_alloc(device->unit);

	return IS_ERR(domain) ? ERR_CAST(domain) : &domain->paging.domain;
}

/* Firmware uses it for a while only, and a guest may have the device */
static bool is_relaxable(const struct pci_dev *pdev)
{
	return pdev->class >> 8 == PCI_CLASS_SERIAL_USB ||
	       pdev->class >> 16 == PCI_BASE_CLASS_DISPLAY;
}

static void add_region(struct list_head *regions, phys_addr_t start,
		       size_t length, int prot, enum iommu_resv_type type)
{
	struct iommu_resv_region *region;

	region = iommu_alloc_resv_region(start, length, prot, type, GFP_KERNEL);
	if (region)
		list_add_tail(&region->list, regions);
}

static void get_resv_regions(struct device *dev, struct list_head *regions)
{
	struct dmar_cursor cursor = { };
	struct dmar_structure s;
	struct pci_dev *pdev;

	add_region(regions, MSI_RANGE_START, MSI_RANGE_SIZE, 0, IOMMU_RESV_MSI);
	if (!dev_is_pci(dev))
		return;
	pdev = to_pci_dev(dev);
	while (dmar_next(vtd_dmar, &cursor, &s))
		if (s.type == DMAR_RMRR && !s.complaint &&
		    vtd_scope_holds(vtd_dmar, &s, pdev))
			add_region(regions, s.base, s.last - s.base + 1,
				   IOMMU_READ | IOMMU_WRITE,
				   is_relaxable(pdev) ?
				   IOMMU_RESV_DIRECT_RELAXABLE :
				   IOMMU_RESV_DIRECT);
}

const struct iommu_ops vtd_iommu_ops = {
	.owner = THIS_MODULE,
	.identity_domain = &identity_domain,
	.blocked_domain = &blocked_domain,
	.default_domain_ops = &vtd_paging_ops,
	.pgsize_bitmap = SZ_4K,
	.capable = device_capable,
	.domain_alloc_paging = domain_alloc_paging,
	.probe_device = probe_device,
	.probe_finalize = probe_finalize,
	.release_device = release_device,
	.device_group = device_group,
	.def_domain_type = def_domain_type,
	.get_resv_regions = get_resv_regions,
};

/*
 * Devices that may reach memory which they should not any more: their unit
 * does not answer, or their own device-TLB does not.
 */
static void cut_off(struct work_struct *work)
{
	struct vtd_device *device;
	struct vtd_unit *unit;
	unsigned long index;

	list_for_each_entry(unit, &vtd_units, node) {
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
 * vtd_devices_cut_off() - stop the DMA of devices that cannot be controlled
 *
 * Context: any; the work is done later.
 */
void vtd_devices_cut_off(void)
{
	schedule_work(&cut_off_work);
}

/**
 * vtd_device_ats_lost() - a device-TLB does not answer invalidations
 * @unit: the unit
 * @source_id: the device
 *
 * Context: any.
 */
void vtd_device_ats_lost(struct vtd_unit *unit, u16 source_id)
{
	struct vtd_device *device;

	rcu_read_lock();
	device = xa_load(&unit->devices, source_id);
	if (device)
		WRITE_ONCE(device->ats_lost, true);
	rcu_read_unlock();
	vtd_devices_cut_off();
}
