// SPDX-License-Identifier: GPL-2.0
/*
 * iommu_pt.ko. The only state of the library itself is the list of run
 * operations (run_ops.c). When the module is removed, RCU callbacks that free
 * tables may still be pending: it waits for them.
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
