// SPDX-License-Identifier: GPL-2.0
/*
 * ioasctl: shows the address spaces of /dev/iommu in other processes, runs
 * commands on new ones, and says what a machine has for them.
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "ioasctl/find.h"
#include "ioasctl/ioas.h"
#include "ioasctl/picture.h"
#include "ioasctl/script.h"
#include "machine/machine.h"

/* Ids count up from 1; after a gap of this length there are no more */
#define ID_GAP_MAX 1024

static void usage(FILE *to)
{
	fprintf(to,
		"usage: ioasctl list\n"
		"       ioasctl show PID [FD]\n"
		"       ioasctl run [FILE]\n"
		"       ioasctl machine [--root PATH] [--save FILE]\n"
		"\n"
		"Show address spaces of /dev/iommu, try them out, and examine a machine.\n"
		"\n"
		"An address space (IOAS) maps I/O virtual addresses (IOVA), which devices use, to\n"
		"memory of a process. It belongs to an open file. ioasctl copies the descriptor of\n"
		"another process to look at its address spaces, so it needs the right to trace\n"
		"that process.\n"
		"\n"
		"Actions:\n"
		"  list                 list the processes that have /dev/iommu open\n"
		"  show PID [FD]        draw the address spaces of a process: those of one\n"
		"                       descriptor, or of all\n"
		"  run [FILE]           open /dev/iommu, and carry out commands from a file, one\n"
		"                       per line (default: standard input)\n"
		"  machine              draw the IOMMU units of this machine and the PCI devices\n"
		"                       behind each, with their groups, and say how to use\n"
		"                       Sluice on it; needs no module\n"
		"\n"
		"Options:\n"
		"  --help               print this text\n"
		"\n"
		"%s\n"
		"%s\n"
		"Examples:\n"
		"  ioasctl machine\n"
		"  ioasctl show 1234\n"
		"  printf 'alloc\\nmap 2M at 2M\\nshow\\n' | ioasctl run\n"
		"\n"
		"Exit status:\n"
		"  0                    success\n"
		"  1                    something failed; the message says what and why\n"
		"  2                    the arguments are wrong\n",
		machine_help, script_help);
}

static int stop(void)
{
	fprintf(stderr, "ioasctl: %s\n", fail_text());
	return 1;
}

static int list_one(void *arg, pid_t pid, int fd)
{
	char name[16];

	(void)arg;
	find_name(pid, name);
	printf("%7d  %-15s  descriptor %d\n", pid, name, fd);
	return 0;
}

static int list(void)
{
	return find_descriptors(0, list_one, NULL) < 0 ? stop() : 0;
}

static int show_descriptor(void *arg, pid_t pid, int fd)
{
	uint32_t id, missing = 0;
	struct ioas_view view;
	int *shown = arg;
	char name[16];
	int copy, ret;

	copy = find_borrow(pid, fd);
	if (copy < 0)
		return copy;
	find_name(pid, name);
	printf("process %d (%s), descriptor %d\n", pid, name, fd);
	for (id = 1; missing < ID_GAP_MAX; id++) {
		ret = ioas_look(copy, id, &view);
		if (ret == -ENOENT) {
			missing++;
			continue;
		}
		if (ret)
			break;
		missing = 0;
		picture_draw(stdout, &view);
		ioas_view_free(&view);
		(*shown)++;
	}
	close(copy);
	return ret == -ENOENT ? 0 : ret;
}

static int show(const char *pid, const char *fd)
{
	int shown = 0, ret;

	if (atoi(pid) <= 0)
		ret = fail(EINVAL, "process '%s'", pid);
	else if (fd)
		ret = show_descriptor(&shown, atoi(pid), atoi(fd));
	else
		ret = find_descriptors(atoi(pid), show_descriptor, &shown);
	if (ret)
		return stop();
	if (!shown)
		printf("process %s has no address space\n", pid);
	return 0;
}

static int run(const char *name)
{
	FILE *in = name ? fopen(name, "r") : stdin;
	int fd, line;

	if (!in) {
		fail(errno, "%s", name);
		return stop();
	}
	fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		fail(errno, "/dev/iommu (is iommufd.ko loaded?)");
		return stop();
	}
	line = script_run(fd, in, stdout);
	if (line)
		fprintf(stderr, "ioasctl: line %d: %s\n", line, fail_text());
	close(fd);
	return line ? 1 : 0;
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";
	int ret;

	setlocale(LC_ALL, "");
	if (!strcmp(command, "list") && argc == 2)
		return list();
	if (!strcmp(command, "show") && (argc == 3 || argc == 4))
		return show(argv[2], argc == 4 ? argv[3] : NULL);
	if (!strcmp(command, "run") && argc <= 3)
		return run(argc == 3 ? argv[2] : NULL);
	if (!strcmp(command, "machine")) {
		ret = machine_main(argc - 2, argv + 2);
		if (ret != 2)
			return ret;
	}
	if (!strcmp(command, "--help")) {
		usage(stdout);
		return 0;
	}
	usage(stderr);
	return 2;
}
