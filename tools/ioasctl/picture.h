/* SPDX-License-Identifier: GPL-2.0 */
/* Drawing an address space for people */
#ifndef IOASCTL_PICTURE_H
#define IOASCTL_PICTURE_H

#include <stdio.h>

#include "ioasctl/ioas.h"

/* Long enough for any size in the words of size_words() */
#define SIZE_WORDS_MAX 32

/**
 * size_words() - format a number of bytes with a unit
 * @bytes: the number; 0 means 2^64
 * @text: SIZE_WORDS_MAX characters
 *
 * Exact: "2 MiB", "68 KiB", "4097 B".
 *
 * Return: @text
 */
const char *size_words(uint64_t bytes, char *text);

/**
 * picture_draw() - draw an address space from its lowest address up
 * @to: output
 * @view: the address space
 *
 * Adjacent mappings of one kind are drawn as one. Lines are drawn in ASCII,
 * unless the character set of the locale is UTF-8.
 */
void picture_draw(FILE *to, const struct ioas_view *view);

#endif
