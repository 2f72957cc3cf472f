// SPDX-License-Identifier: GPL-2.0
/* The walker, compiled over the entries that amdv1.h describes */
#include "amdv1.h"
#include "../walk.h"
