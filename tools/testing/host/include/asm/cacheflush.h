/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HOST_ASM_CACHEFLUSH_H
#define HOST_ASM_CACHEFLUSH_H

void clflush_cache_range(void *addr, unsigned int size);

#endif
