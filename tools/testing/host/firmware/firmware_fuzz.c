// SPDX-License-Identifier: GPL-2.0
/*
 * Tables of arbitrary bytes are read and printed. Half of the inputs get a valid
 * signature and length.
 */
#include <stdlib.h>
#include <string.h>

#include "firmware.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *nowhere;
	struct firmware_table table;
	uint8_t *copy = malloc(size ? size : 1);
	uint32_t length = size;

	must(copy);
	memcpy(copy, data, size);
	if (size >= 8 && data[0] & 1) {
		memcpy(copy, data[0] & 2 ? "DMAR" : "IVRS", 4);
		memcpy(copy + 4, &length, 4);
	}
	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	must(nowhere);
	if (!firmware_read(&table, copy, size)) {
		/* Nothing of the table may point to the bytes */
		free(copy);
		copy = NULL;
		firmware_line(&table, nowhere);
		firmware_describe(&table, nowhere);
		firmware_free(&table);
	}
	free(copy);
	return 0;
}
