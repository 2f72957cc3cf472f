/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The lines of the kernel log since log_begin().
 *
 *	log_begin();
 *	CHECK_ERR(map(...), EINVAL);
 *	CHECK(log_says("is reserved"));
 *
 * Lines that users can cause are rate-limited: each place in the source logs at
 * most ten times in five seconds. A program that expects lines must therefore
 * be the first in its machine, and cause each line a few times only.
 */
#ifndef SLUICE_KMSG_H
#define SLUICE_KMSG_H

#include <fcntl.h>

#include "ktap.h"

#define LOG_ROOM (1u << 20)

static int log_fd = -1;
static char log_text[LOG_ROOM];
static size_t log_length;

static inline void log_begin(void)
{
	if (log_fd < 0)
		log_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	CHECK(log_fd >= 0);
	CHECK(lseek(log_fd, 0, SEEK_END) >= 0);
	log_length = 0;
	log_text[0] = '\0';
}

/* Each read returns one record, "PRIORITY,NUMBER,TIME,FLAGS;TEXT\n" */
static inline const char *log_read(void)
{
	ssize_t got;

	while (log_length < LOG_ROOM - 8192) {
		got = read(log_fd, log_text + log_length, 8191);
		if (got < 0 && errno == EPIPE)
			continue;
		if (got < 0 && errno == EAGAIN)
			break;
		CHECK(got > 0);
		log_length += got;
		log_text[log_length] = '\0';
	}
	return log_text;
}

static inline int log_count(const char *text)
{
	const char *at = log_read();
	int count = 0;

	while ((at = strstr(at, text))) {
		count++;
		at++;
	}
	return count;
}

/* The log has exactly one line with this text */
static inline bool log_says(const char *text)
{
	if (log_count(text) == 1)
		return true;
	printf("# \"%s\" is in the log %d times:\n%s", text, log_count(text),
	       log_text);
	return false;
}

#endif
