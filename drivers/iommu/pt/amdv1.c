// SPDX-License-Identifier: GPL-2.0
/* The walker over the entries that fmt_amdv1.h describes */
#include "fmt_amdv1.h"
#include "walk.h"
