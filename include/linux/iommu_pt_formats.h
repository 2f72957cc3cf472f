/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every page-table format, once. To be included after a definition of
 * IOMMU_PT_FORMAT(), any number of times.
 *
 * A line here has Kbuild compile drivers/iommu/pt/fmt/NAME.c, declares
 * iommu_pt_NAME in <linux/iommu_pt.h>, and lets every test run over the format.
 * Documentation/iommu_pt.md says how to add one.
 */

/* VT-d second-stage: 3 to 5 levels; 4 KiB, 2 MiB, 1 GiB */
IOMMU_PT_FORMAT(vtdss)

/*
 * x86-64 (VT-d first-stage): 4 or 5 levels; 4 KiB, 2 MiB, 1 GiB; IOVAs are
 * sign-extended, so that the aperture has two halves
 */
IOMMU_PT_FORMAT(x86_64)

/*
 * AMD-Vi version 1: 1 to 6 levels; every power of two from 4 KiB on; the top
 * level grows on demand
 */
IOMMU_PT_FORMAT(amdv1)
