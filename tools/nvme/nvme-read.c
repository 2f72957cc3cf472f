// SPDX-License-Identifier: GPL-2.0
/*
 * nvme-read: reads blocks of an NVMe disk without a kernel driver.
 *
 * The disk is opened through VFIO. Its queues and the buffer for the data are
 * memory of this process; the disk reaches them only through the mappings of
 * the IOMMU. With --interactive, the buffer can be mapped and unmapped between
 * reads, to show when the disk reaches it.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fail.h"
#include "nvme.h"
#include "vfio.h"

enum {
	EXIT_DONE = 0,
	EXIT_SETUP = 1,		/* no device, no mapping, no start */
	EXIT_USAGE = 2,
	EXIT_DEVICE = 3,	/* the disk failed the read, or did not answer */
};

enum output { OUTPUT_TEXT, OUTPUT_HEX, OUTPUT_RAW, OUTPUT_NONE };

struct options {
	const char *address;
	uint64_t block;
	unsigned long count;
	uint64_t iova;
	uint64_t queue_iova;
	unsigned int timeout_ms;
	enum vfio_space_kind kind;
	enum output output;
	bool interactive;
	bool unmapped;
	bool quiet;
};

static const char help[] =
"usage: nvme-read [OPTION...] ADDRESS [BLOCK [COUNT]]\n"
"\n"
"Read COUNT blocks (default 1) from BLOCK (default 0) of the NVMe disk at the\n"
"PCI address ADDRESS, such as 0000:00:04.0, and print them. The disk has to be\n"
"bound to vfio-pci (scripts/vfio-bind does it).\n"
"\n"
"  --iova IOVA          where the disk sees the buffer (default 0x20000000)\n"
"  --queue-iova IOVA    where it sees its queues (default 0x10000000)\n"
"  --unmapped           do not map the buffer: the IOMMU should block the read\n"
"  --space KIND         type1v2 (default) or type1: a container of\n"
"                       /dev/vfio/vfio; iommufd: /dev/iommu and a device file\n"
"  --output FORM        text (default), hex, raw, none\n"
"  --timeout MS         how long the disk may take (default 3000)\n"
"  --interactive        obey commands from standard input; 'help' lists them\n"
"  --quiet              print the data and nothing else\n"
"  --help\n"
"\n"
"Exit status: 0 the blocks were read; 1 the disk could not be opened or set up;\n"
"2 wrong usage; 3 the disk reported an error or did not answer.\n";

static const char commands[] =
"map [IOVA]             map the buffer for the disk\n"
"unmap                  take it away again\n"
"read BLOCK COUNT [IOVA] let the disk write blocks to the buffer's IOVA, or to\n"
"                       another one\n"
"fill BYTE              fill the buffer\n"
"text, hex              show what the last read should have brought\n"
"where                  where the buffer is\n"
"quit\n";

static bool parse_number(const char *text, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 0);
	return *text && *text != '-' && !*end && !errno;
}

static void usage(const char *why, const char *what)
{
	fprintf(stderr, "nvme-read: %s '%s'\n%s", why, what, help);
	exit(EXIT_USAGE);
}

static uint64_t number_or_usage(const char *name, const char *text)
{
	uint64_t number;

	if (!parse_number(text, &number)) {
		fprintf(stderr, "nvme-read: %s: ", name);
		usage("not a number:", text);
	}
	return number;
}

static enum vfio_space_kind parse_space(const char *text)
{
	if (!strcmp(text, "type1v2"))
		return VFIO_SPACE_TYPE1V2;
	if (!strcmp(text, "type1"))
		return VFIO_SPACE_TYPE1;
	if (!strcmp(text, "iommufd"))
		return VFIO_SPACE_IOMMUFD;
	usage("unknown kind of space", text);
	return 0;
}

static enum output parse_output(const char *text)
{
	static const char *const names[] = { "text", "hex", "raw", "none" };

	for (enum output i = OUTPUT_TEXT; i <= OUTPUT_NONE; i++)
		if (!strcmp(text, names[i]))
			return i;
	usage("unknown output", text);
	return 0;
}

