// SPDX-License-Identifier: GPL-2.0
/*
 * A page table, compared with a model. The model has three windows of the
 * address space. Each is a flat array with the expected translation of every
 * unit of it:
 *
 *	window	unit	position
 *	0	4 KiB	across a 1 GiB boundary
 *	1	2 MiB	for the large sizes
 *	2	4 KiB	at the end of the aperture
 *
 * A step is one random operation on both. After it the window of the operation
 * is visited and compared. After every eighth step the whole table is, and its
 * pages are counted: there may be no more than the leaves need.
 *
 * In between a simulated unit (hw.h) accesses memory. Its caches are
 * invalidated only as the gathers require, often late. Its translations are
 * compared as well.
 */
#include <linux/io.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "hw.h"
#include "model.h"
#include "model_state.h"
#include "../format.h"

static u64 rnd(struct pt_model *model, u64 below)
{
	return model->env.next(model->env.arg) % below;
}

static bool one_in(struct pt_model *model, unsigned int n)
{
	return !rnd(model, n);
}

static void fail_after(struct pt_model *model, long n)
{
	if (model->env.fail_after)
		model->env.fail_after(n);
}

/* Invalidate what a gather holds, and free it */
static void sync_gather(struct pt_model *model, struct iommu_pt_gather *gather)
{
	hw_invalidate(&model->hw, gather);
	iommu_pt_gather_free(&model->pt, gather);
	if (!iommu_pt_gather_empty(gather))
		pt_model_fail(model, "a freed gather is not empty");
}

static void sync_waiting(struct pt_model *model, unsigned int g)
{
	unsigned int w, i;

	if (!model->waiting[g])
		return;
	sync_gather(model, &model->gathers[g]);
	model->waiting[g] = false;
	for (w = 0; w < WINDOWS; w++)
		for (i = 0; i < UNITS; i++)
			model->windows[w].units[i].gathers &= ~(1u << g);
}

/* A random range of a window: mostly short, sometimes all of it */
static struct window *pick_range(struct pt_model *model, unsigned int *first,
				 unsigned int *nr)
{
	static const unsigned int most[] = { 1, 4, 40, 600, UNITS };
	struct window *window = &model->windows[rnd(model, WINDOWS)];

	model->window = window;
	*first = rnd(model, UNITS);
	if (one_in(model, 3))
		*first &= ~511u;
	*nr = 1 + rnd(model, most[rnd(model, ARRAY_SIZE(most))]);
	if (one_in(model, 16)) {
		*first = 0;
		*nr = UNITS;
	}
	*nr = min(*nr, UNITS - *first);
	return window;
}

/*
 * Physical memory for units of a window: aligned like the IOVA so that large
 * entries fit, next to the memory of the unit before, or anywhere.
 */
static u64 pick_phys(struct pt_model *model, struct window *window,
		     unsigned int i)
{
	u64 unit = unit_size(window), phys;

	switch (rnd(model, 4)) {
	case 0:
		phys = (1 + rnd(model, 1u << 18)) * unit;
		break;
	case 1:
		if (i && window->units[i - 1].phys)
			return window->units[i - 1].phys + unit;
		fallthrough;
	default:
		phys = ((1 + rnd(model, 8)) << 33) +
		       (iova_of(window, i) & ((1ull << 33) - 1));
		break;
	}
	return phys & ((1ull << 45) - 1);
}

static unsigned int attrs_of_prot(const struct pt_model *model, int prot)
{
	unsigned int attrs = model->hw.format->always & ATTRS;

	if (prot & IOMMU_READ)
		attrs |= IOMMU_PT_ATTR_READ;
	if (prot & IOMMU_WRITE)
		attrs |= IOMMU_PT_ATTR_WRITE;
	if (model->flags & IOMMU_PT_SNOOP && model->hw.format->snoops)
		attrs |= IOMMU_PT_ATTR_SNOOP;
	return attrs;
}

