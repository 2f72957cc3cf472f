/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random operations on a page table against a flat model of what they mean.
 * See model.c. The same source runs in KUnit and in the host build.
 */
#ifndef PT_TEST_MODEL_H
#define PT_TEST_MODEL_H

#include <linux/iommu_pt.h>

/**
 * struct pt_model_env - what a model check runs on
 * @next: the next random number
 * @fail_after: let the n-th allocation from now on fail, and all after it; a
 *	negative number: none. NULL where that cannot be done.
 * @arg: for @next
 * @slow_rcu: waiting for RCU takes long, so do it rarely
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
