/* SPDX-License-Identifier: GPL-2.0 */
/* State of a model: see model.c */
#ifndef PT_TEST_MODEL_STATE_H
#define PT_TEST_MODEL_STATE_H

#include "hw.h"
#include "model.h"

#define WINDOWS		3
#define UNITS		1536u
#define MAX_RUNS	5
#define GATHERS		2
#define ATTRS		(IOMMU_PT_ATTR_READ | IOMMU_PT_ATTR_WRITE | \
			 IOMMU_PT_ATTR_SNOOP)

/*
 * A unit of a window: a page of 4 KiB or 2 MiB.
 *
 * @phys: physical address that it is mapped to, or 0
 * @was: former address that hardware may still have cached
 * @attrs: attributes, enum iommu_pt_attrs
 * @gathers: bits of the gathers that must be invalidated before it is mapped
 *	again; also set for holes of a range that was unmapped
 * @first: first unit of what one call mapped
 * @last: last unit of what one call mapped
 * @dirty: hardware has written to it
 */
struct unit {
	u64 phys;
	u64 was;
	u8 attrs;
	u8 gathers;
	bool first;
	bool last;
	bool dirty;
};

struct window {
	unsigned long base;
	unsigned int shift;
	unsigned int mapped;
	struct unit *units;
};

struct pt_model {
	struct pt_model_env env;
	struct iommu_pt pt;
	struct hw hw;
	struct window windows[WINDOWS];
	struct iommu_pt_gather gathers[GATHERS];
	bool waiting[GATHERS];
	unsigned int flags;
	const char *op;
	struct window *window;
	unsigned int steps;
	const char *error;
	/* While visiting: */
	unsigned long seen;
	unsigned long tables;
	unsigned long table_start[8];
	unsigned int levels;
	/* While reading the runs of an unmap, or dirty leaves: */
	unsigned long from;
	unsigned long to;
	unsigned long yielded;
	bool clears;
};

static inline const char *pt_model_fail(struct pt_model *model, const char *why)
{
	if (!model->error)
		model->error = why;
	return why;
}

static inline unsigned long unit_size(const struct window *window)
{
	return 1ul << window->shift;
}

static inline unsigned long iova_of(const struct window *window, unsigned int i)
{
	return window->base + ((unsigned long)i << window->shift);
}

/* The unit of an IOVA, or NULL outside all windows */
static inline struct unit *unit_at(struct pt_model *model, unsigned long iova,
				   struct window **window)
{
	unsigned int w;

	for (w = 0; w < WINDOWS; w++) {
		unsigned long i = (iova - model->windows[w].base) >>
				  model->windows[w].shift;

		if (i < UNITS) {
			*window = &model->windows[w];
			return &(*window)->units[i];
		}
	}
	*window = NULL;
	return NULL;
}

void pt_model_compare_window(struct pt_model *model, struct window *window);
void pt_model_compare_all(struct pt_model *model);

#endif
