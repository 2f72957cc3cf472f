// SPDX-License-Identifier: GPL-2.0
/*
 * Another process takes over: its limit, and not that of the process that
 * mapped, counts what is pinned from now on.
 *
 * Every address space of the context is locked, so that nothing is mapped or
 * unmapped; and process_lock is held for writing, so that no access pins. First
 * each source gets a successor, and the pages that are pinned now are charged to
 * the new process, all together; both can fail. Then pages objects pass to the
 * successors, one by one, each under its lock. Pages can be unpinned in between,
 * by an access or with an address space that is being destroyed: what was
 * charged for them is given back at the end. None can be pinned: nobody would
 * have asked whether the new process may have them locked.
 */
#include <linux/mm.h>
#include <linux/sched.h>

#include "context.h"
#include "ioas.h"
#include "ucmd.h"

/**
 * struct takeover - a process that takes over
 * @ictx: the context
 * @list: its address spaces, locked and counted
 * @steps: of long loops, for take_turns()
 * @charged: pages, by enum iommufd_account, charged to the new process and not
 *	yet taken by a pages object
 */
struct takeover {
	struct iommufd_ctx *ictx;
	struct list_head list;
	unsigned int steps;
	unsigned long charged[IOMMUFD_ACCOUNT_NONE + 1];
};

/* The area after @area, of this or the next address space; NULL: the first */
static struct iommufd_area *next_taken(struct takeover *t,
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

#define for_each_taken_area(area, ioas, t)				\
	for ((area) = next_taken(t, &(ioas), NULL); (area);		\
	     (area) = next_taken(t, &(ioas), area))

static void lock_all(struct takeover *t)
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
		/* No address space is published meanwhile: see process_lock */
		if (!(++t->steps % STEPS_PER_TURN))
			cond_resched_lock(&t->ictx->objects.xa_lock);
	}
	xa_unlock(&t->ictx->objects);
	/* Whoever nests these locks holds process_lock for writing */
	list_for_each_entry(ioas, &t->list, process_node) {
		down_write_nest_lock(&ioas->domains_lock,
				     &t->ictx->process_lock);
		take_turns(&t->steps);
	}
}

static void unlock_all(struct takeover *t)
{
	struct iommufd_ioas *ioas, *next;

	list_for_each_entry_safe(ioas, next, &t->list, process_node) {
		list_del(&ioas->process_node);
		up_write(&ioas->domains_lock);
		iommufd_object_put(t->ictx, &ioas->obj);
		take_turns(&t->steps);
	}
}

static int check_all(struct takeover *t)
{
	struct iommufd_ioas *ioas;
	struct iommufd_area *area;

	for_each_taken_area(area, ioas, t)
		if (!area->pages->source->file)
			return -EINVAL;
	return 0;
}

/* A file's source belongs to one pages object: its successor marks that one */
static int prepare_all(struct takeover *t, unsigned long *need)
{
	struct iommufd_ioas *ioas;
	struct iommufd_area *area;
	int ret;

	for_each_taken_area(area, ioas, t) {
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

static void forget_all(struct takeover *t)
{
	struct iommufd_ioas *ioas;
	struct iommufd_area *area;

	for_each_taken_area(area, ioas, t) {
		struct iommufd_source *source = area->pages->source;

		if (source->successor)
			iommufd_source_put(source->successor);
		source->successor = NULL;
	}
}

static void uncharge_rest(struct takeover *t)
{
	int account;

	for (account = 0; account < ARRAY_SIZE(t->charged); account++)
		iommufd_source_uncharge_current(account, t->charged[account]);
}

static int charge_all(struct takeover *t, const unsigned long *need)
{
	int account, ret;

	for (account = 0; account < ARRAY_SIZE(t->charged); account++) {
		ret = iommufd_source_charge_current(account, need[account]);
		if (ret) {
			uncharge_rest(t);
			return ret;
		}
		t->charged[account] = need[account];
	}
	return 0;
}

static void pass_all(struct takeover *t)
{
	struct iommufd_ioas *ioas;
	struct iommufd_area *area;

	for_each_taken_area(area, ioas, t) {
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
	lock_all(&t);
	ret = check_all(&t);
	if (!ret)
		ret = prepare_all(&t, need);
	if (!ret)
		ret = charge_all(&t, need);
	if (ret) {
		forget_all(&t);
	} else {
		pass_all(&t);
		uncharge_rest(&t);
	}
	unlock_all(&t);
	up_write(&ucmd->ictx->process_lock);
	return ret;
}
