/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HOST_LINUX_SLAB_H
#define HOST_LINUX_SLAB_H

#include <stdlib.h>

#include <linux/gfp.h>
#include <linux/types.h>

/* Shall this allocation succeed? */
bool host_may_alloc(void);

#define kzalloc(size, gfp) \
	((void)(gfp), host_may_alloc() ? calloc(1, size) : NULL)
#define kmalloc(size, gfp)	kzalloc(size, gfp)
#define kcalloc(n, size, gfp) \
	((void)(gfp), host_may_alloc() ? calloc(n, size) : NULL)
#define kvcalloc(n, size, gfp)	kcalloc(n, size, gfp)
#define kfree(p)		free((void *)(p))
#define kvfree(p)		free((void *)(p))

#endif
