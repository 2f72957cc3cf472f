/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The formats that tests run over: all formats of the library, and in user
 * space (PT_EXAMPLE) also that of example.h, which no module contains.
 *
 * For each there is a function in decode.c that reads an entry as hardware
 * does.
 */
#ifndef PT_TEST_FORMATS_H
#define PT_TEST_FORMATS_H

#include <linux/iommu_pt.h>

#include "hw.h"

/**
 * struct pt_test_format - a format under test
 * @format: the format
 * @decode: fills in all but @addr of an entry, zeroed before
 */
struct pt_test_format {
	const struct iommu_pt_format *format;
	void (*decode)(u64 raw, unsigned int level, struct hw_entry *entry);
};

#define IOMMU_PT_FORMAT(name) \
	void hw_decode_##name(u64 raw, unsigned int level, struct hw_entry *e);
#include <linux/iommu_pt_formats.h>
#ifdef PT_EXAMPLE
extern const struct iommu_pt_format iommu_pt_example;
IOMMU_PT_FORMAT(example)
#endif
#undef IOMMU_PT_FORMAT

#define IOMMU_PT_FORMAT(name)	{ &iommu_pt_##name, hw_decode_##name },
static const struct pt_test_format pt_test_formats[] = {
#include <linux/iommu_pt_formats.h>
#ifdef PT_EXAMPLE
	IOMMU_PT_FORMAT(example)
#endif
};
#undef IOMMU_PT_FORMAT

#endif
