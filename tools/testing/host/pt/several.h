/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For programs with several threads: a page table, and a simulated unit that
 * gets only those invalidations that the gathers require.
 */
#ifndef PT_HOST_SEVERAL_H
#define PT_HOST_SEVERAL_H

#include <pthread.h>
#include <stdlib.h>

#include <linux/iommu_pt.h>
#include <linux/mm.h>

#include "../../../../drivers/iommu/pt/format.h"
#include "../../../../drivers/iommu/pt/test/formats.h"
#include "../../../../drivers/iommu/pt/test/hw.h"

#define PAGE		4096ul

static struct iommu_pt pt;
static struct hw hw;
static pthread_mutex_t hw_mutex = PTHREAD_MUTEX_INITIALIZER;

static unsigned long next(unsigned long *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state >> 11;
}

/* As a driver does: invalidate, then free */
static void sync_gather(struct iommu_pt_gather *gather)
{
	pthread_mutex_lock(&hw_mutex);
	hw_invalidate(&hw, gather);
	pthread_mutex_unlock(&hw_mutex);
	iommu_pt_gather_free(&pt, gather);
}

/* Find a format by its name; NULL if there is none */
static const struct iommu_pt_format *format_named(const char *name)
{
	unsigned long i;

	for (i = 0; i < ARRAY_SIZE(pt_test_formats); i++)
		if (name && !strcmp(pt_test_formats[i].format->name, name))
			return pt_test_formats[i].format;
	return NULL;
}

#endif
