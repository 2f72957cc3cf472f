// SPDX-License-Identifier: GPL-2.0
/* The walker, compiled over the entries that x86_64.h describes */
#include "x86_64.h"
#include "../walk.h"
