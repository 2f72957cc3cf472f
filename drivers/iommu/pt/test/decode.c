// SPDX-License-Identifier: GPL-2.0
/*
 * Each format as the specifications define it. Nothing here comes from the
 * headers in fmt/, so that an error there is not repeated here.
 */
#include "formats.h"

/* log2 of what an entry of a level maps */
static unsigned int level_size(unsigned int level)
{
	return 12 + 9 * (level - 1);
}

static void decode_vtdss(u64 raw, unsigned int level, struct hw_entry *e)
{
	e->read = raw & 1;
	e->write = raw & 2;
	e->present = raw & 3;
	e->snoop = raw & 1 << 11;
	if (level == 1 || (level <= 3 && raw & 1 << 7))
		e->size = level_size(level);
	e->accessed = 1 << 8;
	e->dirty = 1 << 9;
}

const struct hw_format hw_vtdss = {
	.decode = decode_vtdss,
	.snoops = true,
};

static void decode_x86_64(u64 raw, unsigned int level, struct hw_entry *e)
{
	e->present = raw & 1;
	e->read = true;
	e->write = raw & 2;
	if (level == 1 || (level <= 3 && raw & 1 << 7))
		e->size = level_size(level);
	e->accessed = 1 << 5;
	e->dirty = 1 << 6;
}

const struct hw_format hw_x86_64 = {
	.decode = decode_x86_64,
	.always = IOMMU_PT_ATTR_READ,
};

static void decode_amdv1(u64 raw, unsigned int level, struct hw_entry *e)
{
	unsigned int next = raw >> 9 & 7, bit = 12;

	e->present = raw & 1;
	e->read = raw >> 61 & 1;
	e->write = raw >> 62 & 1;
	e->snoop = raw >> 60 & 1;
	e->accessed = 1 << 5;
	e->dirty = 1 << 6;
	if (next == 0) {
		e->size = level_size(level);
	} else if (next == 7) {
		while (raw >> bit & 1)
			bit++;
		e->size = bit + 1;
	} else if (next != level - 1 && e->present) {
		e->error = "an entry leads to a table of a wrong level";
	}
}

const struct hw_format hw_amdv1 = {
	.decode = decode_amdv1,
	.always = IOMMU_PT_ATTR_SNOOP,
	.snoops = true,
	.grows = true,
};

#ifdef PT_EXAMPLE
static void decode_example(u64 raw, unsigned int level, struct hw_entry *e)
{
	e->present = raw & 1;
	e->read = true;
	e->write = raw & 2;
	if (level == 1 || (level <= 3 && raw & 1 << 2))
		e->size = level_size(level);
	e->accessed = 1 << 4;
	e->dirty = 1 << 5;
}

const struct hw_format hw_example = {
	.decode = decode_example,
	.always = IOMMU_PT_ATTR_READ,
};
#endif
