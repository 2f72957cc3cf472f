/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RCU for user space. Each thread has a counter that is odd while it reads. A
 * grace period waits for all counters to change or be even. call_rcu() waits
 * for a grace period, then calls the function.
 */
#ifndef HOST_LINUX_RCUPDATE_H
#define HOST_LINUX_RCUPDATE_H

#include <linux/types.h>

struct host_rcu_reader {
	unsigned long count;
	unsigned int depth;
	bool known;
	struct host_rcu_reader *next;
};

extern _Thread_local struct host_rcu_reader host_rcu_self;

void host_rcu_register(void);
void synchronize_rcu(void);
void rcu_barrier(void);
void call_rcu(struct rcu_head *rcu, void (*func)(struct rcu_head *rcu));

#ifdef HOST_ONE_THREAD
#define HOST_RCU_ORDER		__ATOMIC_RELAXED
#else
#define HOST_RCU_ORDER		__ATOMIC_SEQ_CST
#endif

static inline void rcu_read_lock(void)
{
	struct host_rcu_reader *self = &host_rcu_self;

	if (self->depth++)
		return;
	if (unlikely(!self->known))
		host_rcu_register();
	__atomic_store_n(&self->count, self->count + 1, HOST_RCU_ORDER);
	barrier();
}

static inline void rcu_read_unlock(void)
{
	struct host_rcu_reader *self = &host_rcu_self;

	barrier();
	if (--self->depth)
		return;
	__atomic_store_n(&self->count, self->count + 1, __ATOMIC_RELEASE);
}

#endif
