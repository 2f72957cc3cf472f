/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HOST_LINUX_BITFIELD_H
#define HOST_LINUX_BITFIELD_H

#include <linux/bits.h>

#define FIELD_GET(mask, value) \
	(((value) & (mask)) >> __builtin_ctzll(mask))
#define FIELD_PREP(mask, value) \
	(((u64)(value) << __builtin_ctzll(mask)) & (mask))

#endif
