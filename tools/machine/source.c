// SPDX-License-Identifier: GPL-2.0
/*
 * Answers from the files of a machine, or from a saved text.
 *
 * In a folder every path is opened with openat2() and RESOLVE_IN_ROOT: the
 * kernel itself keeps absolute links and ".." inside the folder. The file is
 * first opened without access to see that it is a regular one, because opening
 * a device or a pipe of a hostile tree could block or have effects.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fail.h"
#include "machine/saved.h"
#include "machine/source.h"

#define TEXT_BYTES_MAX	(32 * 1024 * 1024)
#define NAMES_MAX	16384

/**
 * struct source - a machine
 * @folder: descriptor of its root folder, or -1
 * @live: it is this machine
 * @saved: its text, if @folder is -1
 */
struct source {
	int folder;
	bool live;
	struct saved saved;
};

#define FORMAT_PATH(path, format)					\
	do {								\
		va_list args_;						\
									\
		va_start(args_, format);				\
		vsnprintf(path, sizeof(path), format, args_);		\
		va_end(args_);						\
	} while (0)

struct source *source_of_text(const char *text, size_t length)
{
	struct source *from = calloc(1, sizeof(*from));

	if (!from) {
		fail(ENOMEM, "a saved machine");
		return NULL;
	}
	from->folder = -1;
	if (saved_parse(&from->saved, text, length)) {
		source_close(from);
		return NULL;
	}
	return from;
}

static struct source *open_text(int fd, const char *root)
{
	char *text = malloc(TEXT_BYTES_MAX);
	struct source *from = NULL;
	size_t length = 0;
	ssize_t n = 1;

	while (text && n > 0 && length < TEXT_BYTES_MAX) {
		n = read(fd, text + length, TEXT_BYTES_MAX - length);
		length += n > 0 ? n : 0;
	}
	if (!text || n < 0)
		fail(text ? errno : ENOMEM, "%s", root);
	else if (length == TEXT_BYTES_MAX)
		fail(EFBIG, "%s", root);
	else
		from = source_of_text(text, length);
	free(text);
	close(fd);
	return from;
}

