// SPDX-License-Identifier: GPL-2.0
/*
 * firmware [--list] FILE...: print what the drivers read in DMAR and IVRS
 * tables: one line for each, or with --list all of it in words. A file that is
 * no such table is an error.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "firmware.h"

/* A table has at most that many bytes here; real ones have a few hundred */
#define SIZE_MAX_READ	(1 << 20)

/* The bytes in memory of exactly their size, so that sanitizers see overruns */
static void *read_file(const char *path, size_t *size)
{
	static char buffer[SIZE_MAX_READ];
	FILE *file = fopen(path, "rb");
	void *copy = NULL;

	if (!file) {
		perror(path);
		return NULL;
	}
	*size = fread(buffer, 1, sizeof(buffer), file);
	if (ferror(file))
		perror(path);
	else if (*size == sizeof(buffer))
		fprintf(stderr, "%s: too large for a table\n", path);
	else
		copy = malloc(*size ? *size : 1);
	fclose(file);
	if (copy)
		memcpy(copy, buffer, *size);
	return copy;
}

static int show(const char *path, bool list)
{
	struct firmware_table table;
	size_t size;
	void *bytes = read_file(path, &size);
	int ret;

	if (!bytes)
		return -EINVAL;
	ret = firmware_read(&table, bytes, size);
	free(bytes);
	if (ret) {
		fprintf(stderr, "%s: neither a DMAR nor an IVRS table\n", path);
		return ret;
	}
	if (list) {
		firmware_describe(&table, stdout);
	} else {
		firmware_line(&table, stdout);
		putchar('\n');
	}
	fflush(stdout);
	firmware_free(&table);
	return 0;
}

int main(int argc, char **argv)
{
	bool list = argc > 1 && !strcmp(argv[1], "--list");
	int status = 0;

	if (argc < 2 + list) {
		fprintf(stderr, "usage: firmware [--list] FILE...\n");
		return 2;
	}
	for (int i = 1 + list; i < argc; i++)
		if (show(argv[i], list))
			status = 1;
	return status;
}
