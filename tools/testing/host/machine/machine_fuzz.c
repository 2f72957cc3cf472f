// SPDX-License-Identifier: GPL-2.0
/*
 * A saved machine may come from a stranger. Whatever is in it, reading it must
 * end, stay inside its memory, and print nothing that a terminal would obey.
 */
#include <stdlib.h>
#include <string.h>

#include "machine/machine.h"

#define MUST(condition) do { if (!(condition)) abort(); } while (0)

static void check_text(const char *text, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		MUST(text[i] == '\n' || text[i] == '\t' ||
		     (text[i] >= ' ' && text[i] <= '~'));
}

/* What was saved is a machine, and is the same when it is saved again */
static void check_copy(const char *text, size_t length)
{
	struct source *from = source_of_text(text, length);
	size_t again_length;
	char *again = NULL;
	FILE *to;

	MUST(from);
	to = open_memstream(&again, &again_length);
	MUST(to && !machine_save(to, from));
	fclose(to);
	MUST(again_length == length && !memcmp(again, text, length));
	source_close(from);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct source *from = source_of_text((const char *)data, size);
	char *report = NULL, *copy = NULL;
	size_t report_length, copy_length;
	struct machine machine;
	FILE *to;

	if (!from)
		return 0;
	if (!machine_read(&machine, from)) {
		to = open_memstream(&report, &report_length);
		MUST(to);
		machine_report(to, &machine);
		fclose(to);
		check_text(report, report_length);
		to = open_memstream(&copy, &copy_length);
		MUST(to && !machine_save(to, from));
		fclose(to);
		check_text(copy, copy_length);
		check_copy(copy, copy_length);
	}
	machine_free(&machine);
	source_close(from);
	free(report);
	free(copy);
	return 0;
}
