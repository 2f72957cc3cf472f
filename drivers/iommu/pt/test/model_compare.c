// SPDX-License-Identifier: GPL-2.0
/*
 * Comparing a page table with its model: every leaf leads where the model
 * expects, there are no other leaves, and no more table pages than they need.
 */
#include <linux/bitops.h>

#include "model_state.h"
#include "../format.h"

/* Count the tables that lead to a leaf, each for the first leaf below it */
static void count_tables(struct pt_model *model, unsigned long iova,
			 size_t length)
{
	unsigned int shift = __ffs(length), level = (shift - 12) / 9 + 1;

	for (; level < model->levels; level++) {
		unsigned int bits = 12 + 9 * level;
		unsigned long start = bits < 64 ? iova >> bits << bits : 0;

		if (model->table_start[level] != start)
			model->tables++;
		model->table_start[level] = start;
	}
}

static int compare_leaf(void *arg, const struct iommu_pt_leaf *leaf)
{
	struct pt_model *model = arg;
	struct window *window;
	struct unit *unit = unit_at(model, leaf->iova, &window);
	unsigned long offset, n;

	count_tables(model, leaf->iova, leaf->length);
	if (!unit || leaf->length < unit_size(window) ||
	    leaf->iova & (leaf->length - 1)) {
		pt_model_fail(model, "a leaf that nobody mapped");
		return 1;
	}
	n = unit - window->units;
	if (n + (leaf->length >> window->shift) > UNITS) {
		pt_model_fail(model, "a leaf reaches out of what was mapped");
		return 1;
	}
	for (offset = 0; offset < leaf->length; offset += unit_size(window)) {
		if (unit->phys != leaf->addr + offset ||
		    unit->attrs != (leaf->attrs & ATTRS)) {
			pt_model_fail(model, "a leaf differs from what was mapped");
			return 1;
		}
		unit++;
		model->seen++;
	}
	return 0;
}

/**
 * pt_model_compare_window() - compare the leaves of a window
 * @model: the model, in which an error is recorded
 * @window: the window
 */
void pt_model_compare_window(struct pt_model *model, struct window *window)
{
	unsigned long units = UNITS;

	model->seen = 0;
	iommu_pt_visit(&model->pt, window->base, units << window->shift,
		       compare_leaf, model);
	if (model->seen != window->mapped)
		pt_model_fail(model, "leaves are missing");
}

/**
 * pt_model_compare_all() - compare the whole table, and count its pages
 * @model: the model, in which an error is recorded
 */
void pt_model_compare_all(struct pt_model *model)
{
	unsigned int bits = model->pt.iova_bits, w, g;
	unsigned long half = 1ul << (bits - 1), mapped = 0;
	bool waiting = false;
	struct iommu_pt_root root;

	iommu_pt_root(&model->pt, &root);
	model->levels = root.levels;
	model->seen = 0;
	model->tables = 1;
	for (w = 0; w < ARRAY_SIZE(model->table_start); w++)
		model->table_start[w] = 1;
	iommu_pt_visit(&model->pt, 0, half, compare_leaf, model);
	iommu_pt_visit(&model->pt, model->pt.format->sign_extended ?
		       -half : half, half, compare_leaf, model);
	for (w = 0; w < WINDOWS; w++)
		mapped += model->windows[w].mapped;
	if (model->seen != mapped)
		pt_model_fail(model, "leaves are missing");
	for (g = 0; g < GATHERS; g++)
		waiting |= model->waiting[g];
	if (waiting ? iommu_pt_nr_tables(&model->pt) < model->tables :
		      iommu_pt_nr_tables(&model->pt) != model->tables)
		pt_model_fail(model, "more tables than the leaves need");
}
