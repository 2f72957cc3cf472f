/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the facts about a machine come from: this machine, a copied tree of
 * another one, or a file that "ioasctl machine --save" wrote.
 *
 * All three answer the same questions by the paths that the files have on the
 * machine, without the first slash: "sys/class/iommu". A tree or a file of
 * somebody else is hostile input: no link leads out of it, only regular files
 * are opened, and sizes are limited.
 */
#ifndef MACHINE_SOURCE_H
#define MACHINE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOURCE_PATH_MAX	256
#define SOURCE_NAME_MAX	64

/* The compiler checks arguments as those of printf() */
#define FORMATTED(at, first)						\
	__attribute__((format(printf,					\
			      at, first)))

struct source;

/**
 * struct source_names - the names in a folder
 * @names: sorted; the whole is released with source_names_free()
 * @nr: number of names
 */
struct source_names {
	char **names;
	size_t nr;
};

/**
 * source_open() - open a machine
 * @root: "/" for this machine, a folder, or a saved file
 *
 * Return: the machine, to be closed with source_close(); NULL on failure, with
 * the sentence in fail_text().
 */
struct source *source_open(const char *root);
/* A saved file that is in memory; the bytes are copied */
struct source *source_of_text(const char *text, size_t length);
void source_close(struct source *from);

/* Is it this machine, which can be asked for more than its files? */
bool source_is_live(const struct source *from);

/**
 * source_read() - read a file
 * @from: the machine
 * @buffer: filled in
 * @size: the most that is read
 * @path: path of the file, as for printf()
 *
 * Return: the number of bytes read, or a negative errno.
 */
long source_read(const struct source *from, void *buffer, size_t size,
		 const char *path, ...)
	FORMATTED(4, 5);

/**
 * source_text() - read the first line of a file
 * @from: the machine
 * @line: filled in, without the end of the line; empty on failure. Anything but
 *	printable ASCII is replaced, so that it is safe to print.
 * @size: bytes at @line
 * @path: path of the file, as for printf()
 *
 * Return: 0 or a negative errno.
 */
int source_text(const struct source *from, char *line, size_t size,
		const char *path, ...) FORMATTED(4, 5);

/**
 * source_link() - read a link
 * @from: the machine
 * @name: filled in with the last part of the link's target; empty on failure
 * @path: path of the link, as for printf()
 *
 * Return: 0 or a negative errno.
 */
int source_link(const struct source *from, char name[SOURCE_NAME_MAX],
		const char *path, ...) FORMATTED(3, 4);

/**
 * source_list() - list a folder
 * @from: the machine
 * @list: filled in; empty on failure
 * @path: path of the folder, as for printf()
 *
 * Return: 0 or a negative errno.
 */
int source_list(const struct source *from, struct source_names *list,
		const char *path, ...) FORMATTED(3, 4);
void source_names_free(struct source_names *list);

/* Does the file, link or folder exist? */
bool source_has(const struct source *from, const char *path, ...)
	FORMATTED(2, 3);

/**
 * source_msr() - read a model-specific register of CPU 0
 * @from: the machine; copies have them in dev/cpu/0/msr-0xNUMBER
 * @number: of the register
 * @value: filled in
 *
 * Return: 0 or a negative errno: ENOENT if the msr module is not loaded, EACCES
 * without root, EIO if the CPU does not have the register.
 */
int source_msr(const struct source *from, uint32_t number, uint64_t *value);

#endif
