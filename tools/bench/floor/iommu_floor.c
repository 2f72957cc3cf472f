// SPDX-License-Identifier: GPL-2.0
/*
 * The floor of the cost of mapping user memory for DMA: the cost of pinning and
 * unpinning alone. For the benchmark only; do not leave the module loaded.
 *
 * Memory is pinned in batches of one page of pointers, as all users of
 * pin_user_pages_fast() do, and unpinned run by run.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "iommu_floor.h"

#define BATCH_PAGES (PAGE_SIZE / sizeof(struct page *))

struct floor_run {
	struct page *page;
	unsigned long nr_pages;
};

struct floor_job {
	struct iommu_floor args;
	struct page **batch;
	struct floor_run *runs;
	unsigned long nr_runs;
};

static void floor_add(struct floor_job *job, struct page *page)
{
	struct floor_run *last = &job->runs[job->nr_runs - 1];

	if (job->nr_runs &&
	    page_to_pfn(page) == page_to_pfn(last->page) + last->nr_pages) {
		last->nr_pages++;
		return;
	}
	job->runs[job->nr_runs++] = (struct floor_run){ page, 1 };
}

static int floor_pin(struct floor_job *job)
{
	unsigned long nr_pages = job->args.length >> PAGE_SHIFT;
	unsigned long at, i;

	for (at = 0; at < nr_pages;) {
		unsigned long want = min(nr_pages - at, BATCH_PAGES);
		u64 start = ktime_get_ns();
		int got;

		got = pin_user_pages_fast(job->args.address + (at << PAGE_SHIFT),
					  want, FOLL_WRITE | FOLL_LONGTERM,
					  job->batch);
		job->args.pin_ns += ktime_get_ns() - start;
		if (got <= 0)
			return got ?: -EFAULT;
		for (i = 0; i < got; i++)
			floor_add(job, job->batch[i]);
		at += got;
		cond_resched();
	}
	return 0;
}

static void floor_unpin(struct floor_job *job)
{
	u64 start = ktime_get_ns();
	unsigned long i;

	for (i = 0; i < job->nr_runs; i++)
		unpin_user_page_range_dirty_lock(job->runs[i].page,
						 job->runs[i].nr_pages, true);
	job->args.unpin_ns = ktime_get_ns() - start;
}

static int floor_measure(struct floor_job *job)
{
	unsigned long nr_pages = job->args.length >> PAGE_SHIFT;
	int ret;

	if (!nr_pages || !PAGE_ALIGNED(job->args.address | job->args.length) ||
	    nr_pages > totalram_pages())
		return -EINVAL;
	job->args.pin_ns = 0;

	job->batch = kmalloc_array(BATCH_PAGES, sizeof(*job->batch), GFP_KERNEL);
	job->runs = kvmalloc_array(nr_pages, sizeof(*job->runs), GFP_KERNEL);
	if (job->batch && job->runs) {
		ret = floor_pin(job);
		floor_unpin(job);
		job->args.runs = job->nr_runs;
	} else {
		ret = -ENOMEM;
	}
	kvfree(job->runs);
	kfree(job->batch);
	return ret;
}

static long floor_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct floor_job job = {};
	int ret;

	if (cmd != IOMMU_FLOOR_MEASURE)
		return -ENOTTY;
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (copy_from_user(&job.args, (void __user *)arg, sizeof(job.args)))
		return -EFAULT;
	ret = floor_measure(&job);
	if (ret)
		return ret;
	if (copy_to_user((void __user *)arg, &job.args, sizeof(job.args)))
		return -EFAULT;
	return 0;
}

static const struct file_operations floor_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = floor_ioctl,
};

static struct miscdevice floor_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "iommu_floor",
	.fops = &floor_fops,
	.mode = 0600,
};
module_misc_device(floor_device);

MODULE_DESCRIPTION("What pinning and unpinning user memory cost, for a benchmark");
MODULE_LICENSE("GPL");
