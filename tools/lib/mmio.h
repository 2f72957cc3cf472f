/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Access to memory that a device also accesses, including its registers: each
 * call is one load or one store, and none is reordered with a store-release or a
 * load-acquire.
 */
#ifndef SLUICE_TOOLS_MMIO_H
#define SLUICE_TOOLS_MMIO_H

#include <stdint.h>

static inline uint16_t load16(const uint16_t *at)
{
	return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

static inline uint32_t load32(const uint32_t *at)
{
	return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

static inline uint64_t load64(const uint64_t *at)
{
	return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

static inline void store32(uint32_t *at, uint32_t value)
{
	__atomic_store_n(at, value, __ATOMIC_RELEASE);
}

static inline void store64(uint64_t *at, uint64_t value)
{
	__atomic_store_n(at, value, __ATOMIC_RELEASE);
}

#endif