static void parse_options(int argc, char **argv, struct options *o)
{
	enum { IOVA = 256, QUEUE_IOVA, UNMAPPED, SPACE, OUTPUT, TIMEOUT,
	       INTERACTIVE, QUIET, HELP };
	static const struct option table[] = {
		{ "iova", required_argument, NULL, IOVA },
		{ "queue-iova", required_argument, NULL, QUEUE_IOVA },
		{ "unmapped", no_argument, NULL, UNMAPPED },
		{ "space", required_argument, NULL, SPACE },
		{ "output", required_argument, NULL, OUTPUT },
		{ "timeout", required_argument, NULL, TIMEOUT },
		{ "interactive", no_argument, NULL, INTERACTIVE },
		{ "quiet", no_argument, NULL, QUIET },
		{ "help", no_argument, NULL, HELP },
		{ }
	};
	int c;

	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		switch (c) {
		case IOVA:
			o->iova = number_or_usage("--iova", optarg);
			break;
		case QUEUE_IOVA:
			o->queue_iova = number_or_usage("--queue-iova", optarg);
			break;
		case UNMAPPED:
			o->unmapped = true;
			break;
		case SPACE:
			o->kind = parse_space(optarg);
			break;
		case OUTPUT:
			o->output = parse_output(optarg);
			break;
		case TIMEOUT:
			o->timeout_ms = number_or_usage("--timeout", optarg);
			break;
		case INTERACTIVE:
			o->interactive = true;
			break;
		case QUIET:
			o->quiet = true;
			break;
		case HELP:
			fputs(help, stdout);
			exit(EXIT_DONE);
		default:
			fputs(help, stderr);
			exit(EXIT_USAGE);
		}
	}
	if (optind == argc || argc - optind > 3)
		usage("give one PCI address, a block and a count, not",
		      optind == argc ? "" : argv[argc - 1]);
	o->address = argv[optind++];
	if (optind < argc)
		o->block = number_or_usage("BLOCK", argv[optind++]);
	if (optind < argc)
		o->count = number_or_usage("COUNT", argv[optind]);
	if (!o->count)
		usage("COUNT cannot be", "0");
}

/* Print lines of text until the first NUL byte, and dots for other bytes */
static void show_text(const uint8_t *data, size_t length)
{
	size_t i;

	for (i = 0; i < length && data[i]; i++)
		putchar(isprint(data[i]) || data[i] == '\n' || data[i] == '\t' ?
			data[i] : '.');
	if (i && data[i - 1] != '\n')
		putchar('\n');
}

static void show_hex(const uint8_t *data, size_t length)
{
	for (size_t at = 0; at < length; at += 16) {
		printf("%08zx ", at);
		for (size_t i = 0; i < 16; i++)
			printf(" %02x", data[at + i]);
		printf("  ");
		for (size_t i = 0; i < 16; i++)
			putchar(isprint(data[at + i]) ? data[at + i] : '.');
		putchar('\n');
	}
}

static void show(const uint8_t *data, size_t length, enum output output)
{
	switch (output) {
	case OUTPUT_TEXT:
		show_text(data, length);
		break;
	case OUTPUT_HEX:
		show_hex(data, length);
		break;
	case OUTPUT_RAW:
		fwrite(data, 1, length, stdout);
		break;
	case OUTPUT_NONE:
		break;
	}
	fflush(stdout);
}

/* The physical address of our memory; 0 unless the process is root */
static uint64_t physical(const void *memory)
{
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	if (pread(fd, &entry, sizeof(entry),
		  (uintptr_t)memory / NVME_PAGE_SIZE * sizeof(entry)) !=
		    sizeof(entry) || !(entry >> 63))
		entry = 0;
	close(fd);
	return (entry & ((1ull << 55) - 1)) * NVME_PAGE_SIZE;
}

/* One disk and one buffer */
struct session {
	struct vfio_space space;
	struct vfio_device device;
	struct nvme disk;
	uint8_t *buffer;
	size_t size;
	size_t wanted;		/* bytes of the last read */
	uint64_t iova;
	bool mapped;
};

static int session_map(struct session *s)
{
	int ret = vfio_map(&s->space, s->iova, s->buffer, s->size, VFIO_PROT_RW);

	if (!ret)
		s->mapped = true;
	return ret;
}

static int session_unmap(struct session *s)
{
	int ret;

	if (!s->mapped)
		return fail(ENOENT, "the buffer is not mapped");
	ret = vfio_unmap(&s->space, s->iova, s->size);
	if (!ret)
		s->mapped = false;
	return ret;
}

static int session_open(struct session *s, const struct options *o)
{
	int ret;

	*s = (struct session){ .iova = o->iova };
	s->size = NVME_MAX_TRANSFER;
	s->buffer = vfio_alloc(s->size);
	if (!s->buffer)
		return -ENOMEM;
	ret = vfio_space_open(&s->space, o->kind);
	if (ret)
		goto free_buffer;
	ret = vfio_device_open(&s->device, &s->space, o->address);
	if (ret)
		goto close_space;
	ret = nvme_open(&s->disk, &s->device, o->queue_iova, o->timeout_ms);
	if (ret)
		goto close_device;
	return 0;

close_device:
	vfio_device_close(&s->device);
close_space:
	vfio_space_close(&s->space);
free_buffer:
	munmap(s->buffer, s->size);
	return ret;
}

/* Stop the disk before its memory is unmapped */
static void session_close(struct session *s)
{
	nvme_close(&s->disk);
	if (s->mapped)
		session_unmap(s);
	vfio_device_close(&s->device);
	vfio_space_close(&s->space);
	munmap(s->buffer, s->size);
}

