/* SPDX-License-Identifier: GPL-2.0 */
/* Atomics with the full ordering of the kernel, known to ThreadSanitizer */
#ifndef HOST_LINUX_ATOMIC_H
#define HOST_LINUX_ATOMIC_H

#include <host_interrupt.h>
#include <linux/types.h>

#define ATOMIC_INIT(v)		{ (v) }

#define atomic_read(a)		READ_ONCE((a)->counter)
#define atomic_set(a, v)	WRITE_ONCE((a)->counter, (v))
#define atomic_add(n, a) \
	((void)__atomic_add_fetch(&(a)->counter, (n), __ATOMIC_SEQ_CST))
#define atomic_inc(a)		atomic_add(1, a)
#define atomic_sub_return(n, a) \
	__atomic_sub_fetch(&(a)->counter, (n), __ATOMIC_SEQ_CST)
#define atomic_dec_return(a)	atomic_sub_return(1, a)
#define atomic_try_cmpxchg(a, old, new) \
	try_cmpxchg(&(a)->counter, old, new)

#define atomic_long_read(a)	READ_ONCE((a)->counter)
#define atomic_long_inc(a) \
	((void)__atomic_add_fetch(&(a)->counter, 1, __ATOMIC_SEQ_CST))
#define atomic_long_dec(a)	atomic_long_sub(1, a)
#define atomic_long_sub(n, a) \
	((void)__atomic_sub_fetch(&(a)->counter, (n), __ATOMIC_SEQ_CST))

#define atomic_long_set(a, v)	WRITE_ONCE((a)->counter, (v))
#define atomic_long_or(n, a) \
	((void)__atomic_or_fetch(&(a)->counter, (n), __ATOMIC_SEQ_CST))
#define atomic_long_andnot(n, a) \
	((void)__atomic_and_fetch(&(a)->counter, ~(n), __ATOMIC_SEQ_CST))

/* Between reading the old value and this, another thread may run */
#define try_cmpxchg(p, old, new)					\
	(host_interrupt(),						\
	 __atomic_compare_exchange_n(p, old, new, false,		\
				     __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
#define cmpxchg(p, old, new)						\
	({								\
		__typeof__(*(p)) _old = (old);				\
		try_cmpxchg(p, &_old, new);				\
		_old;							\
	})
#define smp_mb()		__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_store_release(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)
#define smp_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)

#endif