static void note_mapped(struct pt_model *model, struct window *window,
			unsigned int first, const struct iommu_run *runs,
			unsigned int nr_runs, unsigned int attrs)
{
	unsigned int r, i = first;
	u64 offset;

	for (r = 0; r < nr_runs; r++)
		for (offset = 0; offset < runs[r].length;
		     offset += unit_size(window), i++) {
			struct unit *unit = &window->units[i];

			memset(unit, 0, sizeof(*unit));
			unit->phys = runs[r].addr + offset;
			unit->attrs = attrs;
			window->mapped++;
		}
	window->units[first].first = true;
	window->units[i - 1].last = true;
}

static void op_map(struct pt_model *model)
{
	struct iommu_pt_gather gather;
	struct iommu_run runs[MAX_RUNS];
	unsigned int first, nr, i, nr_runs = 0;
	struct window *window = pick_range(model, &first, &nr);
	int prot = 1 + rnd(model, 3), ret;
	bool starve = one_in(model, 12);

	model->op = "map";
	while (first < UNITS - 1 && (window->units[first].phys ||
				     window->units[first].gathers))
		first++;
	for (i = first; i < UNITS && i - first < nr; i++)
		if (window->units[i].phys || window->units[i].gathers)
			break;
	nr = i - first;
	if (!nr)
		return;
	for (i = first; i < first + nr; nr_runs++) {
		unsigned int n = first + nr - i;

		if (nr_runs < MAX_RUNS - 1 && one_in(model, 2))
			n = 1 + rnd(model, n);
		runs[nr_runs].addr = pick_phys(model, window, i);
		runs[nr_runs].length = n * unit_size(window);
		i += n;
	}

	iommu_pt_gather_init(&gather);
	if (starve)
		fail_after(model, rnd(model, 6));
	ret = iommu_pt_map(&model->pt, iova_of(window, first), runs, nr_runs,
			   prot, GFP_KERNEL, &gather);
	fail_after(model, -1);
	if (!ret)
		note_mapped(model, window, first, runs, nr_runs,
			    attrs_of_prot(model, prot));
	else if (ret != -ENOMEM || !starve)
		pt_model_fail(model, "a map failed");
	if (!iommu_pt_gather_empty(&gather))
		sync_gather(model, &gather);
}

/* A map of a range that holds a mapping fails and changes nothing */
static void op_map_again(struct pt_model *model)
{
	struct iommu_pt_gather gather;
	struct iommu_run run;
	unsigned int first, nr, i;
	struct window *window = pick_range(model, &first, &nr);

	model->op = "map again";
	for (i = first; i < first + nr; i++)
		if (window->units[i].gathers)
			return;
	for (i = first; i < first + nr; i++)
		if (window->units[i].phys)
			break;
	if (i == first + nr)
		return;
	run.addr = pick_phys(model, window, first);
	run.length = nr * unit_size(window);
	iommu_pt_gather_init(&gather);
	if (iommu_pt_map(&model->pt, iova_of(window, first), &run, 1,
			 IOMMU_READ, GFP_KERNEL, &gather) != -EADDRINUSE)
		pt_model_fail(model, "a map over a mapping did not fail");
	sync_gather(model, &gather);
}

static void take_run(void *arg, unsigned long iova, const struct iommu_run *run)
{
	struct pt_model *model = arg;
	unsigned long offset;

	if (iova < model->from || iova + run->length - 1 > model->to)
		pt_model_fail(model, "an unmap yields a run outside its range");
	model->from = iova + run->length;
	for (offset = 0; offset < run->length;) {
		struct window *window;
		struct unit *unit = unit_at(model, iova + offset, &window);

		if (!unit || unit->phys != run->addr + offset) {
			pt_model_fail(model, "an unmap yields other memory");
			return;
		}
		offset += unit_size(window);
	}
	model->yielded += run->length;
}

static void note_unmapped(struct window *window, unsigned int first,
			  unsigned int nr, u8 gathers)
{
	unsigned int i;

	for (i = first; i < first + nr; i++) {
		struct unit *unit = &window->units[i];

		if (unit->phys) {
			window->mapped--;
			unit->was = unit->phys;
		}
		unit->gathers |= gathers;
		unit->phys = 0;
		unit->first = false;
		unit->last = false;
		unit->dirty = false;
	}
}

