/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Intervals that never overlap, and the gaps between them.
 *
 * A red-black tree by address. Each node knows the widest gap between two
 * neighbours in its subtree, so that the lowest gap of at least some width is
 * found without a look at every interval. See gap_tree.c.
 */
#ifndef _IOMMUFD_GAP_TREE_H
#define _IOMMUFD_GAP_TREE_H

#include <linux/rbtree.h>
#include <linux/types.h>

/**
 * struct gap_node - an interval
 * @rb: in the tree; the first member
 * @start: where it begins
 * @last: where it ends
 * @widest: the widest gap between neighbours that are both in the subtree of
 *	this node
 */
struct gap_node {
	struct rb_node rb;
	unsigned long start;
	unsigned long last;
	unsigned long widest;
};

/**
 * struct gap - what lies between two intervals
 * @first: where it begins
 * @last: where it ends
 */
struct gap {
	unsigned long first;
	unsigned long last;
};

static inline struct gap_node *to_gap_node(struct rb_node *rb)
{
	return rb ? rb_entry(rb, struct gap_node, rb) : NULL;
}

/**
 * gap_tree_first() - the lowest interval in a range
 * @root: the tree
 * @first: where the range begins
 * @last: where the range ends
 *
 * Return: the lowest interval that has a part in the range, or NULL.
 */
static inline struct gap_node *gap_tree_first(const struct rb_root *root,
					      unsigned long first,
					      unsigned long last)
{
	struct gap_node *node = to_gap_node(root->rb_node), *found = NULL;

	while (node) {
		if (node->last < first) {
			node = to_gap_node(node->rb.rb_right);
			continue;
		}
		found = node;
		if (node->start <= first)
			break;
		node = to_gap_node(node->rb.rb_left);
	}
	return found && found->start <= last ? found : NULL;
}

void gap_tree_insert(struct gap_node *node, struct rb_root *root);
void gap_tree_remove(struct gap_node *node, struct rb_root *root);
struct gap_node *gap_tree_next(struct gap_node *node, unsigned long last);
bool gap_tree_find(const struct rb_root *root, unsigned long first,
		   unsigned long last, unsigned long width, struct gap *gap);

#endif
