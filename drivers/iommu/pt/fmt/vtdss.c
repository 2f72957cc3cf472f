// SPDX-License-Identifier: GPL-2.0
/* The walker, compiled over the entries that vtdss.h describes */
#include "vtdss.h"
#include "../walk.h"
