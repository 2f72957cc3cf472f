// SPDX-License-Identifier: GPL-2.0
/*
 * The kind of unit that has two windows, as in PAPR: one begins at 0, the other
 * at 1 << 59, and each has its own page size. A domain records the window in
 * each slot. As struct iommu_window_ops says, the caller serializes changes.
 */
#include <linux/log2.h>
#include <linux/overflow.h>

#include "mock.h"

static const struct iommu_window_slot mock_slots[MOCK_NR_WINDOWS] = {
	{
		.base = MOCK_WINDOW_LOW_BASE,
		.max_length = MOCK_WINDOW_LOW_LENGTH,
		.page_sizes = MOCK_WINDOW_PAGE_SIZES,
	},
	{
		.base = MOCK_WINDOW_HIGH_BASE,
		.max_length = MOCK_WINDOW_HIGH_LENGTH,
		.page_sizes = MOCK_WINDOW_PAGE_SIZES,
	},
};

static const struct iommu_window_slot *
mock_window_slots(struct iommu_domain *domain, unsigned int *nr)
{
	*nr = ARRAY_SIZE(mock_slots);
	return mock_slots;
}

/* The number of the slot for a window, or an error */
static int mock_window_slot(const struct iommu_window *window)
{
	u64 last;
	int i;

	if (!window->length ||
	    check_add_overflow(window->base, window->length - 1, &last))
		return -EINVAL;
	for (i = 0; i < MOCK_NR_WINDOWS; i++) {
		const struct iommu_window_slot *slot = &mock_slots[i];

		if (window->base < slot->base ||
		    last > slot->base + slot->max_length - 1)
			continue;
		if (!is_power_of_2(window->page_size) ||
		    !(slot->page_sizes & window->page_size) ||
		    ((window->base | window->length) & (window->page_size - 1)))
			return -EINVAL;
		return i;
	}
	return -EADDRINUSE;
}

static int mock_window_verify(struct iommu_domain *domain,
			      const struct iommu_window *windows,
			      unsigned int nr)
{
	unsigned int taken = 0, i;
	int slot;

	for (i = 0; i < nr; i++) {
		slot = mock_window_slot(&windows[i]);
		if (slot < 0)
			return slot;
		if (taken & BIT(slot))
			return -ENOSPC;
		taken |= BIT(slot);
	}
	return 0;
}

static int mock_window_create(struct iommu_domain *domain,
			      const struct iommu_window *window)
{
	struct mock_domain *mock = to_mock_domain(domain);
	int slot = mock_window_slot(window);

	if (slot < 0)
		return slot;
	if (mock->windows[slot].length)
		return -ENOSPC;
	mock->windows[slot] = *window;
	return 0;
}

static void mock_window_remove(struct iommu_domain *domain, u64 base)
{
	struct mock_domain *mock = to_mock_domain(domain);
	unsigned long index, last;
	struct iommu_window *w;

	for (w = mock->windows; w < mock->windows + MOCK_NR_WINDOWS; w++) {
		if (!w->length || w->base != base)
			continue;
		index = w->base >> mock->table.granule_shift;
		last = (w->base + w->length - 1) >> mock->table.granule_shift;
		WARN_ONCE(xa_find(&mock->table.entries, &index, last,
				  XA_PRESENT),
			  "mock: a window is removed with mappings in it\n");
		w->length = 0;
		return;
	}
	WARN_ONCE(1, "mock: a window is removed that is not there\n");
}

const struct iommu_window_ops mock_window_ops = {
	.slots = mock_window_slots,
	.verify = mock_window_verify,
	.create = mock_window_create,
	.remove = mock_window_remove,
};

/**
 * mock_window_permits() - is a mapping allowed by the windows of a domain?
 * @mock: the domain
 * @iova: start
 * @addr: physical address
 * @length: bytes
 *
 * Return: whether it is inside a window and aligned to its page size; true if
 * the unit has no windows.
 */
bool mock_window_permits(const struct mock_domain *mock, unsigned long iova,
			 phys_addr_t addr, size_t length)
{
	const struct iommu_window *w;

	if (mock->kind != MOCK_KIND_WINDOWS)
		return true;
	for (w = mock->windows; w < mock->windows + MOCK_NR_WINDOWS; w++)
		if (w->length && iova >= w->base &&
		    iova - w->base + length <= w->length)
			return !((iova | addr | length) & (w->page_size - 1));
	return false;
}