/* Does a range begin or end inside what one call mapped? */
static bool splits_a_call(const struct window *window, unsigned int first,
			  unsigned int nr)
{
	const struct unit *units = window->units;
	unsigned int last = first + nr - 1;

	return (units[first].phys && !units[first].first) ||
	       (units[last].phys && !units[last].last);
}

static void op_unmap(struct pt_model *model)
{
	struct iommu_pt_gather gather, *into = &gather;
	unsigned int first, nr, i, g = rnd(model, GATHERS);
	struct window *window = pick_range(model, &first, &nr);
	unsigned long iova = iova_of(window, first), held = 0, bytes;
	size_t length = nr * unit_size(window);
	bool reserve = one_in(model, 2), starve = one_in(model, 2);
	bool late = one_in(model, 3);

	model->op = "unmap";
	for (i = first; i < first + nr; i++)
		held += window->units[i].phys ? unit_size(window) : 0;
	iommu_pt_gather_init(&gather);
	if (late) {
		if (!model->waiting[g])
			iommu_pt_gather_init(&model->gathers[g]);
		into = &model->gathers[g];
	}
	if (reserve && iommu_pt_reserve(&model->pt, iova, length, GFP_KERNEL))
		pt_model_fail(model, "a reserve failed");
	if (starve)
		fail_after(model, 0);
	model->from = iova;
	model->to = iova + length - 1;
	model->yielded = 0;
	if (one_in(model, 2)) {
		bytes = iommu_pt_unmap_runs(&model->pt, iova, length, into,
					    take_run, model);
		if (model->yielded != bytes)
			pt_model_fail(model, "an unmap yields less than it says");
	} else {
		bytes = iommu_pt_unmap(&model->pt, iova, length, into);
	}
	fail_after(model, -1);
	if (bytes == held) {
		note_unmapped(window, first, nr, late ? 1u << g : 0);
		model->waiting[g] |= late;
	} else if (bytes || reserve || !starve) {
		pt_model_fail(model, "an unmap returns a wrong number of bytes");
	} else if (!splits_a_call(window, first, nr)) {
		pt_model_fail(model, "an unmap of whole mappings takes memory");
	}
	if (!late)
		sync_gather(model, &gather);
}

/* Large units are not split into 512 small ones: that would take too long */
static unsigned long pick_sizes(struct pt_model *model, bool large)
{
	unsigned long sizes = 1ul << 12;
	unsigned int n = rnd(model, 20);

	while (n--)
		sizes |= 1ul << (12 + rnd(model, 21));
	return large ? sizes | 1ul << 21 : sizes;
}

static int check_size(void *arg, const struct iommu_pt_leaf *leaf)
{
	return leaf->length & *(unsigned long *)arg ? 0 : 1;
}

static void op_demote(struct pt_model *model)
{
	struct iommu_pt_gather gather;
	unsigned int first, nr;
	struct window *window = pick_range(model, &first, &nr);
	unsigned long iova = iova_of(window, first);
	unsigned long sizes = pick_sizes(model, window->shift == 21);
	size_t length = nr * unit_size(window);
	bool starve = one_in(model, 8);
	int ret;

	model->op = "demote";
	iommu_pt_gather_init(&gather);
	if (starve)
		fail_after(model, rnd(model, 3));
	ret = iommu_pt_demote(&model->pt, iova, length, sizes, GFP_KERNEL,
			      &gather);
	fail_after(model, -1);
	if (ret && (ret != -ENOMEM || !starve))
		pt_model_fail(model, "a demote failed");
	sync_gather(model, &gather);
	if (!ret && iommu_pt_visit(&model->pt, iova, length, check_size,
				   &sizes))
		pt_model_fail(model, "a demote left a larger leaf");
}

struct leaf_query {
	size_t length;
};

static int get_length(void *arg, const struct iommu_pt_leaf *leaf)
{
	struct leaf_query *query = arg;

	query->length = leaf->length;
	return 1;
}

