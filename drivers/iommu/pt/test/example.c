// SPDX-License-Identifier: GPL-2.0
/* The walker, compiled over the entries that example.h describes */
#include "example.h"
#include "../walk.h"
