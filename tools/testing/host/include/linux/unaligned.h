/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HOST_LINUX_UNALIGNED_H
#define HOST_LINUX_UNALIGNED_H

#include <linux/types.h>

/* For any byte order of the host */
static inline u64 host_get_le(const void *p, unsigned int bytes)
{
	const u8 *at = p;
	u64 value = 0;

	while (bytes--)
		value = value << 8 | at[bytes];
	return value;
}

static inline u16 get_unaligned_le16(const void *p)
{
	return host_get_le(p, 2);
}

static inline u32 get_unaligned_le32(const void *p)
{
	return host_get_le(p, 4);
}

static inline u64 get_unaligned_le64(const void *p)
{
	return host_get_le(p, 8);
}

#endif
