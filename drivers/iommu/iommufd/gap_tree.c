// SPDX-License-Identifier: GPL-2.0
/*
 * A tree of intervals that do not overlap, which finds gaps between them.
 *
 * Of two neighbours in the order of addresses, one is always an ancestor of the
 * other in the tree. The gap between them belongs to the ancestor. So a node
 * has up to two gaps: one to the highest node of its left subtree, and one to
 * the lowest node of its right subtree. gap_node::widest is the maximum of the
 * widths of these two and of gap_node::widest of both children. In this
 * example, the gap [50-69] belongs to [40-49], and the gap [20-29] to [10-19]:
 *
 *	        [40-49]			widest 20
 *	       /       \
 *	  [10-19]      [70-79]		widest 10; widest 0
 *	         \
 *	         [30-34]		widest 0
 *
 * It is computed from nodes below only. So it can be computed while the tree is
 * being rotated, when the pointers to parents are not consistent.
 *
 * A walk up or down has as many steps as the tree has levels, and each step may
 * look for the end of a subtree. So the cost is at most the square of the
 * logarithm of the number of intervals, and usually the logarithm.
 */
#include <linux/minmax.h>
#include <linux/rbtree_augmented.h>

#include "gap_tree.h"

static struct gap_node *lowest_of(struct rb_node *rb)
{
	while (rb->rb_left)
		rb = rb->rb_left;
	return to_gap_node(rb);
}

static struct gap_node *highest_of(struct rb_node *rb)
{
	while (rb->rb_right)
		rb = rb->rb_right;
	return to_gap_node(rb);
}

static unsigned long gap_between(const struct gap_node *before,
				 const struct gap_node *after)
{
	return after->start - before->last - 1;
}

static unsigned long compute_widest(const struct gap_node *node)
{
	struct rb_node *left = node->rb.rb_left, *right = node->rb.rb_right;
	unsigned long widest = 0;

	if (left)
		widest = max(to_gap_node(left)->widest,
			     gap_between(highest_of(left), node));
	if (right)
		widest = max3(widest, to_gap_node(right)->widest,
			      gap_between(node, lowest_of(right)));
	return widest;
}

/* After a change below or beside @rb: update ancestors until one is right */
static void gap_propagate(struct rb_node *rb, struct rb_node *stop)
{
	while (rb != stop) {
		struct gap_node *node = to_gap_node(rb);
		unsigned long widest = compute_widest(node);

		if (widest == node->widest)
			return;
		node->widest = widest;
		rb = rb_parent(rb);
	}
}

static void gap_copy(struct rb_node *old, struct rb_node *new)
{
	to_gap_node(new)->widest = to_gap_node(old)->widest;
}

static void gap_rotate(struct rb_node *old, struct rb_node *new)
{
	gap_copy(old, new);
	to_gap_node(old)->widest = compute_widest(to_gap_node(old));
}

static const struct rb_augment_callbacks gap_callbacks = {
	.propagate = gap_propagate,
	.copy = gap_copy,
	.rotate = gap_rotate,
};

/**
 * gap_tree_insert() - insert an interval
 * @node: the interval; no other overlaps it
 * @root: the tree
 */
void gap_tree_insert(struct gap_node *node, struct rb_root *root)
{
	struct rb_node **link = &root->rb_node, *parent = NULL, *rb;
	struct rb_node *before = NULL, *after = NULL, *other;
	unsigned long gap;

	if (!*link) {
		node->widest = 0;
		node->rb.rb_left = NULL;
		node->rb.rb_right = NULL;
		rb_set_parent_color(&node->rb, NULL, RB_BLACK);
		root->rb_node = &node->rb;
		return;
	}
	while ((rb = *link)) {
		parent = rb;
		if (node->start < to_gap_node(rb)->start) {
			after = rb;
			link = &rb->rb_left;
		} else {
			before = rb;
			link = &rb->rb_right;
		}
	}
	node->widest = 0;
	rb_link_node(&node->rb, parent, link);
	/*
	 * One neighbour is @parent. The other one, if any, is the ancestor whose
	 * gap was split. In its subtree, a gap was added and none changed.
	 */
	if (parent == after) {
		gap = gap_between(node, to_gap_node(parent));
		other = before;
	} else {
		gap = gap_between(to_gap_node(parent), node);
		other = after;
	}
	for (rb = parent; rb != other && to_gap_node(rb)->widest < gap;
	     rb = rb_parent(rb))
		to_gap_node(rb)->widest = gap;
	if (other)
		gap_propagate(other, NULL);
	/* A new node below a black one leaves the tree balanced */
	if (rb_is_red(parent))
		rb_insert_augmented(&node->rb, root, &gap_callbacks);
}

