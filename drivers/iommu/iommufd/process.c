// SPDX-License-Identifier: GPL-2.0
/*
 * IOMMU_IOAS_CHANGE_PROCESS: another process takes over. From then on, pinned
 * pages count against its limit instead of that of the process that mapped
 * them.
 *
 * All address spaces of the context are locked, so nothing is mapped or
 * unmapped. process_lock is held for writing, so no access pins. The steps are:
 *
 *  1. Every mapping has to be of a file. Its source gets a successor, a source
 *     of the new process. This can fail.
 *  2. All pages that are pinned now are charged to the new process. This can
 *     fail because of its limit.
 *  3. The pages objects change to the successors one by one, each under its
 *     lock, and the old sources are uncharged.
 *  4. Pages may have been unpinned since step 2, by an access or together with
 *     an address space that is being destroyed. Their charge is returned.
 *
 * No page may be pinned meanwhile: it would not have been checked against the
 * limit of the new process.
 */
#include <linux/mm.h>
#include <linux/sched.h>

#include "context.h"
#include "ioas.h"
#include "ucmd.h"

/**
 * struct takeover - a change of process in progress
 * @ictx: the context
 * @list: its address spaces, locked; the takeover is a user of each
 * @steps: counts steps of long loops, for take_turns()
 * @charged: by enum iommufd_account: pages that are charged to the new process
 *	and that no pages object has taken over yet
 */
struct takeover {
	struct iommufd_ctx *ictx;
	struct list_head list;
	unsigned int steps;
	unsigned long charged[IOMMUFD_ACCOUNT_NONE + 1];
};

/*
 * The area after @area, in the same address space or the next one. The first
 * area if @area is NULL.
 */
static struct iommufd_area *takeover_next(struct takeover *t,
					  struct iommufd_ioas **in,
				       struct iommufd_area *area)
{
	struct iommufd_ioas *ioas = *in;

	take_turns(&t->steps);
	if (area) {
		area = iommufd_area_next(area, ULONG_MAX);
		if (area)
			return area;
		ioas = list_next_entry(ioas, process_node);
	} else {
		ioas = list_first_entry(&t->list, struct iommufd_ioas,
					process_node);
	}
	list_for_each_entry_from(ioas, &t->list, process_node) {
		*in = ioas;
		area = iommufd_area_first(ioas, 0, ULONG_MAX);
		if (area)
			return area;
		take_turns(&t->steps);
	}
	return NULL;
}

#define for_each_takeover_area(area, ioas, t)				\
	for ((area) = takeover_next(t, &(ioas), NULL); (area);		\
	     (area) = takeover_next(t, &(ioas), area))

static void takeover_lock(struct takeover *t)
{
	struct iommufd_object *obj;
	struct iommufd_ioas *ioas;
	unsigned long id;

	xa_lock(&t->ictx->objects);
	xa_for_each(&t->ictx->objects, id, obj) {
		if (obj->type == IOMMUFD_OBJ_IOAS) {
			refcount_inc(&obj->users);
			ioas = container_of(obj, struct iommufd_ioas, obj);
			list_add_tail(&ioas->process_node, &t->list);
		}
		/* No address space is published meanwhile: process_lock */
		if (!(++t->steps % STEPS_PER_TURN))
			cond_resched_lock(&t->ictx->objects.xa_lock);
	}
	xa_unlock(&t->ictx->objects);
	/* Only a holder of process_lock for writing nests these locks */
	list_for_each_entry(ioas, &t->list, process_node) {
		down_write_nest_lock(&ioas->domains_lock,
				     &t->ictx->process_lock);
		take_turns(&t->steps);
	}
}

static void takeover_unlock(struct takeover *t)
{
	struct iommufd_ioas *ioas, *next;

	list_for_each_entry_safe(ioas, next, &t->list, process_node) {
		list_del(&ioas->process_node);
		up_write(&ioas->domains_lock);
		iommufd_object_put(t->ictx, &ioas->obj);
		take_turns(&t->steps);
	}
}

