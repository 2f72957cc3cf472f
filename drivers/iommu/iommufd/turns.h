/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Yielding the CPU. A loop whose length a user chooses yields now and then. As
 * long as its work can be undone, it also ends when its task is being killed.
 * All of iommufd sleeps, so a loop may yield under any of its locks except
 * spinlocks.
 */
#ifndef _IOMMUFD_TURNS_H
#define _IOMMUFD_TURNS_H

#include <linux/sched.h>
#include <linux/sched/signal.h>

/* Steps before the CPU is yielded; each takes at most some 1000 instructions */
#define STEPS_PER_TURN 32

/**
 * take_turns() - count a step of a long loop, and yield the CPU now and then
 * @steps: counts steps; 0 at the beginning
 *
 * Return: true if the CPU was yielded.
 */
static inline bool take_turns(unsigned int *steps)
{
	if (likely(++*steps % STEPS_PER_TURN))
		return false;
	cond_resched();
	return true;
}

/**
 * take_turns_killable() - take_turns() in a loop that can be aborted
 * @steps: counts steps; 0 at the beginning
 *
 * Return: 0, or -EINTR if the task is being killed.
 */
static inline int take_turns_killable(unsigned int *steps)
{
	return take_turns(steps) && fatal_signal_pending(current) ? -EINTR : 0;
}

#endif