static void print_where(const struct session *s)
{
	printf("IOVA 0x%llx to 0x%llx -> memory of process %d at %p",
	       (unsigned long long)s->iova,
	       (unsigned long long)s->iova + s->size - 1, getpid(),
	       (void *)s->buffer);
	if (physical(s->buffer))
		printf(" (first page: physical 0x%llx)",
		       (unsigned long long)physical(s->buffer));
	putchar('\n');
}

static int session_read(struct session *s, uint64_t block, uint64_t count,
			uint64_t iova)
{
	if (count > s->disk.max_transfer / s->disk.block_size)
		return fail(EINVAL, "at most %u blocks at once",
			    s->disk.max_transfer / s->disk.block_size);
	s->wanted = count * s->disk.block_size;
	return nvme_read(&s->disk, block, count, iova);
}

/*
 * Run one command of --interactive; the last word of the answer is "ok" or
 * "error"
 */
static int obey(struct session *s, char *line)
{
	char *word[5] = { NULL };
	uint64_t arg[4] = { 0 };
	int n = 0;

	for (char *w = strtok(line, " \t\n"); w && n < 5; w = strtok(NULL, " \t\n"))
		word[n++] = w;
	for (int i = 1; i < n; i++)
		if (!parse_number(word[i], &arg[i - 1]))
			return fail(EINVAL, "not a number: '%s'", word[i]);
	if (!n)
		return 0;
	if (!strcmp(word[0], "map") && n <= 2) {
		if (s->mapped)
			return fail(EEXIST, "the buffer is mapped already");
		s->iova = n > 1 ? arg[0] : s->iova;
		return session_map(s);
	}
	if (!strcmp(word[0], "unmap") && n == 1)
		return session_unmap(s);
	if (!strcmp(word[0], "read") && (n == 3 || n == 4))
		return session_read(s, arg[0], arg[1], n > 3 ? arg[2] : s->iova);
	if (!strcmp(word[0], "fill") && n == 2) {
		memset(s->buffer, (int)arg[0], s->size);
		return 0;
	}
	if (n > 1)
		return fail(EINVAL, "what is '%s' with %d numbers?", word[0],
			    n - 1);
	if (!strcmp(word[0], "text"))
		show_text(s->buffer, s->wanted);
	else if (!strcmp(word[0], "hex"))
		show_hex(s->buffer, s->wanted);
	else if (!strcmp(word[0], "where"))
		print_where(s);
	else if (!strcmp(word[0], "help"))
		fputs(commands, stdout);
	else
		return fail(EINVAL, "unknown command '%s'", word[0]);
	return 0;
}

static int interact(struct session *s)
{
	char line[256];
	int status = EXIT_DONE, ret;

	while (fgets(line, sizeof(line), stdin)) {
		if (!strcmp(line, "quit\n"))
			break;
		ret = obey(s, line);
		if (ret > 0)
			printf("error: the disk reports status 0x%x\n", ret);
		else if (ret < 0)
			printf("error: %s\n", fail_text());
		else
			puts("ok");
		fflush(stdout);
		if (ret)
			status = EXIT_DEVICE;
	}
	return status;
}

/* Read all blocks, with as many commands as needed */
static int read_all(struct session *s, const struct options *o)
{
	uint64_t most = s->disk.max_transfer / s->disk.block_size;
	uint64_t block = o->block, left = o->count;

	while (left) {
		uint64_t count = left < most ? left : most;
		int ret = session_read(s, block, count, s->iova);

		if (ret) {
			fflush(stdout);
			if (ret > 0)
				fprintf(stderr, "nvme-read: blocks %llu to %llu: the disk reports status 0x%x\n",
					(unsigned long long)block,
					(unsigned long long)(block + count - 1),
					ret);
			else
				fprintf(stderr, "nvme-read: %s\n", fail_text());
			return ret == -EINVAL ? EXIT_SETUP : EXIT_DEVICE;
		}
		show(s->buffer, s->wanted, o->output);
		block += count;
		left -= count;
	}
	return EXIT_DONE;
}

int main(int argc, char **argv)
{
	struct options o = {
		.count = 1,
		.iova = 0x20000000,
		.queue_iova = 0x10000000,
		.timeout_ms = 3000,
		.kind = VFIO_SPACE_TYPE1V2,
	};
	struct session s;
	int status;

	parse_options(argc, argv, &o);
	if (session_open(&s, &o)) {
		fprintf(stderr, "nvme-read: %s\n", fail_text());
		return EXIT_SETUP;
	}
	if (!o.quiet) {
		fprintf(stderr, "%s: %s, %llu blocks of %u bytes\n",
			s.device.address, s.disk.model,
			(unsigned long long)s.disk.blocks, s.disk.block_size);
	}
	if (o.interactive) {
		status = interact(&s);
	} else if (!o.unmapped && session_map(&s)) {
		fprintf(stderr, "nvme-read: %s\n", fail_text());
		status = EXIT_SETUP;
	} else {
		status = read_all(&s, &o);
	}
	session_close(&s);
	return status;
}
