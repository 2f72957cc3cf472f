/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The whole walker. It is compiled once for each format, by a file that
 * includes the header of the format and then this one. Its only symbol is the
 * struct iommu_pt_format at the end.
 */
#include "walk_core.h"
#include "walk_split.h"
#include "walk_unmap.h"
#include "walk_map.h"
#include "walk_read.h"
#include "walk_change.h"

const struct iommu_pt_format FMT_FORMAT = {
	.name = FMT_NAME,
	.min_levels = FMT_MIN_LEVELS,
	.max_levels = FMT_MAX_LEVELS,
	.oa_bits = FMT_OA_BITS,
	.sign_extended = FMT_SIGNED,
	.grows = FMT_GROWS,
	.page_sizes = FMT_SIZES,
	.attrs = FMT_ATTRS,
	.map = pt_map,
	.unmap = pt_unmap,
	.reserve = pt_reserve,
	.iova_to_phys = pt_iova_to_phys,
	.visit = pt_visit,
	.read_dirty = pt_read_dirty,
	.set_attrs = pt_set_attrs,
	.demote = pt_demote,
	.promote = pt_promote,
	.flush_tables = pt_flush_tables,
	.orphan = pt_orphan,
	.free_all = pt_free_all,
};
EXPORT_SYMBOL_GPL(FMT_FORMAT);
