/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Page tables and live domains as text, for debugfs.
 */
#ifndef IOMMU_COMMON_SHOW_H
#define IOMMU_COMMON_SHOW_H

struct iommu_ability;
struct iommu_live;
struct seq_file;

void iommu_show_page_table(struct seq_file *seq, struct iommu_live *live);
void iommu_show_shape(struct seq_file *seq, struct iommu_live *live);
void iommu_show_ability(struct seq_file *seq,
			const struct iommu_ability *ability);

#endif
