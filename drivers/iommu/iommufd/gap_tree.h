/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A tree of intervals that do not overlap, which finds gaps between them.
 *
 * It is a red-black tree, sorted by address. Each node stores the width of the
 * widest gap between neighbours in its subtree. So the lowest gap of at least a
 * given width is found without visiting every interval. See gap_tree.c.
 */
#ifndef _IOMMUFD_GAP_TREE_H
#define _IOMMUFD_GAP_TREE_H

#include <linux/rbtree.h>
#include <linux/types.h>

/**
 * struct gap_node - an interval
 * @rb: node of the tree; the first member
 * @start: first address
 * @last: last address
 * @widest: width of the widest gap between two neighbours that are both in the
 *	subtree of this node
 */
struct gap_node {
	struct rb_node rb;
	unsigned long start;
	unsigned long last;
	unsigned long widest;
};

/**
 * struct gap - a gap between two intervals
 * @first: first address
 * @last: last address
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
 * gap_tree_first() - find the lowest interval in a range
 * @root: the tree
 * @first: first address of the range
 * @last: last address of the range
 *
 * Return: the lowest interval that overlaps the range, or NULL.
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
