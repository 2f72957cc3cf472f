/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random operations on a page table, compared with a flat model. See model.c.
 * The same source runs in KUnit and in user space.
 */
#ifndef PT_TEST_MODEL_H
#define PT_TEST_MODEL_H

#include <linux/iommu_pt.h>

/**
 * struct pt_model_env - the environment of a model
 * @next: get the next random number
 * @fail_after: let n more allocations succeed and all later ones fail; a
 *	negative number: let all succeed. NULL if that is not supported.
 * @arg: for @next
 * @slow_rcu: an RCU grace period takes long, so wait for it rarely
 */
struct pt_model_env {
	u64 (*next)(void *arg);
	void (*fail_after)(long n);
	void *arg;
	bool slow_rcu;
};

struct pt_model;

struct pt_model *pt_model_new(const struct pt_model_env *env,
			      const struct iommu_pt_format *format);
const char *pt_model_step(struct pt_model *model);
const char *pt_model_last_op(const struct pt_model *model);
const char *pt_model_free(struct pt_model *model);

#endif
