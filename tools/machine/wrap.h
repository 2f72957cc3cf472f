/* SPDX-License-Identifier: GPL-2.0 */
/* Text in lines of a terminal's width */
#ifndef MACHINE_WRAP_H
#define MACHINE_WRAP_H

#include <stdio.h>

#include "machine/source.h"

#define WRAP_BYTES 512

/**
 * wrap() - print a text in lines of at most 79 columns
 * @to: where to
 * @column: the column in which the cursor is
 * @indent: the column in which every further line begins
 * @format: the text, in ASCII, as for printf(); at most WRAP_BYTES
 */
void wrap(FILE *to, int column, int indent, const char *format, ...)
	FORMATTED(4, 5);

#endif
