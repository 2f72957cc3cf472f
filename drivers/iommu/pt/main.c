// SPDX-License-Identifier: GPL-2.0
/*
 * iommu_pt.ko: the library has no state of its own but the list of run
 * operations; all that has to be waited for when it goes are tables on their
 * way back to the allocator.
 */
#include <linux/module.h>
#include <linux/rcupdate.h>

static int __init iommu_pt_module_init(void)
{
	return 0;
}
module_init(iommu_pt_module_init);

static void __exit iommu_pt_module_exit(void)
{
	rcu_barrier();
}
module_exit(iommu_pt_module_exit);

MODULE_DESCRIPTION("Page tables of IOMMUs");
MODULE_LICENSE("GPL");
