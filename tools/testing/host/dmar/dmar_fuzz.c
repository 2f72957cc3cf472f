// SPDX-License-Identifier: GPL-2.0
/*
 * The reader gets a table of arbitrary bytes. It must not read beyond the
 * table, and its results must keep the promises of dmar.h.
 */
#include "dmar.h"
#include "table.h"

#include "../acpi/fuzz.h"

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

/* No other unit that can be used has the same registers */
static void check_twins(const struct dmar_table *table,
			const struct dmar_structure *unit)
{
	struct dmar_cursor cursor = { };
	struct dmar_structure s;

	while (dmar_next(table, &cursor, &s))
		MUST(s.type != DMAR_DRHD || s.complaint ||
		     s.offset == unit->offset || s.base != unit->base);
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
		check_twins(table, s);
		dmar_contradiction(table, s);
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

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u8 *copy = copy_input(data, size, "DMAR");
	struct dmar_cursor cursor = { };
	struct dmar_structure s;
	struct dmar_table table;
	struct dmar_error error;
	unsigned int n = 0;

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
