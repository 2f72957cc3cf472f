/* SPDX-License-Identifier: GPL-2.0 */
/* Assertions of the kernel: here a violation ends the program */
#ifndef HOST_LINUX_BUG_H
#define HOST_LINUX_BUG_H

#include <stdio.h>
#include <stdlib.h>

#define WARN_ON_ONCE(cond)						\
	({								\
		bool _bad = !!(cond);					\
		if (_bad) {						\
			fprintf(stderr, "%s:%d: WARN_ON_ONCE(%s)\n",	\
				__FILE__, __LINE__, #cond);		\
			abort();					\
		}							\
		_bad;							\
	})
#define WARN_ON(cond)		WARN_ON_ONCE(cond)
#define BUILD_BUG_ON(cond)	_Static_assert(!(cond), #cond)

#endif