/* Is this aligned block one run, mapped by one call? */
static bool could_be_leaf(const struct window *window, unsigned int first,
			  unsigned int nr)
{
	const struct unit *units = &window->units[first];
	u64 size = nr * (u64)unit_size(window);
	unsigned int i;

	if (!units->phys || units->phys & (size - 1))
		return false;
	for (i = 1; i < nr; i++)
		if (units[i].phys != units->phys + i * unit_size(window) ||
		    units[i].attrs != units->attrs || units[i].first ||
		    units[i - 1].last)
			return false;
	return true;
}

static void check_promoted(struct pt_model *model, struct window *window,
			   unsigned int first, unsigned int nr)
{
	unsigned long sizes = iommu_pt_page_sizes(&model->pt);
	struct iommu_pt_root root;
	unsigned int shift, i;

	iommu_pt_root(&model->pt, &root);
	for (shift = window->shift + 1; shift < 12 + 9 * root.levels; shift++) {
		unsigned int units = 1u << (shift - window->shift);

		if (units > nr)
			break;
		if (!(sizes >> shift & 1))
			continue;
		for (i = first; i + units <= first + nr; i++) {
			unsigned long iova = iova_of(window, i);
			struct leaf_query query = {};

			if (iova & ((1ul << shift) - 1) ||
			    !could_be_leaf(window, i, units))
				continue;
			iommu_pt_visit(&model->pt, iova, 4096, get_length,
				       &query);
			if (query.length < 1ul << shift)
				pt_model_fail(model, "a promote left a smaller leaf");
			i += units - 1;
		}
	}
}

static void op_promote(struct pt_model *model)
{
	struct iommu_pt_gather gather;
	unsigned int first, nr;
	struct window *window = pick_range(model, &first, &nr);

	model->op = "promote";
	if (model->env.slow_rcu && !one_in(model, 16))
		return;
	iommu_pt_gather_init(&gather);
	if (iommu_pt_promote(&model->pt, iova_of(window, first),
			     nr * unit_size(window), &gather))
		pt_model_fail(model, "a promote failed");
	sync_gather(model, &gather);
	check_promoted(model, window, first, nr);
}

static void op_set_attrs(struct pt_model *model)
{
	struct iommu_pt_gather gather;
	unsigned int first, nr, i, set = 0, clear = 0;
	struct window *window = pick_range(model, &first, &nr);
	unsigned int can = model->pt.format->attrs & ATTRS;
	bool starve = one_in(model, 8);
	int ret;

	model->op = "set_attrs";
	if (one_in(model, 2))
		set = rnd(model, ATTRS + 1) & can;
	else
		clear = rnd(model, ATTRS + 1) & can;
	iommu_pt_gather_init(&gather);
	if (starve)
		fail_after(model, rnd(model, 2));
	ret = iommu_pt_set_attrs(&model->pt, iova_of(window, first),
				 nr * unit_size(window), set, clear, GFP_KERNEL,
				 &gather);
	fail_after(model, -1);
	if (ret && (ret != -ENOMEM || !starve))
		pt_model_fail(model, "set_attrs failed");
	sync_gather(model, &gather);
	for (i = first; !ret && i < first + nr; i++)
		if (window->units[i].phys)
			window->units[i].attrs =
				(window->units[i].attrs & ~clear) | set;
}

/* Change page sizes or flags, as when a unit is attached or detached */
static void op_reshape(struct pt_model *model)
{
	model->op = "reshape";
	if (model->env.slow_rcu && !one_in(model, 16))
		return;
	switch (rnd(model, 3)) {
	case 0:
		iommu_pt_set_page_sizes(&model->pt, pick_sizes(model, true));
		break;
	case 1:
		if (one_in(model, 2)) {
			iommu_pt_set_flags(&model->pt, IOMMU_PT_NONCOHERENT, 0);
			iommu_pt_flush_tables(&model->pt);
			/* A unit that is attached has nothing cached */
			hw_init(&model->hw, &model->pt, true,
				model->hw.tracks_dirty);
		} else {
			iommu_pt_set_flags(&model->pt, 0, IOMMU_PT_NONCOHERENT);
			model->hw.noncoherent = false;
		}
		break;
	default:
		if (one_in(model, 2)) {
			iommu_pt_set_flags(&model->pt, IOMMU_PT_SNOOP, 0);
			model->flags |= IOMMU_PT_SNOOP;
		} else {
			iommu_pt_set_flags(&model->pt, 0, IOMMU_PT_SNOOP);
			model->flags &= ~IOMMU_PT_SNOOP;
		}
	}
}

