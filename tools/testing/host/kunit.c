// SPDX-License-Identifier: GPL-2.0
/* Runs the suite that is linked in, and prints KTAP */
#include <kunit/test.h>

extern struct kunit_suite *const host_kunit_suite;

static bool run(struct kunit_case *c, const void *param, struct kunit *test)
{
	struct kunit_suite *suite = host_kunit_suite;

	memset(test, 0, sizeof(*test));
	test->param_value = param;
	if (suite->init && suite->init(test)) {
		printf("# init failed\n");
		return false;
	}
	if (!setjmp(test->leave))
		c->run_case(test);
	if (suite->exit)
		suite->exit(test);
	return !test->failed;
}

int main(void)
{
	char desc[KUNIT_PARAM_DESC_SIZE] = "";
	unsigned int n = 0, bad = 0;
	struct kunit_case *c;
	struct kunit test;

	printf("KTAP version 1\n");
	for (c = host_kunit_suite->test_cases; c->run_case; c++) {
		const void *param = NULL;

		do {
			bool ok;

			if (c->generate_params) {
				param = c->generate_params(param, desc);
				if (!param)
					break;
			}
			ok = run(c, param, &test);
			bad += !ok;
			printf("%s %u %s.%s %s%s\n", ok ? "ok" : "not ok", ++n,
			       host_kunit_suite->name, c->name, desc,
			       test.skipped ? " # SKIP" : "");
			fflush(stdout);
		} while (c->generate_params);
	}
	printf("1..%u\n", n);
	return bad ? 1 : 0;
}
