// SPDX-License-Identifier: GPL-2.0
/*
 * The tree of gaps, compared with a plain list:
 *
 *	gap_test [STEPS [SEED]]
 *
 * Random intervals are added and removed, densely in a small range at either
 * end of 64 bits, or anywhere. After each step a gap, and the intervals of a
 * range, are searched in both.
 */
#include <stdlib.h>

#include <linux/minmax.h>
#include <linux/types.h>

#include "gap_tree.h"

#define NODES	300
#define SPAN	1500ul

static struct rb_root root;
static struct gap_node nodes[NODES];
/* The nodes in the tree, by address, then all others */
static struct gap_node *list[NODES];
static unsigned int nr;
static unsigned long state, base, step;
static bool anywhere;

static unsigned long rnd(unsigned long limit)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return limit ? (state >> 8) % limit : state;
}

static unsigned long address(void)
{
	return anywhere ? rnd(0) : base + rnd(SPAN + 1);
}

static void fail(const char *why)
{
	fprintf(stderr, "gap_test: %s in step %lu\n", why, step);
	exit(1);
}

/* Number of intervals below @at */
static unsigned int below(unsigned long at)
{
	unsigned int i;

	for (i = 0; i < nr && list[i]->last < at; i++)
		;
	return i;
}

static void insert(void)
{
	struct gap_node *node = list[nr];
	unsigned long start = anywhere && !rnd(50) ? 0 : address();
	unsigned long length = anywhere ? rnd(0) >> rnd(64) : rnd(8);
	unsigned int i = below(start);

	length = min(length, (anywhere ? ULONG_MAX : base + SPAN) - start);
	if (i < nr && list[i]->start <= start + length)
		return;
	memset(node, 0xa5, sizeof(*node));
	node->start = start;
	node->last = start + length;
	memmove(&list[i + 1], &list[i], (nr++ - i) * sizeof(*list));
	list[i] = node;
	gap_tree_insert(node, &root);
}

static void take_out(unsigned int i)
{
	struct gap_node *node = list[i];

	gap_tree_remove(node, &root);
	memmove(&list[i], &list[i + 1], (--nr - i) * sizeof(*list));
	list[nr] = node;
}

/* The expected result of gap_tree_find() */
static bool scan(unsigned long first, unsigned long last, unsigned long width,
		 struct gap *gap)
{
	unsigned int i = below(first);

	for (gap->first = first; gap->first <= last; i++) {
		bool end = i == nr || list[i]->start > last;

		gap->last = end ? last : list[i]->start - 1;
		if ((end || list[i]->start > gap->first) &&
		    gap->last - gap->first >= width - 1)
			return true;
		if (end || list[i]->last >= last)
			return false;
		gap->first = list[i]->last + 1;
	}
	return false;
}

static void compare(void)
{
	unsigned long first = rnd(4) ? address() : 0;
	unsigned long last = rnd(4) ? address() : ULONG_MAX;
	unsigned long width = anywhere ? (rnd(0) >> rnd(64)) | 1 : 1 + rnd(40);
	struct gap found, want;
	struct gap_node *node;
	unsigned int i;
	bool is = gap_tree_find(&root, first, last, width, &found);

	if (is != scan(first, last, width, &want) ||
	    (is && (found.first != want.first || found.last != want.last)))
		fail("another gap");
	if (first > last)
		return;
	node = gap_tree_first(&root, first, last);
	for (i = below(first); i < nr && list[i]->start <= last; i++) {
		if (node != list[i])
			fail("another interval");
		node = gap_tree_next(node, last);
	}
	if (node)
		fail("an interval too many");
}

int main(int argc, char **argv)
{
	unsigned long steps = argc > 1 ? strtoul(argv[1], NULL, 0) : 1000000;
	unsigned int i;

	state = (argc > 2 ? strtoul(argv[2], NULL, 0) : 1) * 0x9e3779b97f4a7c15ul;
	for (i = 0; i < NODES; i++)
		list[i] = &nodes[i];
	for (step = 0; step < steps; step++) {
		/* Now and then start with an empty tree, in another range */
		if (step % 50000 == 0) {
			while (nr)
				take_out(rnd(nr));
			anywhere = rnd(3) == 0;
			base = rnd(2) ? ULONG_MAX - SPAN : 0;
		}
		if (nr && (nr > (step / 5000 % 3 ? NODES - 1 : 3) || !rnd(3)))
			take_out(rnd(nr));
		else
			insert();
		compare();
	}
	printf("%lu steps\n", steps);
	return 0;
}
