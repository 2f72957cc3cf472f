/* SPDX-License-Identifier: GPL-2.0 */
/* Compiler macros of the kernel, for user space */
#ifndef HOST_LINUX_COMPILER_H
#define HOST_LINUX_COMPILER_H

#include <assert.h>
#include <stddef.h>

#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#undef __always_inline
#define __always_inline		inline __attribute__((always_inline))
#define noinline		__attribute__((noinline))
#define __maybe_unused		__attribute__((unused))
#define __packed		__attribute__((packed))
#define __aligned(n)		__attribute__((aligned(n)))
#define __printf(a, b)		__attribute__((format(printf, a, b)))
#define __must_check		__attribute__((warn_unused_result))
#define fallthrough		__attribute__((fallthrough))
#define __init
#define __exit
#define __user
#define __iomem
#define __force
#define __rcu
#define __acquire(x)		((void)0)
#define __release(x)		((void)0)

#ifndef __has_feature
#define __has_feature(x)	0
#endif
/*
 * The kernel relies on address dependencies after READ_ONCE(). ThreadSanitizer
 * does not know them, so it gets an acquire.
 */
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define READ_ONCE(x)		__atomic_load_n(&(x), __ATOMIC_ACQUIRE)
#define data_race(x)		READ_ONCE(x)
#else
#define READ_ONCE(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define data_race(x)		(x)
#endif
#define WRITE_ONCE(x, v)	__atomic_store_n(&(x), (v), __ATOMIC_RELAXED)
#define OPTIMIZER_HIDE_VAR(v)	__asm__("" : "=r"(v) : "0"(v))
#define barrier()		__asm__ __volatile__("" ::: "memory")

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

#endif
