/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Code shared by the fuzz targets for firmware tables. To be included once, by
 * a file whose table.h has everything(): with the arguments "--seed FILE" that
 * table is written to the file.
 */
#ifndef ACPI_TEST_FUZZ_H
#define ACPI_TEST_FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "table.h"

#define MUST(condition) do { if (!(condition)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/*
 * A copy of exactly that size, so that a read beyond its end is detected.
 * Mostly it gets a valid signature and length.
 */
static u8 *copy_input(const u8 *data, size_t size, const char *signature)
{
	u8 *copy = malloc(size ?: 1);

	MUST(copy);
	memcpy(copy, data, size);
	if (size >= 8 && data[0] & 1) {
		memcpy(copy, signature, 4);
		memcpy(copy + 4, &(u32){ size }, 4);
	}
	return copy;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct table t;
	FILE *file;

	if (*argc != 3 || strcmp((*argv)[1], "--seed"))
		return 0;
	everything(&t);
	t.bytes[0] |= 1;
	file = fopen((*argv)[2], "w");
	if (!file || fwrite(t.bytes, t.length, 1, file) != 1 || fclose(file))
		abort();
	exit(0);
}

#endif
