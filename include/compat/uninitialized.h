/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A local variable that the compiler does not clear. Kernels are built so that
 * local variables are cleared on entry. For a large one in a hot function this
 * costs more than the rest of the function. The function must not read such a
 * variable before it has written to it.
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