static void check_access(struct pt_model *model, unsigned long iova, bool write,
			 bool cached)
{
	struct hw_translation to;
	struct window *window;
	struct unit *unit = unit_at(model, iova, &window);
	bool valid = hw_translate(&model->hw, iova, write, cached, &to);
	u64 phys = valid ? to.phys + (iova - to.start) : 0;
	u64 offset = iova & (unit_size(window) - 1);

	if (model->hw.error)
		pt_model_fail(model, model->hw.error);
	if (!unit->phys) {
		if (valid && (!unit->gathers || phys != unit->was + offset))
			pt_model_fail(model, "hardware reaches what is unmapped");
		return;
	}
	if (!valid) {
		if (unit->attrs & (IOMMU_PT_ATTR_READ | IOMMU_PT_ATTR_WRITE))
			pt_model_fail(model, "hardware does not reach what is mapped");
		return;
	}
	if (phys != unit->phys + offset)
		pt_model_fail(model, "hardware reaches other memory");
	if (to.read != !!(unit->attrs & IOMMU_PT_ATTR_READ) ||
	    to.write != !!(unit->attrs & IOMMU_PT_ATTR_WRITE) ||
	    to.snoop != !!(unit->attrs & IOMMU_PT_ATTR_SNOOP))
		pt_model_fail(model, "hardware sees other attributes");
	if (write && to.write && model->hw.tracks_dirty)
		unit->dirty = true;
}

static void op_access(struct pt_model *model)
{
	unsigned int n = 1 + rnd(model, 16), first, nr;
	struct window *window;

	model->op = "access";
	while (n--) {
		window = pick_range(model, &first, &nr);
		check_access(model, iova_of(window, first) +
			     rnd(model, unit_size(window)), one_in(model, 2),
			     one_in(model, 4) ? false : true);
	}
}

static bool take_dirty(void *arg, unsigned long iova, size_t length)
{
	struct pt_model *model = arg;
	bool cleans = model->clears && !one_in(model, 4);
	unsigned long offset;

	for (offset = 0; offset < length;) {
		struct window *window;
		struct unit *unit = unit_at(model, iova + offset, &window);

		if (!unit || !unit->phys) {
			pt_model_fail(model, "what is dirty is not mapped");
			return false;
		}
		model->yielded += unit->dirty;
		if (cleans)
			unit->dirty = false;
		offset += unit_size(window);
	}
	return cleans;
}

static void op_dirty(struct pt_model *model)
{
	struct iommu_pt_gather gather;
	unsigned int first, nr, i;
	struct window *window = pick_range(model, &first, &nr);
	unsigned long iova = iova_of(window, first), dirty = 0;
	size_t length = nr * unit_size(window);

	model->op = "dirty";
	if (!model->hw.tracks_dirty)
		return;
	for (i = first; i < first + nr; i++)
		dirty += window->units[i].dirty;
	model->yielded = 0;
	model->clears = one_in(model, 2);
	iommu_pt_gather_init(&gather);
	if (model->clears) {
		iommu_pt_read_and_clear_dirty(&model->pt, iova, length,
					      take_dirty, model, &gather);
		sync_gather(model, &gather);
	} else {
		iommu_pt_read_dirty(&model->pt, iova, length, take_dirty,
				    model);
	}
	/* It is more if a leaf reaches out of the range */
	if (model->yielded < dirty)
		pt_model_fail(model, "what is dirty was not read");
}

/**
 * pt_model_step() - do and compare one random operation
 * @model: the model
 *
 * Return: NULL, or a description of the error.
 */
