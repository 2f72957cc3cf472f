// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fail.h"

static char text[512];

int fail(int error, const char *format, ...)
{
	va_list args;
	int at;

	va_start(args, format);
	at = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (at >= 0 && at < (int)sizeof(text))
		snprintf(text + at, sizeof(text) - at, ": %s", strerror(error));
	return -error;
}

const char *fail_text(void)
{
	return text;
}
