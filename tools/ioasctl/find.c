// SPDX-License-Identifier: GPL-2.0
/* Searches /proc, where each file descriptor is a link to the open file */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fail.h"
#include "ioasctl/find.h"

static int find_in(pid_t pid, find_fn fn, void *arg)
{
	char path[64], target[64];
	struct dirent *entry;
	int ret = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	if (!dir)
		return fail(errno, "%s", path);
	while (!ret && (entry = readdir(dir))) {
		ssize_t length = readlinkat(dirfd(dir), entry->d_name, target,
					    sizeof(target) - 1);

		if (length < 0)
			continue;
		target[length] = '\0';
		if (!strcmp(target, "/dev/iommu"))
			ret = fn(arg, pid, atoi(entry->d_name));
	}
	closedir(dir);
	return ret;
}

int find_descriptors(pid_t pid, find_fn fn, void *arg)
{
	struct dirent *entry;
	int ret = 0;
	DIR *dir;

	if (pid)
		return find_in(pid, fn, arg);
	dir = opendir("/proc");
	if (!dir)
		return fail(errno, "/proc");
	/* Skip processes that have exited, or that we may not trace */
	while (ret <= 0 && (entry = readdir(dir)))
		if (isdigit((unsigned char)*entry->d_name))
			ret = find_in(atoi(entry->d_name), fn, arg);
	closedir(dir);
	return ret > 0 ? ret : 0;
}

int find_borrow(pid_t pid, int fd)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0);
	int copy;

	if (pidfd < 0)
		return fail(errno, "process %d", pid);
	copy = syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	if (copy < 0)
		copy = fail(errno, "descriptor %d of process %d", fd, pid);
	close(pidfd);
	return copy;
}

void find_name(pid_t pid, char name[16])
{
	char path[64];
	FILE *file;

	snprintf(name, 16, "?");
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	file = fopen(path, "r");
	if (!file)
		return;
	if (fgets(name, 16, file))
		name[strcspn(name, "\n")] = '\0';
	fclose(file);
}
