// SPDX-License-Identifier: GPL-2.0
/*
 * The reader gets a table of arbitrary bytes. It must not read beyond the
 * table, and its results must keep the promises of ivrs.h. Events are decoded
 * from the same bytes.
 */
#include "event.h"
#include "ivrs.h"
#include "table.h"

#include "../acpi/fuzz.h"

static void check_entry(const struct ivrs_entry *entry)
{
	MUST(entry->kind <= IVRS_ACPI_DEVICE);
	MUST(memchr(entry->hid, 0, sizeof(entry->hid)));
	MUST(memchr(entry->cid, 0, sizeof(entry->cid)));
	MUST(memchr(entry->uid, 0, sizeof(entry->uid)));
	if (entry->complaint)
		return;
	MUST(entry->first <= entry->last);
	if (entry->kind == IVRS_SPECIAL)
		MUST(entry->variety == IVRS_IOAPIC ||
		     entry->variety == IVRS_HPET);
	if (entry->kind == IVRS_ACPI_DEVICE)
		MUST(entry->hid[0] && entry->uid_format <= IVRS_UID_STRING);
}

static void check_block(const struct ivrs_table *table,
			struct ivrs_block block)
{
	unsigned int entries = 0;
	struct ivrs_entry entry;

	MUST(block.offset >= 48 && block.offset < table->length);
	if (!ivrs_is_unit(&block)) {
		if (!block.complaint)
			MUST(block.size && block.id <= block.last &&
			     (block.base | block.size) % 4096 == 0 &&
			     block.base + block.size - 1 >= block.base);
		return;
	}
	MUST(block.entries_end <= table->length);
	while (ivrs_next_entry(table, &block, &entry)) {
		MUST(block.entries <= block.entries_end);
		MUST(++entries <= table->length / 4);
		check_entry(&entry);
	}
}

static void check_units(const struct ivrs_table *table)
{
	struct ivrs_cursor cursor = { }, again = { };
	struct ivrs_block a, b;

	/* A unit is found once, and so are registers */
	while (ivrs_next_unit(table, &cursor, &a)) {
		again = cursor;
		while (ivrs_next_unit(table, &again, &b)) {
			MUST(b.id != a.id || b.segment != a.segment);
			MUST(a.complaint || b.complaint || a.base != b.base);
		}
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u8 *copy = copy_input(data, size, "IVRS");
	struct ivrs_cursor cursor = { };
	struct ivrs_table table;
	struct ivrs_block block;
	struct ivrs_error error;
	struct amdvi_page_request request;
	struct amdvi_event event;
	u64 raw[2];

	if (ivrs_open(&table, copy, size, &error)) {
		MUST(error.what && error.offset <= size);
	} else {
		MUST(table.length <= size);
		while (ivrs_next(&table, &cursor, &block))
			check_block(&table, block);
		check_units(&table);
	}
	if (size >= sizeof(raw)) {
		memcpy(raw, data, sizeof(raw));
		amdvi_event_decode(raw, &event);
		MUST(amdvi_event_reason(&event));
		if (amdvi_page_request_decode(raw, &request))
			MUST(request.pasid < 1u << 20 && request.group < 512);
	}
	free(copy);
	return 0;
}
