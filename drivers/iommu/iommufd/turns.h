/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Giving way. A loop whose length a user chooses lets others run now and then;
 * and as long as what it has done can be undone, it ends when its task is being
 * killed. All of iommufd sleeps, so a loop may give way under any of its locks
 * but spinlocks.
 */
#ifndef _IOMMUFD_TURNS_H
#define _IOMMUFD_TURNS_H

#include <linux/sched.h>
#include <linux/sched/signal.h>

/* Steps between two turns; one takes some thousand instructions at most */
#define STEPS_PER_TURN 32

/**
 * take_turns() - a step of a long loop is done: let others run now and then
 * @steps: counts; 0 at the beginning
 *
 * Return: true if others could run.
 */
static inline bool take_turns(unsigned int *steps)
{
	if (likely(++*steps % STEPS_PER_TURN))
		return false;
	cond_resched();
	return true;
}

/**
 * take_turns_killable() - the same, in a loop that can be given up
 * @steps: counts; 0 at the beginning
 *
 * Return: 0, or -EINTR if the task is being killed.
 */
static inline int take_turns_killable(unsigned int *steps)
{
	return take_turns(steps) && fatal_signal_pending(current) ? -EINTR : 0;
}

#endif
