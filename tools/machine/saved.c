// SPDX-License-Identifier: GPL-2.0
/*
 * Reads and writes the text of a saved machine.
 *
 * The text may come from a stranger: each entry and the sum of all have a
 * limit, and a line that has no meaning ends the reading.
 */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "machine/saved.h"
#include "machine/source.h"

#define ENTRY_BYTES_MAX	(256 * 1024)
#define TOTAL_BYTES_MAX	(32 * 1024 * 1024)
#define ENTRIES_MAX	400000
#define BYTES_PER_LINE	16

/* The errors that reading a file can have, by name */
static const struct {
	int error;
	const char *name;
} errors[] = {
	{ EACCES, "EACCES" }, { EPERM, "EPERM" },   { EIO, "EIO" },
	{ ENODEV, "ENODEV" }, { ENXIO, "ENXIO" },   { EINVAL, "EINVAL" },
	{ EFBIG, "EFBIG" },
};

#define ERRORS (sizeof(errors) / sizeof(*errors))

/**
 * struct reader - the state of reading
 * @folder: the path of the last folder
 * @grows: an entry that the following lines belong to
 * @hex: they are bytes in hexadecimal
 * @total: bytes of all entries
 */
struct reader {
	struct saved *saved;
	size_t room;
	char folder[SOURCE_PATH_MAX];
	bool grows;
	bool hex;
	size_t total;
};

static bool is_printable(const char *text, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (text[i] != '\t' && (text[i] < ' ' || text[i] > '~'))
			return false;
	return true;
}

static struct saved_entry *last_of(struct reader *reader)
{
	return &reader->saved->entries[reader->saved->nr - 1];
}

/* Give the last entry @length bytes, of which those that are new are 0 */
static int resize(struct reader *reader, size_t length)
{
	struct saved_entry *entry = last_of(reader);
	char *bytes;

	if (length > ENTRY_BYTES_MAX ||
	    reader->total + length - entry->length > TOTAL_BYTES_MAX)
		return -EFBIG;
	bytes = realloc(entry->bytes, length + 1);
	if (!bytes)
		return -ENOMEM;
	if (length > entry->length)
		memset(bytes + entry->length, 0, length - entry->length);
	bytes[length] = '\0';
	reader->total += length - entry->length;
	entry->bytes = bytes;
	entry->length = length;
	return 0;
}

static int append(struct reader *reader, const char *text, size_t length)
{
	size_t at = last_of(reader)->length;
	int ret = resize(reader, at + length);

	if (!ret)
		memcpy(last_of(reader)->bytes + at, text, length);
	return ret;
}

static int add(struct reader *reader, enum saved_kind kind, const char *name,
	       size_t length)
{
	struct saved *saved = reader->saved;
	struct saved_entry *entry;
	char path[2 * SOURCE_PATH_MAX];

	if (saved->nr == ENTRIES_MAX)
		return -EFBIG;
	if (saved->nr == reader->room) {
		size_t room = reader->room ? 2 * reader->room : 256;

		entry = realloc(saved->entries, room * sizeof(*entry));
		if (!entry)
			return -ENOMEM;
		saved->entries = entry;
		reader->room = room;
	}
	if (kind == SAVED_FOLDER)
		snprintf(path, sizeof(path), "%s", reader->folder);
	else
		snprintf(path, sizeof(path), "%s/%.*s", reader->folder,
			 (int)length, name);
	entry = &saved->entries[saved->nr];
	*entry = (struct saved_entry){ .kind = kind, .path = strdup(path) };
	if (!entry->path)
		return -ENOMEM;
	saved->nr++;
	return resize(reader, 0);
}

static int read_folder(struct reader *reader, const char *line, size_t length)
{
	if (length < 3 || line[length - 1] != ']' ||
	    length - 2 >= sizeof(reader->folder) || line[1] == '/')
		return -EINVAL;
	memcpy(reader->folder, line + 1, length - 2);
	reader->folder[length - 2] = '\0';
	return add(reader, SAVED_FOLDER, NULL, 0);
}

static int read_error(struct reader *reader, const char *value, size_t length)
{
	size_t i;

	for (i = 0; i < ERRORS; i++)
		if (strlen(errors[i].name) == length &&
		    !memcmp(errors[i].name, value, length))
			last_of(reader)->error = errors[i].error;
	return last_of(reader)->error ? 0 : -EINVAL;
}

/* NAME SIGN VALUE, where the sign says what kind of entry it is */
static int read_entry(struct reader *reader, const char *line, size_t length)
{
	const char *space = memchr(line, ' ', length), *value;
	size_t name = space ? space - line : 0, sign, left;
	char number[16];
	int ret;

	if (!name || name >= SOURCE_NAME_MAX || memchr(line, '/', name) ||
	    !reader->folder[0] || length < name + 2)
		return -EINVAL;
	sign = line[name + 1] == '-' ? 2 : 1;
	left = length - name - 1;
	if (left < sign || (sign == 2 && line[name + 2] != '>'))
		return -EINVAL;
	value = line + name + 1 + sign;
	left -= sign;
	if (left && *value++ != ' ')
		return -EINVAL;
	left -= left > 0;

	switch (line[name + 1]) {
	case '=':
		ret = add(reader, SAVED_FILE, line, name);
		reader->grows = !left;
		if (ret || !left)
			return ret;
		ret = append(reader, value, left);
		return ret ?: append(reader, "\n", 1);
	case '-':
		ret = add(reader, SAVED_LINK, line, name);
		return ret ?: append(reader, value, left);
	case '!':
		ret = add(reader, SAVED_UNREADABLE, line, name);
		return ret ?: read_error(reader, value, left);
	case ':':
		snprintf(number, sizeof(number), "%.*s", (int)left, value);
		ret = add(reader, SAVED_FILE, line, name);
		reader->grows = true;
		reader->hex = true;
		return ret ?: resize(reader, strtoul(number, NULL, 10));
	}
	return -EINVAL;
}

