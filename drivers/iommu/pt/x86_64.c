// SPDX-License-Identifier: GPL-2.0
/* The walker over the entries that fmt_x86_64.h describes */
#include "fmt_x86_64.h"
#include "walk.h"
