// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "machine/wrap.h"

#define COLUMNS 79

void wrap(FILE *to, int column, int indent, const char *format, ...)
{
	char text[WRAP_BYTES], *word, *rest;
	bool first = true;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (word = strtok_r(text, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest)) {
		int length = strlen(word);

		if (!first && column + 1 + length > COLUMNS) {
			fprintf(to, "\n%*s", indent, "");
			column = indent;
		} else if (!first) {
			column += fprintf(to, " ");
		}
		column += fprintf(to, "%s", word);
		first = false;
	}
	fputc('\n', to);
}