/* OFFSET: BYTE... */
static int read_bytes(struct reader *reader, const char *line, size_t length)
{
	struct saved_entry *entry = last_of(reader);
	unsigned long at;
	char text[256], *here;

	if (length >= sizeof(text))
		return -EINVAL;
	memcpy(text, line, length);
	text[length] = '\0';
	at = strtoul(text, &here, 16);
	if (here == text || *here++ != ':')
		return -EINVAL;
	while (*here) {
		char *end;
		unsigned long byte = strtoul(here, &end, 16);

		if (end == here || byte > 0xff || at >= entry->length)
			return -EINVAL;
		entry->bytes[at++] = (char)byte;
		here = end;
	}
	return 0;
}

static int read_line(struct reader *reader, const char *line, size_t length)
{
	int ret;

	if (!is_printable(line, length))
		return -EINVAL;
	if (length && line[0] == '\t') {
		if (!reader->grows)
			return -EINVAL;
		if (reader->hex)
			return read_bytes(reader, line + 1, length - 1);
		ret = append(reader, line + 1, length - 1);
		return ret ?: append(reader, "\n", 1);
	}
	reader->grows = false;
	reader->hex = false;
	if (!length || line[0] == '#')
		return 0;
	if (line[0] == '[')
		return read_folder(reader, line, length);
	return read_entry(reader, line, length);
}

static int compare(const void *a, const void *b)
{
	const struct saved_entry *x = a, *y = b;

	return strcmp(x->path, y->path);
}

int saved_parse(struct saved *saved, const char *text, size_t length)
{
	struct reader reader = { .saved = saved };
	unsigned int line = 0;
	int ret;

	*saved = (struct saved){ };
	while (length) {
		const char *end = memchr(text, '\n', length);
		size_t bytes = end ? end - text : length;

		line++;
		ret = read_line(&reader, text, bytes);
		if (ret)
			return fail(-ret, "line %u of a saved machine", line);
		bytes += !!end;
		text += bytes;
		length -= bytes;
	}
	if (saved->nr)
		qsort(saved->entries, saved->nr, sizeof(*saved->entries),
		      compare);
	return 0;
}

void saved_free(struct saved *saved)
{
	size_t i;

	for (i = 0; i < saved->nr; i++) {
		free(saved->entries[i].path);
		free(saved->entries[i].bytes);
	}
	free(saved->entries);
	*saved = (struct saved){ };
}

size_t saved_from(const struct saved *saved, const char *path)
{
	size_t low = 0, high = saved->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(saved->entries[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct saved_entry *saved_find(const struct saved *saved,
				     const char *path)
{
	size_t at = saved_from(saved, path);

	if (at == saved->nr || strcmp(saved->entries[at].path, path))
		return NULL;
	return &saved->entries[at];
}

static void put_printable(FILE *to, const char *text, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		fputc(is_printable(text + i, 1) ? text[i] : '?', to);
}

void saved_put_folder(FILE *to, const char *path)
{
	fputs("\n[", to);
	put_printable(to, path, strlen(path));
	fputs("]\n", to);
}

void saved_put_text(FILE *to, const char *name, const char *text)
{
	fprintf(to, "%s = ", name);
	put_printable(to, text, strcspn(text, "\n"));
	fputc('\n', to);
}

void saved_put_lines(FILE *to, const char *name, const char *text)
{
	fprintf(to, "%s =\n", name);
	while (*text) {
		size_t length = strcspn(text, "\n");

		fputc('\t', to);
		put_printable(to, text, length);
		fputc('\n', to);
		text += length + !!text[length];
	}
}

void saved_put_link(FILE *to, const char *name, const char *target)
{
	fprintf(to, "%s -> ", name);
	put_printable(to, target, strlen(target));
	fputc('\n', to);
}

void saved_put_error(FILE *to, const char *name, int error)
{
	const char *word = "EIO";
	size_t i;

	for (i = 0; i < ERRORS; i++)
		if (errors[i].error == error)
			word = errors[i].name;
	fprintf(to, "%s ! %s\n", name, word);
}

void saved_put_bytes(FILE *to, const char *name, const void *bytes,
		     size_t length)
{
	const uint8_t *byte = bytes;
	size_t at, i;

	fprintf(to, "%s : %zu\n", name, length);
	for (at = 0; at < length; at += BYTES_PER_LINE) {
		size_t end = at + BYTES_PER_LINE;
		bool zero = true;

		if (end > length)
			end = length;
		for (i = at; i < end; i++)
			zero &= !byte[i];
		if (zero)
			continue;
		fprintf(to, "\t%03zx:", at);
		for (i = at; i < end; i++)
			fprintf(to, " %02x", byte[i]);
		fputc('\n', to);
	}
}
