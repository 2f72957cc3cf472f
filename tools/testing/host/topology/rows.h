/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a test expects of the devices of a tree, a row for each:
 *
 *	name	of the device in the tree
 *	unit	A is the first in the table; "" means none, and nothing else
 *	ids	source-ids of its requests, in the order of common/alias.c
 *	memory	ranges that the table reserves for it; a is the first in the table
 *	ats	may it use a device-TLB?
 *	group	devices with the same number, and only these, have to share a
 *		group; 0: it is alone
 *
 * Two devices have to share a group if they share a source-id, directly or
 * through other devices. The groups themselves are formed by the kernel
 * (pci_device_group()), which is not compiled here: it starts with the same
 * source-ids, and adds devices that can reach each other for lack of ACS.
 */
#ifndef TOPOLOGY_ROWS_H
#define TOPOLOGY_ROWS_H

#include "ktap.h"

#include "common/alias.h"
#include "tree.h"

enum ats {
	NO_ATS,
	ATS,
	ATS_IF_SCALABLE,	/* in scalable mode only */
};

struct row {
	const char *name;
	const char *unit;
	const char *ids;
	const char *memory;
	enum ats ats;
	unsigned int group;
	int segment;
};

#define MAX_IDS	16

/* The same, as the code under test says; text is for people */
struct found {
	char unit[2];
	char memory[27];
	enum ats ats;
	int segment;
	u16 source_id;
	u16 alias;
	u16 ids[MAX_IDS];
	unsigned int nr_ids;
	char text[MAX_IDS * 8];
	unsigned int group;
};

/* Fill in all but the source-ids, or return false if there is no unit */
static bool look_up(struct device *dev, struct found *found);

static int note_id(struct device *dev, u16 id, void *arg)
{
	struct found *found = arg;
	size_t used = strlen(found->text);

	CHECK(dev);
	for (unsigned int i = 0; i < found->nr_ids; i++)
		if (found->ids[i] == id)
			return 0;
	CHECK(found->nr_ids < MAX_IDS);
	found->ids[found->nr_ids++] = id;
	snprintf(found->text + used, sizeof(found->text) - used,
		 "%s%02x:%02x.%x", used ? " " : "", id >> 8, PCI_SLOT(id),
		 PCI_FUNC(id));
	return 0;
}

static void add_letter(char *letters, char first, unsigned int index)
{
	size_t used = strlen(letters);

	letters[used] = first + index;
	letters[used + 1] = 0;
}

static void check_row(const struct row *row, struct found *found)
{
	struct device *dev = find_device(row->name);

	if (!dev)
		ktap_fail("no device is called %s", row->name);
	if (!look_up(dev, found))
		found->unit[0] = 0;
	if (strcmp(found->unit, row->unit))
		ktap_fail("%s: unit \"%s\", not \"%s\"", row->name, found->unit,
			  row->unit);
	if (!found->unit[0])
		return;
	CHECK_EQ(iommu_visit_aliases(dev, found->source_id, found->alias,
				     note_id, found), 0);
	if (strcmp(found->text, row->ids))
		ktap_fail("%s: source-ids \"%s\", not \"%s\"", row->name,
			  found->text, row->ids);
	if (strcmp(found->memory, row->memory))
		ktap_fail("%s: memory \"%s\", not \"%s\"", row->name,
			  found->memory, row->memory);
	if (found->ats != row->ats)
		ktap_fail("%s: ATS %d, not %d", row->name, found->ats,
			  row->ats);
	if (found->segment != row->segment)
		ktap_fail("%s: segment %d, not %d", row->name, found->segment,
			  row->segment);
}

static bool share_an_id(const struct found *a, const struct found *b)
{
	if (!a->unit[0] || !b->unit[0] || a->segment != b->segment)
		return false;
	for (unsigned int i = 0; i < a->nr_ids; i++)
		for (unsigned int k = 0; k < b->nr_ids; k++)
			if (a->ids[i] == b->ids[k])
				return true;
	return false;
}

/* Give each device the smallest number of those that it is linked with */
static void form_groups(struct found *found, size_t n)
{
	bool changed = true;

	for (size_t i = 0; i < n; i++)
		found[i].group = i;
	while (changed) {
		changed = false;
		for (size_t i = 0; i < n; i++)
			for (size_t k = 0; k < n; k++)
				if (found[k].group > found[i].group &&
				    share_an_id(&found[i], &found[k])) {
					found[k].group = found[i].group;
					changed = true;
				}
	}
}

static void check_rows(const struct row *rows, size_t n)
{
	struct found *found = calloc(n, sizeof(*found));

	CHECK(found);
	for (size_t i = 0; i < n; i++)
		check_row(&rows[i], &found[i]);
	form_groups(found, n);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++) {
			bool same = rows[i].group &&
				    rows[i].group == rows[k].group;

			if (same != (found[i].group == found[k].group))
				ktap_fail("%s and %s %s source-ids",
					  rows[k].name, rows[i].name,
					  same ? "share no" : "share");
		}
	free(found);
}

#define CHECK_ROWS(rows)	check_rows(rows, ARRAY_SIZE(rows))

#endif
