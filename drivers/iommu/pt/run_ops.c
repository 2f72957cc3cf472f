// SPDX-License-Identifier: GPL-2.0
/*
 * Which domain operations have run operations beside them: a short list of
 * pairs, under RCU. It changes when a driver is loaded or removed, and is read
 * when an address space gets a domain.
 */
#include <linux/export.h>
#include <linux/iommu_pt.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/slab.h>

struct run_ops_pair {
	struct list_head list;
	const struct iommu_domain_ops *domain_ops;
	const struct iommu_run_ops *run_ops;
	struct rcu_head rcu;
};

static LIST_HEAD(pairs);
static DEFINE_MUTEX(pairs_mutex);

static struct run_ops_pair *find_pair(const struct iommu_domain_ops *domain_ops)
{
	struct run_ops_pair *pair;

	list_for_each_entry_rcu(pair, &pairs, list,
				lockdep_is_held(&pairs_mutex))
		if (pair->domain_ops == domain_ops)
			return pair;
	return NULL;
}

/**
 * iommu_run_ops_register() - offer run operations for domains of a driver
 * @domain_ops: the operations of its domains; the key
 * @run_ops: the run operations; @map, @reserve, @unmap and @sync are set
 *
 * Context: May sleep.
 * Return: 0, -EINVAL if one of these is missing, -EEXIST if the key is known,
 * or -ENOMEM.
 */
int iommu_run_ops_register(const struct iommu_domain_ops *domain_ops,
			   const struct iommu_run_ops *run_ops)
{
	struct run_ops_pair *pair;
	int ret = 0;

	if (!domain_ops || !run_ops || !run_ops->map || !run_ops->reserve ||
	    !run_ops->unmap || !run_ops->sync)
		return -EINVAL;
	pair = kzalloc(sizeof(*pair), GFP_KERNEL);
	if (!pair)
		return -ENOMEM;
	pair->domain_ops = domain_ops;
	pair->run_ops = run_ops;

	mutex_lock(&pairs_mutex);
	if (find_pair(domain_ops))
		ret = -EEXIST;
	else
		list_add_rcu(&pair->list, &pairs);
	mutex_unlock(&pairs_mutex);
	if (ret)
		kfree(pair);
	return ret;
}
EXPORT_SYMBOL_GPL(iommu_run_ops_register);

/**
 * iommu_run_ops_unregister() - undo iommu_run_ops_register()
 * @domain_ops: the key; an unknown one is ignored
 *
 * No domain with @domain_ops is left.
 *
 * Context: May sleep.
 */
void iommu_run_ops_unregister(const struct iommu_domain_ops *domain_ops)
{
	struct run_ops_pair *pair;

	mutex_lock(&pairs_mutex);
	pair = find_pair(domain_ops);
	if (pair)
		list_del_rcu(&pair->list);
	mutex_unlock(&pairs_mutex);
	if (pair)
		kfree_rcu(pair, rcu);
}
EXPORT_SYMBOL_GPL(iommu_run_ops_unregister);

/**
 * iommu_run_ops_of() - find the run operations of a domain
 * @domain: a domain that exists for as long as the result is used
 *
 * Context: Any.
 * Return: its run operations, or NULL if its driver offers none.
 */
const struct iommu_run_ops *iommu_run_ops_of(const struct iommu_domain *domain)
{
	const struct iommu_run_ops *run_ops = NULL;
	struct run_ops_pair *pair;

	rcu_read_lock();
	pair = find_pair(domain->ops);
	if (pair)
		run_ops = pair->run_ops;
	rcu_read_unlock();
	return run_ops;
}
EXPORT_SYMBOL_GPL(iommu_run_ops_of);