struct source *source_open(const char *root)
{
	int fd = open(root, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct source *from;
	struct stat stat;

	if (fd < 0 || fstat(fd, &stat)) {
		fail(errno, "%s", root);
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	if (!S_ISDIR(stat.st_mode))
		return open_text(fd, root);
	from = calloc(1, sizeof(*from));
	if (!from) {
		fail(ENOMEM, "%s", root);
		close(fd);
		return NULL;
	}
	from->folder = fd;
	from->live = !strcmp(root, "/");
	return from;
}

void source_close(struct source *from)
{
	if (from->folder >= 0)
		close(from->folder);
	saved_free(&from->saved);
	free(from);
}

bool source_is_live(const struct source *from)
{
	return from->live;
}

static int open_in(const struct source *from, const char *path, int flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd = syscall(SYS_openat2, from->folder, path, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

static int open_kind(const struct source *from, const char *path, mode_t kind)
{
	int fd = open_in(from, path, O_PATH);
	struct stat stat;

	if (fd < 0)
		return fd;
	if (fstat(fd, &stat) || (stat.st_mode & S_IFMT) != kind) {
		close(fd);
		return -EINVAL;
	}
	close(fd);
	return open_in(from, path, O_RDONLY | O_NONBLOCK);
}

static long read_in(const struct source *from, const char *path, void *buffer,
		    size_t size)
{
	int fd = open_kind(from, path, S_IFREG);
	size_t length = 0;
	ssize_t n = 1;

	if (fd < 0)
		return fd;
	while (n > 0 && length < size) {
		n = read(fd, (char *)buffer + length, size - length);
		length += n > 0 ? n : 0;
	}
	n = n < 0 && !length ? -errno : (ssize_t)length;
	close(fd);
	return n;
}

static long read_path(const struct source *from, const char *path,
		      void *buffer, size_t size)
{
	const struct saved_entry *entry;

	if (from->folder >= 0)
		return read_in(from, path, buffer, size);
	entry = saved_find(&from->saved, path);
	if (!entry)
		return -ENOENT;
	if (entry->kind == SAVED_UNREADABLE)
		return -entry->error;
	if (entry->kind != SAVED_FILE)
		return -EINVAL;
	if (size > entry->length)
		size = entry->length;
	memcpy(buffer, entry->bytes, size);
	return size;
}

long source_read(const struct source *from, void *buffer, size_t size,
		 const char *path, ...)
{
	char name[SOURCE_PATH_MAX];

	FORMAT_PATH(name, path);
	return read_path(from, name, buffer, size);
}

static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

int source_text(const struct source *from, char *line, size_t size,
		const char *path, ...)
{
	char name[SOURCE_PATH_MAX];
	long length;

	FORMAT_PATH(name, path);
	length = read_path(from, name, line, size - 1);
	line[length > 0 ? length : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	make_printable(line);
	return length < 0 ? (int)length : 0;
}

static int link_in(const struct source *from, const char *path, char *target,
		   size_t size)
{
	int fd = open_in(from, path, O_PATH | O_NOFOLLOW);
	ssize_t length;

	if (fd < 0)
		return fd;
	length = readlinkat(fd, "", target, size - 1);
	target[length > 0 ? length : 0] = '\0';
	close(fd);
	return length < 0 ? -EINVAL : 0;
}

int source_link(const struct source *from, char name[SOURCE_NAME_MAX],
		const char *path, ...)
{
	char target[4096] = "", full[SOURCE_PATH_MAX], *end;
	const struct saved_entry *entry;
	int ret = 0;

	FORMAT_PATH(full, path);
	name[0] = '\0';
	if (from->folder >= 0) {
		ret = link_in(from, full, target, sizeof(target));
		if (ret)
			return ret;
	} else {
		entry = saved_find(&from->saved, full);
		if (!entry)
			return -ENOENT;
		if (entry->kind != SAVED_LINK)
			return -EINVAL;
		snprintf(target, sizeof(target), "%s", entry->bytes);
	}
	end = strrchr(target, '/');
	snprintf(name, SOURCE_NAME_MAX, "%.*s", SOURCE_NAME_MAX - 1,
		 end ? end + 1 : target);
	make_printable(name);
	return 0;
}

static int add_name(struct source_names *list, size_t *room, const char *name,
		    size_t length)
{
	char **names;

	if (list->nr == NAMES_MAX)
		return -EFBIG;
	if (list->nr == *room) {
		*room = *room ? 2 * *room : 64;
		names = realloc(list->names, *room * sizeof(*names));
		if (!names)
			return -ENOMEM;
		list->names = names;
	}
	list->names[list->nr] = strndup(name, length);
	if (!list->names[list->nr])
		return -ENOMEM;
	make_printable(list->names[list->nr++]);
	return 0;
}

static int list_in(const struct source *from, const char *path,
		   struct source_names *list, size_t *room)
{
	int fd = open_kind(from, path, S_IFDIR), ret = 0;
	struct dirent *entry;
	DIR *dir;

	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	while (!ret && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			ret = add_name(list, room, entry->d_name,
				       strlen(entry->d_name));
	closedir(dir);
	return ret;
}

static int list_saved(const struct saved *saved, const char *path,
		      struct source_names *list, size_t *room)
{
	char prefix[SOURCE_PATH_MAX + 1];
	size_t at, skip, length;
	int ret = 0;

	skip = snprintf(prefix, sizeof(prefix), "%s/", path);
	for (at = saved_from(saved, prefix); !ret && at < saved->nr; at++) {
		const char *name = saved->entries[at].path;

		if (strncmp(name, prefix, skip))
			break;
		name += skip;
		length = strcspn(name, "/");
		/* Most entries below one folder follow each other */
		if (!list->nr ||
		    strlen(list->names[list->nr - 1]) != length ||
		    strncmp(list->names[list->nr - 1], name, length))
			ret = add_name(list, room, name, length);
	}
	return list->nr || ret || saved_find(saved, path) ? ret : -ENOENT;
}

static int compare_names(const void *a, const void *b)
{
	char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

static void remove_doubles(struct source_names *list)
{
	size_t i, kept = 0;

	for (i = 0; i < list->nr; i++) {
		if (kept && !strcmp(list->names[kept - 1], list->names[i]))
			free(list->names[i]);
		else
			list->names[kept++] = list->names[i];
	}
	list->nr = kept;
}

int source_list(const struct source *from, struct source_names *list,
		const char *path, ...)
{
	char name[SOURCE_PATH_MAX];
	size_t room = 0;
	int ret;

	FORMAT_PATH(name, path);
	*list = (struct source_names){ };
	if (from->folder >= 0)
		ret = list_in(from, name, list, &room);
	else
		ret = list_saved(&from->saved, name, list, &room);
	if (ret)
		source_names_free(list);
	else if (list->nr)
		qsort(list->names, list->nr, sizeof(*list->names),
		      compare_names);
	remove_doubles(list);
	return ret;
}

void source_names_free(struct source_names *list)
{
	size_t i;

	for (i = 0; i < list->nr; i++)
		free(list->names[i]);
	free(list->names);
	*list = (struct source_names){ };
}

bool source_has(const struct source *from, const char *path, ...)
{
	struct source_names list;
	char name[SOURCE_PATH_MAX];
	bool has;
	int fd;

	FORMAT_PATH(name, path);
	if (from->folder >= 0) {
		fd = open_in(from, name, O_PATH);
		if (fd >= 0)
			close(fd);
		return fd >= 0;
	}
	if (saved_find(&from->saved, name))
		return true;
	has = !source_list(from, &list, "%s", name);
	source_names_free(&list);
	return has;
}

int source_msr(const struct source *from, uint32_t number, uint64_t *value)
{
	char text[32];
	ssize_t n;
	int fd, ret;

	if (!from->live) {
		ret = source_text(from, text, sizeof(text),
				  "dev/cpu/0/msr-%#x", number);
		*value = ret ? 0 : strtoull(text, NULL, 0);
		return ret;
	}
	fd = open("/dev/cpu/0/msr", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == EPERM ? -EACCES : -errno;
	n = pread(fd, value, sizeof(*value), number);
	ret = n == sizeof(*value) ? 0 : -EIO;
	close(fd);
	return ret;
}