const char *pt_model_step(struct pt_model *model)
{
	switch (rnd(model, 32)) {
	case 0 ... 9:
		op_map(model);
		break;
	case 10 ... 18:
		op_unmap(model);
		break;
	case 19 ... 20:
		op_demote(model);
		break;
	case 21 ... 22:
		op_promote(model);
		break;
	case 23 ... 24:
		op_set_attrs(model);
		break;
	case 25:
		op_reshape(model);
		break;
	case 26:
		op_map_again(model);
		break;
	case 27:
		op_dirty(model);
		break;
	case 28:
		sync_waiting(model, rnd(model, GATHERS));
		break;
	default:
		op_access(model);
	}
	if (++model->steps % 8)
		pt_model_compare_window(model, model->window);
	else
		pt_model_compare_all(model);
	return model->error;
}

const char *pt_model_last_op(const struct pt_model *model)
{
	return model->op;
}

/* Levels, widths and flags are random too */
static int init_table(struct pt_model *model,
		      const struct iommu_pt_format *format)
{
	struct iommu_pt_config config = {
		.format = format,
		.nid = NUMA_NO_NODE,
	};
	unsigned int least = format->min_levels;

	config.levels = least + rnd(model, format->max_levels - least + 1);
	if (format->grows)
		config.iova_bits = one_in(model, 2) ? 64 : 48;
	if (format->grows && config.iova_bits == 48)
		config.levels = min(config.levels, 4u);
	if (one_in(model, 2))
		config.flags |= IOMMU_PT_DIRTY;
	if (one_in(model, 2))
		config.flags |= IOMMU_PT_NONCOHERENT;
	model->flags = config.flags;
	return iommu_pt_init(&model->pt, &config);
}

struct pt_model *pt_model_new(const struct pt_model_env *env,
			      const struct iommu_pt_format *format)
{
	struct pt_model *model = kzalloc(sizeof(*model), GFP_KERNEL);
	unsigned long end;
	unsigned int w;

	if (!model)
		return NULL;
	model->env = *env;
	if (init_table(model, format)) {
		kfree(model);
		return NULL;
	}
	hw_init(&model->hw, &model->pt, model->flags & IOMMU_PT_NONCOHERENT,
		model->flags & IOMMU_PT_DIRTY);
	end = model->pt.iova_bits < 64 && !format->sign_extended ?
	      1ul << model->pt.iova_bits : 0;
	model->windows[0].base = (1ul << 30) - (3ul << 20);
	model->windows[0].shift = 12;
	model->windows[1].base = (1ul << (min(model->pt.iova_bits, 48u) - 2)) -
				 (3ul << 29);
	model->windows[1].shift = 21;
	model->windows[2].base = end - ((unsigned long)UNITS << 12);
	model->windows[2].shift = 12;
	model->window = &model->windows[0];
	for (w = 0; w < WINDOWS; w++) {
		model->windows[w].units = kvcalloc(UNITS, sizeof(struct unit),
						   GFP_KERNEL);
		if (!model->windows[w].units)
			pt_model_fail(model, "no memory for the model");
	}
	return model;
}

/**
 * pt_model_free() - unmap everything, count the tables left, and free the model
 * @model: the model
 *
 * Return: NULL, or a description of the error.
 */
const char *pt_model_free(struct pt_model *model)
{
	struct iommu_pt_gather gather;
	unsigned long nr = UNITS;
	const char *error;
	unsigned int w;

	for (w = 0; w < GATHERS; w++)
		sync_waiting(model, w);
	iommu_pt_gather_init(&gather);
	for (w = 0; !model->error && w < WINDOWS; w++) {
		struct window *window = &model->windows[w];
		size_t length = nr << window->shift;

		if (iommu_pt_unmap(&model->pt, window->base, length, &gather) !=
		    (size_t)window->mapped << window->shift)
			pt_model_fail(model, "the last unmap misses something");
	}
	sync_gather(model, &gather);
	if (!model->error && iommu_pt_nr_tables(&model->pt) != 1)
		pt_model_fail(model, "tables are left when nothing is mapped");
	error = model->error;
	iommu_pt_destroy(&model->pt);
	for (w = 0; w < WINDOWS; w++)
		kvfree(model->windows[w].units);
	kfree(model);
	return error;
}
