/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The formats that tests run over: all formats of the library, and in user
 * space (PT_EXAMPLE) also that of example.h, which no module contains.
 *
 * decode.c says for each what hardware makes of it.
 */
#ifndef PT_TEST_FORMATS_H
#define PT_TEST_FORMATS_H

#include <linux/iommu_pt.h>

#include "hw.h"

/**
 * struct pt_test_format - a format under test
 * @format: the format
 * @hw: the same, for hardware
 */
struct pt_test_format {
	const struct iommu_pt_format *format;
	const struct hw_format *hw;
};

#define IOMMU_PT_FORMAT(name)	extern const struct hw_format hw_##name;
#include <linux/iommu_pt_formats.h>
#ifdef PT_EXAMPLE
extern const struct iommu_pt_format iommu_pt_example;
IOMMU_PT_FORMAT(example)
#endif
#undef IOMMU_PT_FORMAT

#define IOMMU_PT_FORMAT(name)	{ &iommu_pt_##name, &hw_##name },
static const struct pt_test_format pt_test_formats[] = {
#include <linux/iommu_pt_formats.h>
#ifdef PT_EXAMPLE
	IOMMU_PT_FORMAT(example)
#endif
};
#undef IOMMU_PT_FORMAT

#endif
