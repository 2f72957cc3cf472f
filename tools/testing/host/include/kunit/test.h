/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of KUnit that the suites use, so that the same sources run in user
 * space. A failed expectation is printed and makes the case fail; a failed
 * assertion also ends the case.
 */
#ifndef HOST_KUNIT_TEST_H
#define HOST_KUNIT_TEST_H

#include <setjmp.h>
#include <stdlib.h>

#include <linux/module.h>

#define KUNIT_PARAM_DESC_SIZE	128

struct kunit {
	const void *param_value;
	void *priv;
	const char *status_comment;
	bool failed;
	bool skipped;
	jmp_buf leave;
};

struct kunit_case {
	void (*run_case)(struct kunit *test);
	const char *name;
	const void *(*generate_params)(const void *prev, char *desc);
};

struct kunit_suite {
	const char *name;
	int (*init)(struct kunit *test);
	void (*exit)(struct kunit *test);
	struct kunit_case *test_cases;
};

#define KUNIT_CASE(fn)			{ .run_case = fn, .name = #fn }
#define KUNIT_CASE_SLOW(fn)		KUNIT_CASE(fn)
#define KUNIT_CASE_PARAM(fn, gen) \
	{ .run_case = fn, .name = #fn, .generate_params = gen }

#define KUNIT_ARRAY_PARAM(name, array, get_desc)			\
	static const void *name##_gen_params(const void *prev, char *desc) \
	{								\
		__typeof__((array)[0]) *next = prev ?			\
			(__typeof__(next))prev + 1 : (array);		\
									\
		if (next - (array) >= (long)ARRAY_SIZE(array))		\
			return NULL;					\
		get_desc(next, desc);					\
		return next;						\
	}

#define kunit_kzalloc(test, size, gfp)	calloc(1, size)
#define kunit_skip(test, text)						\
	do {								\
		(test)->skipped = true;					\
		(test)->status_comment = (text);			\
		longjmp((test)->leave, 1);				\
	} while (0)

#define HOST_KUNIT_CHECK(test, ok, leaves, text)			\
	do {								\
		if (!(ok)) {						\
			printf("# %s:%d: %s\n", __FILE__, __LINE__, text); \
			(test)->failed = true;				\
			if (leaves)					\
				longjmp((test)->leave, 1);		\
		}							\
	} while (0)

#define KUNIT_EXPECT_TRUE(t, c)		HOST_KUNIT_CHECK(t, c, 0, #c)
#define KUNIT_EXPECT_FALSE(t, c)	HOST_KUNIT_CHECK(t, !(c), 0, "!" #c)
#define KUNIT_EXPECT_EQ(t, a, b) \
	HOST_KUNIT_CHECK(t, (a) == (b), 0, #a " == " #b)
#define KUNIT_EXPECT_NE(t, a, b) \
	HOST_KUNIT_CHECK(t, (a) != (b), 0, #a " != " #b)
#define KUNIT_EXPECT_GE(t, a, b) \
	HOST_KUNIT_CHECK(t, (a) >= (b), 0, #a " >= " #b)
#define KUNIT_EXPECT_STREQ(t, a, b) \
	HOST_KUNIT_CHECK(t, !strcmp(a, b), 0, #a " is " #b)
#define KUNIT_ASSERT_TRUE(t, c)		HOST_KUNIT_CHECK(t, c, 1, #c)
#define KUNIT_ASSERT_EQ(t, a, b) \
	HOST_KUNIT_CHECK(t, (a) == (b), 1, #a " == " #b)
#define KUNIT_ASSERT_NOT_NULL(t, p)	HOST_KUNIT_CHECK(t, p, 1, #p)
#define KUNIT_FAIL(t, text)		HOST_KUNIT_CHECK(t, 0, 0, text)

/* As in the kernel; a program has one suite */
#define kunit_test_suite(suite) \
	struct kunit_suite *const host_kunit_suite = &(suite)

#endif