static int takeover_check(struct takeover *t)
{
	struct iommufd_ioas *ioas;
	struct iommufd_area *area;

	for_each_takeover_area(area, ioas, t)
		if (!area->pages->source->file)
			return -EINVAL;
	return 0;
}

/*
 * A file's source belongs to one pages object, so a source with a successor
 * also marks a pages object that was counted.
 */
static int takeover_prepare(struct takeover *t, unsigned long *need)
{
	struct iommufd_ioas *ioas;
	struct iommufd_area *area;
	int ret;

	for_each_takeover_area(area, ioas, t) {
		struct iommufd_pages *pages = area->pages;

		if (fatal_signal_pending(current))
			return -EINTR;
		if (pages->source->successor ||
		    iommufd_source_is_current(pages->source))
			continue;
		ret = iommufd_source_add_successor(pages->source);
		if (ret)
			return ret;
		iommufd_pages_lock(t->ictx, pages);
		need[pages->source->account] +=
			iommufd_pages_count_pinned(pages);
		iommufd_pages_unlock(t->ictx, pages);
	}
	return 0;
}

static void takeover_undo(struct takeover *t)
{
	struct iommufd_ioas *ioas;
	struct iommufd_area *area;

	for_each_takeover_area(area, ioas, t) {
		struct iommufd_source *source = area->pages->source;

		if (source->successor)
			iommufd_source_put(source->successor);
		source->successor = NULL;
	}
}

static void takeover_uncharge_rest(struct takeover *t)
{
	int account;

	for (account = 0; account < ARRAY_SIZE(t->charged); account++)
		iommufd_source_uncharge_current(account, t->charged[account]);
}

static int takeover_charge(struct takeover *t, const unsigned long *need)
{
	int account, ret;

	for (account = 0; account < ARRAY_SIZE(t->charged); account++) {
		ret = iommufd_source_charge_current(account, need[account]);
		if (ret) {
			takeover_uncharge_rest(t);
			return ret;
		}
		t->charged[account] = need[account];
	}
	return 0;
}

static void takeover_commit(struct takeover *t)
{
	struct iommufd_ioas *ioas;
	struct iommufd_area *area;

	for_each_takeover_area(area, ioas, t) {
		struct iommufd_pages *pages = area->pages;
		struct iommufd_source *old = pages->source;
		unsigned long npages;

		if (!old->successor)
			continue;
		iommufd_pages_lock(t->ictx, pages);
		npages = iommufd_pages_count_pinned(pages);
		pages->source = old->successor;
		iommufd_pages_unlock(t->ictx, pages);
		iommufd_source_uncharge(old, npages);
		WARN_ON_ONCE(npages > t->charged[old->account]);
		t->charged[old->account] -= npages;
		old->successor = NULL;
		iommufd_source_put(old);
	}
}

int iommufd_ioas_change_process_ioctl(struct iommufd_ucmd *ucmd)
{
	const struct iommu_ioas_change_process *cmd = ucmd->cmd;
	struct takeover t = { .ictx = ucmd->ictx };
	unsigned long need[ARRAY_SIZE(t.charged)] = {};
	int ret;

	if (cmd->__reserved)
		return -EOPNOTSUPP;
	INIT_LIST_HEAD(&t.list);
	ret = down_write_killable(&ucmd->ictx->process_lock);
	if (ret)
		return ret;
	takeover_lock(&t);
	ret = takeover_check(&t);
	if (!ret)
		ret = takeover_prepare(&t, need);
	if (!ret)
		ret = takeover_charge(&t, need);
	if (ret) {
		takeover_undo(&t);
	} else {
		takeover_commit(&t);
		takeover_uncharge_rest(&t);
	}
	takeover_unlock(&t);
	up_write(&ucmd->ictx->process_lock);
	return ret;
}
