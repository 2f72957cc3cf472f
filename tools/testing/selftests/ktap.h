/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The main() of a test program, whose tests are functions declared with TEST().
 * Each test runs in a process of its own. The program prints one line of KTAP
 * for each test; the reason of a failure stands in the lines above it.
 *
 *	TEST(unmap_of_a_hole_is_enoent)
 *	{
 *		CHECK_ERR(unmap(ioas, 0x1000, PAGE), ENOENT);
 *	}
 *
 * A check that fails ends the test. SKIP() ends it where the machine cannot run
 * it. Names on the command line select tests, and each has to be one; --list
 * prints the names of all tests, and runs none.
 */
#ifndef SLUICE_KTAP_H
#define SLUICE_KTAP_H

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define KTAP_MAX_TESTS 512
#define KTAP_SKIPPED 4
/*
 * A test that runs for that many seconds hangs. A program may set another
 * number before it includes this file. The default is large enough for the
 * debug kernel on an emulated CPU of a busy host.
 */
#ifndef KTAP_TIMEOUT
#define KTAP_TIMEOUT 300
#endif

struct ktap_test {
	const char *name;
	void (*run)(void);
};

static struct ktap_test ktap_tests[KTAP_MAX_TESTS];
static int ktap_nr_tests;

#define TEST(test)							\
	static void test(void);						\
	__attribute__((constructor)) static void ktap_add_##test(void)	\
	{								\
		if (ktap_nr_tests == KTAP_MAX_TESTS)			\
			abort();					\
		ktap_tests[ktap_nr_tests++] =				\
			(struct ktap_test){ #test, test };		\
	}								\
	static void test(void)

#define ktap_fail(...)							\
	do {								\
		printf("# %s:%d: ", __FILE__, __LINE__);		\
		printf(__VA_ARGS__);					\
		putchar('\n');						\
		fflush(stdout);						\
		_exit(1);						\
	} while (0)

#define SKIP(...)							\
	do {								\
		printf("# skipped: ");					\
		printf(__VA_ARGS__);					\
		putchar('\n');						\
		fflush(stdout);						\
		_exit(KTAP_SKIPPED);					\
	} while (0)

#define CHECK(condition)						\
	do {								\
		if (!(condition))					\
			ktap_fail("does not hold: %s (errno %d)",	\
				  #condition, errno);			\
	} while (0)

#define CHECK_EQ(left, right)						\
	do {								\
		long long ktap_l = (long long)(left);			\
		long long ktap_r = (long long)(right);			\
									\
		if (ktap_l != ktap_r)					\
			ktap_fail("%s is %lld (%#llx), not %s, %lld (%#llx)", \
				  #left, ktap_l, ktap_l, #right,	\
				  ktap_r, ktap_r);			\
	} while (0)

/* The call must fail with this errno */
#define CHECK_ERR(call, error)						\
	do {								\
		long long ktap_ret = (long long)(call);			\
									\
		if (ktap_ret != -1 || errno != (error))			\
			ktap_fail("%s returned %lld, errno %d (%s), not %s", \
				  #call, ktap_ret, ktap_ret == -1 ? errno : 0, \
				  ktap_ret == -1 ? strerror(errno) : "none", \
				  #error);				\
	} while (0)

static inline bool ktap_wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return argc == 1;
}

static inline int ktap_run(const struct ktap_test *test)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return 1;
	if (!pid) {
		setpgid(0, 0);
		alarm(KTAP_TIMEOUT);
		test->run();
		fflush(stdout);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid)
		return 1;
	/*
	 * A process that the test left behind may hold a device of the next
	 * test
	 */
	kill(-pid, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	if (WIFSIGNALED(status)) {
		printf("# %s\n", WTERMSIG(status) == SIGALRM ?
			       "it hung" : strsignal(WTERMSIG(status)));
		return 1;
	}
	return WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	int number = 0, wanted = 0, failed = 0;

	if (argc == 2 && !strcmp(argv[1], "--list")) {
		for (int i = 0; i < ktap_nr_tests; i++)
			puts(ktap_tests[i].name);
		return 0;
	}
	for (int i = 0; i < ktap_nr_tests; i++)
		wanted += ktap_wanted(ktap_tests[i].name, argc, argv);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	printf("KTAP version 1\n1..%d\n", wanted);
	for (int i = 0; i < ktap_nr_tests; i++) {
		int status;

		if (!ktap_wanted(ktap_tests[i].name, argc, argv))
			continue;
		status = ktap_run(&ktap_tests[i]);
		printf("%s %d %s%s\n",
		       status && status != KTAP_SKIPPED ? "not ok" : "ok",
		       ++number, ktap_tests[i].name,
		       status == KTAP_SKIPPED ? " # SKIP" : "");
		failed += status && status != KTAP_SKIPPED;
	}
	fflush(stdout);
	if (argc > 1 && wanted != argc - 1) {
		printf("# only %d of %d names are tests\n", wanted, argc - 1);
		return 1;
	}
	return failed || !wanted;
}

#endif
