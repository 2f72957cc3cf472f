// SPDX-License-Identifier: GPL-2.0
/* The walker over the entries that fmt_vtdss.h describes */
#include "fmt_vtdss.h"
#include "walk.h"
