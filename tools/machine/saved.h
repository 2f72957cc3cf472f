/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The form of a saved machine: one text file that a person can read, check
 * before sending it, and change to make a test.
 *
 *	# comment
 *	[sys/bus/pci/devices/0000:00:1c.0]	a folder
 *	class = 0x060400			a file of one line
 *	cpuinfo =				a file of several lines
 *		processor : 0
 *	driver -> pcieport			a link, by the end of its target
 *	DMAR ! EACCES				a file that could not be read
 *	config : 256				a file of 256 bytes, else 0
 *		000: 86 80 10 7a
 *
 * Lines that belong to a file begin with a tab.
 */
#ifndef MACHINE_SAVED_H
#define MACHINE_SAVED_H

#include <stddef.h>
#include <stdio.h>

enum saved_kind {
	SAVED_FOLDER,
	SAVED_FILE,
	SAVED_LINK,
	SAVED_UNREADABLE,
};

/**
 * struct saved_entry - a file, link or folder
 * @path: its path
 * @bytes: content of a file, or target of a link, with a zero behind it
 * @length: bytes of the content
 * @error: why it is unreadable, a positive errno
 */
struct saved_entry {
	char *path;
	enum saved_kind kind;
	char *bytes;
	size_t length;
	int error;
};

/**
 * struct saved - a saved machine in memory
 * @entries: sorted by path
 */
struct saved {
	struct saved_entry *entries;
	size_t nr;
};

/**
 * saved_parse() - read the text
 * @saved: filled in; to be released with saved_free(), after a failure too
 * @text: the file
 * @length: its length
 *
 * Return: 0, or a negative errno with the line in fail_text().
 */
int saved_parse(struct saved *saved, const char *text, size_t length);
void saved_free(struct saved *saved);

/* The index of the first entry whose path is not before @path */
size_t saved_from(const struct saved *saved, const char *path);
const struct saved_entry *saved_find(const struct saved *saved,
				     const char *path);

/* Write the parts of the text; text and names lose what is not printable */
void saved_put_folder(FILE *to, const char *path);
void saved_put_text(FILE *to, const char *name, const char *text);
void saved_put_lines(FILE *to, const char *name, const char *text);
void saved_put_link(FILE *to, const char *name, const char *target);
void saved_put_error(FILE *to, const char *name, int error);
void saved_put_bytes(FILE *to, const char *name, const void *bytes,
		     size_t length);

#endif
