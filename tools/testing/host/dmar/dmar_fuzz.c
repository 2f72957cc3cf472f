// SPDX-License-Identifier: GPL-2.0
/*
 * A table of any bytes is read without leaving it, and whatever is read keeps
 * to what the header promises.
 *
 * With "--seed FILE" instead of libFuzzer's arguments: writes a table that has
 * one of everything.
 */
#include <stdlib.h>

#include "dmar.h"
#include "table.h"

#define MUST(condition) do { if (!(condition)) abort(); } while (0)

static void check_scopes(const struct dmar_table *table,
			 struct dmar_structure s)
{
	struct dmar_scope scope;
	unsigned int n = 0;

	while (dmar_next_scope(table, &s, &scope)) {
		MUST(++n <= table->length / 6);
		MUST(s.scopes <= s.scopes_end);
		MUST(scope.type >= DMAR_SCOPE_ENDPOINT &&
		     scope.type <= DMAR_SCOPE_NAMESPACE);
		MUST(scope.depth && scope.depth <= DMAR_PATH_MAX);
	}
}

static void check_structure(const struct dmar_table *table,
			    const struct dmar_structure *s)
{
	MUST(s->type <= DMAR_SIDP);
	MUST(s->offset >= 48 && s->offset < table->length);
	MUST(s->scopes_end <= table->length);
	check_scopes(table, *s);
	if (s->complaint)
		return;
	switch (s->type) {
	case DMAR_DRHD:
		MUST(s->base && s->base % 4096 == 0 &&
		     s->base + s->size > s->base);
		MUST(table->width == 64 ||
		     (s->base + s->size - 1) >> table->width == 0);
		break;
	case DMAR_RMRR:
		MUST(s->base < s->last && s->base % 4096 == 0 &&
		     s->last % 4096 == 4095);
		break;
	case DMAR_ANDD:
		MUST((const u8 *)s->name + strlen(s->name) <
		     table->bytes + table->length);
		break;
	default:
		break;
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	/* Of just that size, so that a byte beyond it is noticed */
	u8 *copy = malloc(size ?: 1);
	struct dmar_cursor cursor = { };
	struct dmar_structure s;
	struct dmar_table table;
	struct dmar_error error;
	unsigned int n = 0;

	memcpy(copy, data, size);
	/* Mostly a table that gets past the first look */
	if (size >= 48 && data[0] & 1) {
		memcpy(copy, "DMAR", 4);
		memcpy(copy + 4, &(u32){ size }, 4);
	}
	if (dmar_open(&table, copy, size, &error)) {
		MUST(error.what && error.offset <= size);
	} else {
		MUST(table.length <= size);
		while (dmar_next(&table, &cursor, &s)) {
			MUST(++n <= table.length / 4);
			check_structure(&table, &s);
		}
	}
	free(copy);
	return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv);

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
