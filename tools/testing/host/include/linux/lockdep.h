/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HOST_LINUX_LOCKDEP_H
#define HOST_LINUX_LOCKDEP_H

#include <linux/bug.h>

#define lockdep_assert_held(l)	((void)WARN_ON_ONCE(!(l)->held))

#endif
