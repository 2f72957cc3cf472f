// SPDX-License-Identifier: GPL-2.0
/*
 * iommu_poke.ko: for tests, changes the domain that a device is attached to
 * behind the back of its user.
 *
 * Commands are written to /sys/kernel/debug/iommu_poke:
 *
 *	ADDRESS cut IOVA LENGTH		unmap a range, and remember its memory
 *	ADDRESS mend			map again what was unmapped last
 *	ADDRESS enforce			enforce cache coherency
 *
 * A VFIO program cannot unmap a part of a mapping. Tests of how a driver splits
 * superpages need to do that.
 */
#include <linux/debugfs.h>
#include <linux/iommu.h>
#include <linux/iommu_pt.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/uaccess.h>

static DEFINE_MUTEX(lock);
static struct iommu_run cut_run;
static unsigned long cut_iova;

static int cut(struct iommu_domain *domain, unsigned long iova, size_t length)
{
	const struct iommu_run_ops *ops = iommu_run_ops_of(domain);
	struct iommu_pt_gather gather;
	int ret;

	if (!ops || !length || (iova | length) & ~PAGE_MASK)
		return -EINVAL;
	cut_run.addr = iommu_iova_to_phys(domain, iova);
	if (!cut_run.addr)
		return -ENOENT;
	ret = ops->reserve(domain, iova, length, GFP_KERNEL);
	if (ret)
		return ret;
	iommu_pt_gather_init(&gather);
	cut_run.length = ops->unmap(domain, iova, length, &gather);
	cut_iova = iova;
	ops->sync(domain, &gather);
	return cut_run.length == length ? 0 : -EIO;
}

static int mend(struct iommu_domain *domain)
{
	const struct iommu_run_ops *ops = iommu_run_ops_of(domain);

	if (!ops || !cut_run.length)
		return -EINVAL;
	return ops->map(domain, cut_iova, &cut_run, 1,
			IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE, GFP_KERNEL);
}

static int enforce(struct iommu_domain *domain)
{
	if (!domain->ops->enforce_cache_coherency ||
	    !domain->ops->enforce_cache_coherency(domain))
		return -EOPNOTSUPP;
	return 0;
}

static int run(const char *address, const char *what, unsigned long iova,
	       size_t length)
{
	struct device *dev = bus_find_device_by_name(&pci_bus_type, NULL,
						     address);
	struct iommu_domain *domain;
	int ret = -EINVAL;

	if (!dev)
		return -ENODEV;
	domain = iommu_get_domain_for_dev(dev);
	if (!domain || !(domain->type & __IOMMU_DOMAIN_PAGING))
		ret = -ENODEV;
	else if (!strcmp(what, "cut"))
		ret = cut(domain, iova, length);
	else if (!strcmp(what, "mend"))
		ret = mend(domain);
	else if (!strcmp(what, "enforce"))
		ret = enforce(domain);
	put_device(dev);
	return ret;
}

static ssize_t poke_write(struct file *file, const char __user *from,
			  size_t count, loff_t *at)
{
	char text[96], address[16], what[16];
	unsigned long iova = 0;
	size_t length = 0;
	int ret;

	if (count >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, from, count))
		return -EFAULT;
	text[count] = '\0';
	if (sscanf(text, "%15s %15s %lx %zx", address, what, &iova, &length) < 2)
		return -EINVAL;
	mutex_lock(&lock);
	ret = run(address, what, iova, length);
	mutex_unlock(&lock);
	return ret ?: count;
}

static const struct file_operations poke_fops = {
	.owner = THIS_MODULE,
	.write = poke_write,
};

static struct dentry *file;

static int __init poke_init(void)
{
	file = debugfs_create_file("iommu_poke", 0200, NULL, NULL, &poke_fops);
	return 0;
}
module_init(poke_init);

static void __exit poke_exit(void)
{
	debugfs_remove(file);
}
module_exit(poke_exit);

MODULE_DESCRIPTION("Changes IOMMU domains behind their users, for tests");
MODULE_LICENSE("GPL");
