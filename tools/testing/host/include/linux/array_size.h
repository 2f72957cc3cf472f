/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HOST_LINUX_ARRAY_SIZE_H
#define HOST_LINUX_ARRAY_SIZE_H

/* ARRAY_SIZE() is there already */
#include <linux/types.h>

#endif