/* A node without children has its parent and perhaps this one as neighbours */
static struct rb_node *other_neighbour(struct rb_node *rb)
{
	struct rb_node *parent = rb_parent(rb), *above = rb_parent(parent);
	bool left = parent->rb_left == rb;

	while (above && (above->rb_left == parent) == left) {
		parent = above;
		above = rb_parent(above);
	}
	return above;
}

/* Remove a red node without children: the tree stays balanced */
static void remove_red_leaf(struct rb_node *rb, struct rb_node *parent,
			    struct rb_node *other)
{
	if (parent->rb_left == rb)
		parent->rb_left = NULL;
	else
		parent->rb_right = NULL;
	gap_propagate(parent, NULL);
	if (other)
		gap_propagate(other, NULL);
}

/**
 * gap_tree_remove() - remove an interval
 * @node: the interval
 * @root: the tree
 */
void gap_tree_remove(struct gap_node *node, struct rb_root *root)
{
	struct rb_node *rb = &node->rb, *before, *after = NULL, *rebalance;
	struct rb_node *parent = rb_parent(rb);

	if (rb->rb_left || rb->rb_right) {
		before = rb_prev(rb);
		after = rb_next(rb);
	} else {
		if (!parent) {
			root->rb_node = NULL;
			return;
		}
		before = other_neighbour(rb);
		if (rb_is_red(rb)) {
			remove_red_leaf(rb, parent, before);
			return;
		}
	}
	/* This updates the parent and its ancestors */
	rebalance = __rb_erase_augmented(rb, root, &gap_callbacks);
	/* Their gap is wider now. It belongs to the upper one. */
	if (before)
		gap_propagate(before, NULL);
	if (after)
		gap_propagate(after, NULL);
	if (rebalance)
		__rb_erase_color(rebalance, root, gap_rotate);
}

/**
 * gap_tree_next() - find the next interval in a range
 * @node: an interval, from gap_tree_first() or this function
 * @last: last address of the range
 *
 * Return: the interval, or NULL.
 */
struct gap_node *gap_tree_next(struct gap_node *node, unsigned long last)
{
	struct gap_node *next = to_gap_node(rb_next(&node->rb));

	return next && next->start <= last ? next : NULL;
}

/* In a subtree with a wide gap: the node before its lowest wide gap */
static struct gap_node *wide_in(struct gap_node *node, unsigned long width)
{
	for (;;) {
		struct rb_node *left = node->rb.rb_left;
		struct rb_node *right = node->rb.rb_right;

		if (left) {
			if (to_gap_node(left)->widest >= width) {
				node = to_gap_node(left);
				continue;
			}
			if (gap_between(highest_of(left), node) >= width)
				return highest_of(left);
		}
		if (gap_between(node, lowest_of(right)) >= width)
			return node;
		node = to_gap_node(right);
	}
}

/* The node before the lowest wide gap above @node, or NULL */
static struct gap_node *wide_from(struct gap_node *node, unsigned long width)
{
	for (;;) {
		struct rb_node *right = node->rb.rb_right, *rb, *below;

		if (right) {
			if (gap_between(node, lowest_of(right)) >= width)
				return node;
			if (to_gap_node(right)->widest >= width)
				return wide_in(to_gap_node(right), width);
		}
		/* Go up to the next ancestor that is higher than this subtree */
		below = &node->rb;
		for (rb = rb_parent(below); rb && rb->rb_right == below;
		     rb = rb_parent(rb))
			below = rb;
		if (!rb)
			return NULL;
		node = to_gap_node(rb);
		if (gap_between(highest_of(below), node) >= width)
			return highest_of(below);
	}
}

/**
 * gap_tree_find() - find the lowest gap of at least a given width in a range
 * @root: the tree
 * @first: first address of the range
 * @last: last address of the range
 * @width: the width, not 0; parts of a gap outside the range do not count
 * @gap: set to the part of the gap that is in the range
 *
 * Return: false if there is none.
 */
bool gap_tree_find(const struct rb_root *root, unsigned long first,
		   unsigned long last, unsigned long width, struct gap *gap)
{
	struct gap_node *node, *next = NULL;

	if (first > last)
		return false;
	gap->first = first;
	node = gap_tree_first(root, first, last);
	if (node && node->start > first &&
	    node->start - first >= width) {
		gap->last = node->start - 1;
		return true;
	}
	if (node) {
		node = wide_from(node, width) ?: highest_of(root->rb_node);
		if (node->last >= last)
			return false;
		gap->first = node->last + 1;
		next = to_gap_node(rb_next(&node->rb));
	}
	gap->last = next ? min(last, next->start - 1) : last;
	return gap->last - gap->first >= width - 1;
}
