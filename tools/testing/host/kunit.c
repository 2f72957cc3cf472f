// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the one suite that is linked in, and reports it as KTAP. Names given on
 * the command line choose cases, and each has to be one; --list prints the names
 * of all cases, and runs none.
 */
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

static bool wanted(const struct kunit_case *c, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], c->name))
			return true;
	return argc == 1;
}

static int list(void)
{
	struct kunit_case *c;

	for (c = host_kunit_suite->test_cases; c->run_case; c++)
		puts(c->name);
	return 0;
}

int main(int argc, char **argv)
{
	char desc[KUNIT_PARAM_DESC_SIZE] = "";
	unsigned int n = 0, bad = 0;
	int ran = 0;
	struct kunit_case *c;
	struct kunit test;

	if (argc == 2 && !strcmp(argv[1], "--list"))
		return list();
	printf("KTAP version 1\n");
	for (c = host_kunit_suite->test_cases; c->run_case; c++) {
		const void *param = NULL;

		if (!wanted(c, argc, argv))
			continue;
		ran++;
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
	if (argc > 1 && ran != argc - 1) {
		printf("# only %d of %d names are cases\n", ran, argc - 1);
		return 1;
	}
	return bad || !n;
}
