/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Callbacks with only one CPU running, around suspend and at shutdown. Newer
 * kernels pass data to each; older ones pass nothing.
 */
#ifndef _COMPAT_SYSCORE_H
#define _COMPAT_SYSCORE_H

#include <linux/syscore_ops.h>
#include <linux/version.h>

/* Since Linux 6.19, and since 6.12.117 in the stable series of 6.12 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0) || \
	(LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 117) && \
	 LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0))
#define COMPAT_SYSCORE_DATA
#endif

#ifdef COMPAT_SYSCORE_DATA

#define COMPAT_SYSCORE_ARGS	void *unused

#define COMPAT_SYSCORE(name, suspend_fn, resume_fn, shutdown_fn)	\
	static const struct syscore_ops name##_ops = {			\
		.suspend = suspend_fn,					\
		.resume = resume_fn,					\
		.shutdown = shutdown_fn,				\
	};								\
	static struct syscore name = { .ops = &name##_ops }

#define compat_register_syscore(name)	register_syscore(name)
#define compat_unregister_syscore(name)	unregister_syscore(name)

#else

#define COMPAT_SYSCORE_ARGS	void

#define COMPAT_SYSCORE(name, suspend_fn, resume_fn, shutdown_fn)	\
	static struct syscore_ops name = {				\
		.suspend = suspend_fn,					\
		.resume = resume_fn,					\
		.shutdown = shutdown_fn,				\
	}

#define compat_register_syscore(name)	register_syscore_ops(name)
#define compat_unregister_syscore(name)	unregister_syscore_ops(name)

#endif

#endif
