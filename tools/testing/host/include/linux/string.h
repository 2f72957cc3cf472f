/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HOST_LINUX_STRING_H
#define HOST_LINUX_STRING_H

#include <string.h>

#include <linux/types.h>

#ifndef __has_feature
#define __has_feature(x)	0
#endif

/*
 * The string store, as in the kernel. Sanitizers do not see it, so with them it
 * is a loop of atomic stores.
 */
static inline void *memset64(u64 *to, u64 value, size_t n)
{
	void *begin = to;

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && \
	!__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
	__asm__ __volatile__("rep stosq" : "+D"(to), "+c"(n) : "a"(value)
			     : "memory");
#else
	while (n--)
		__atomic_store_n(to++, value, __ATOMIC_RELAXED);
#endif
	return begin;
}

#endif
