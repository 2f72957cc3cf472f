/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A local variable that the compiler shall not clear. Kernels are built with
 * locals cleared on entry; for a large one in a hot function that costs more
 * than the rest of the function. Whoever uses this reads nothing before it was
 * written.
 */
#ifndef _COMPAT_UNINITIALIZED_H
#define _COMPAT_UNINITIALIZED_H

#include <linux/compiler_attributes.h>

#if __has_attribute(__uninitialized__)
#define compat_uninitialized __attribute__((__uninitialized__))
#else
#define compat_uninitialized
#endif

#endif
