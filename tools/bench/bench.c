// SPDX-License-Identifier: GPL-2.0
/*
 * The cost of mapping and unmapping user memory for DMA, for scripts/bench: one
 * line for each operation, with its name and nanoseconds.
 *
 * Runs in a virtual machine that counts instructions as nanoseconds (QEMU's
 * -icount shift=0), where the numbers repeat. With --threads it measures the
 * speed-up of two threads over one, which needs a machine with real time.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "bench/floor/iommu_floor.h"
#include "fail.h"
#include "vfio.h"

#define MIB (1UL << 20)
#define PAGE 4096UL
#define SUPERPAGE (2 * MIB)
#define IOVA (1UL << 32)
#define ONE_PAGE_ROUNDS 64
#define THREADS 2
#define THREAD_ROUNDS 400

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void stop(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, fail_text());
	exit(1);
}

/* Memory in pages of one kind, all of them present */
static char *memory(size_t length, int advice)
{
	char *all = mmap(NULL, length + SUPERPAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *start;

	if (all == MAP_FAILED) {
		perror("bench: mmap");
		exit(1);
	}
	start = (char *)(((uintptr_t)all + SUPERPAGE - 1) & ~(SUPERPAGE - 1));
	madvise(start, length, advice);
	memset(start, 1, length);
	return start;
}

struct cost {
	uint64_t map_ns;
	uint64_t unmap_ns;
};

/* The cost of one operation, of the floor or of a space */
typedef struct cost (*measure_fn)(void *target, char *memory, size_t length);

static struct cost measure_space(void *target, char *memory, size_t length)
{
	struct vfio_space *space = target;
	uint64_t start = now_ns(), mapped;
	struct cost cost;

	if (vfio_map(space, IOVA, memory, length, VFIO_PROT_RW))
		stop("map");
	mapped = now_ns();
	if (vfio_unmap(space, IOVA, length))
		stop("unmap");
	cost.unmap_ns = now_ns() - mapped;
	cost.map_ns = mapped - start;
	return cost;
}

static struct cost measure_floor(void *target, char *memory, size_t length)
{
	struct iommu_floor args = {
		.address = (uintptr_t)memory,
		.length = length,
	};

	if (ioctl(*(int *)target, IOMMU_FLOOR_MEASURE, &args)) {
		perror("bench: IOMMU_FLOOR_MEASURE");
		exit(1);
	}
	return (struct cost){ args.pin_ns, args.unpin_ns };
}

static void print_cost(const char *name, struct cost cost)
{
	printf("map-%s %llu\n", name, (unsigned long long)cost.map_ns);
	printf("unmap-%s %llu\n", name, (unsigned long long)cost.unmap_ns);
	fflush(stdout);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* The median of the rounds, as a clock tick may fall into one of them */
static void measure_one_page(measure_fn measure, void *target,
			     const char *name, char *page)
{
	uint64_t map[ONE_PAGE_ROUNDS], unmap[ONE_PAGE_ROUNDS];
	int i;

	for (i = 0; i < ONE_PAGE_ROUNDS; i++) {
		struct cost cost = measure(target, page, PAGE);

		map[i] = cost.map_ns;
		unmap[i] = cost.unmap_ns;
	}
	qsort(map, ONE_PAGE_ROUNDS, sizeof(*map), compare);
	qsort(unmap, ONE_PAGE_ROUNDS, sizeof(*unmap), compare);
	print_cost(name, (struct cost){ map[ONE_PAGE_ROUNDS / 2],
					unmap[ONE_PAGE_ROUNDS / 2] });
}

static void measure_all(measure_fn measure, void *target, size_t length)
{
	char *small = memory(length, MADV_NOHUGEPAGE);
	struct vfio_space *space = NULL;
	char *huge;

	if (measure == measure_space)
		space = target;
	/* The first call of all pays for allocations that are made once */
	measure(target, small, PAGE);
	print_cost("small-pages", measure(target, small, length));

	/* A lone page needs new page tables, which the unmap frees */
	measure_one_page(measure, target, "lone-page", small);
	/* As in most programs, the page table holds other mappings too */
	if (space && vfio_map(space, IOVA + PAGE, small + PAGE, PAGE,
			      VFIO_PROT_RW))
		stop("map a neighbour");
	measure_one_page(measure, target, "one-page", small);
	if (space && vfio_unmap(space, IOVA + PAGE, PAGE))
		stop("unmap the neighbour");
	munmap(small, length);

	huge = memory(length, MADV_HUGEPAGE);
	print_cost("huge-pages", measure(target, huge, length));
	munmap(huge, length);
}

struct worker {
	struct vfio_space *space;
	char *memory;
	uint64_t iova;
	size_t length;
	pthread_barrier_t *barrier;
};

static void *work(void *arg)
{
	struct worker *w = arg;
	int i;

	pthread_barrier_wait(w->barrier);
	for (i = 0; i < THREAD_ROUNDS; i++) {
		if (vfio_map(w->space, w->iova, w->memory, w->length,
			     VFIO_PROT_RW) ||
		    vfio_unmap(w->space, w->iova, w->length))
			stop("map or unmap in a thread");
	}
	return NULL;
}

/* Each thread does the same amount of work, so two threads do twice as much */
static uint64_t run_threads(struct vfio_space *space, int nr, size_t length)
{
	struct worker workers[THREADS];
	pthread_t threads[THREADS];
	pthread_barrier_t barrier;
	uint64_t start;
	int i;

	pthread_barrier_init(&barrier, NULL, nr + 1);
	for (i = 0; i < nr; i++) {
		workers[i] = (struct worker){
			.space = space,
			.memory = memory(length, MADV_NOHUGEPAGE),
			.iova = IOVA + i * (64UL << 30),
			.length = length,
			.barrier = &barrier,
		};
		pthread_create(&threads[i], NULL, work, &workers[i]);
	}
	pthread_barrier_wait(&barrier);
	start = now_ns();
	for (i = 0; i < nr; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&barrier);
	return now_ns() - start;
}

static void usage(FILE *to)
{
	fprintf(to,
		"usage: bench [--size MIB] [--threads] floor|container|iommufd [PCI-ADDRESS]\n"
		"What mapping memory for DMA costs: nanoseconds by operation.\n"
		"floor needs iommu_floor.ko, the others a device bound to VFIO.\n");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "size", required_argument, NULL, 's' },
		{ "threads", no_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	struct vfio_device device;
	struct vfio_space space;
	size_t length = 512 * MIB;
	int threads = 0, opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 's':
			length = strtoul(optarg, NULL, 10) * MIB;
			break;
		case 't':
			threads = 1;
			break;
		default:
			usage(opt == 'h' ? stdout : stderr);
			return opt == 'h' ? 0 : 2;
		}
	}
	if (optind == argc || !length) {
		usage(stderr);
		return 2;
	}

	if (!strcmp(argv[optind], "floor")) {
		int fd = open("/dev/iommu_floor", O_RDWR | O_CLOEXEC);

		if (fd < 0) {
			perror("bench: /dev/iommu_floor");
			return 1;
		}
		measure_all(measure_floor, &fd, length);
		return 0;
	}
	if (optind + 2 != argc) {
		usage(stderr);
		return 2;
	}
	if (vfio_space_open(&space, !strcmp(argv[optind], "iommufd") ?
			    VFIO_SPACE_IOMMUFD : VFIO_SPACE_TYPE1V2) ||
	    vfio_device_open(&device, &space, argv[optind + 1]))
		stop("open");
	if (threads) {
		printf("one-thread %llu\n", (unsigned long long)
		       run_threads(&space, 1, MIB));
		printf("two-threads %llu\n", (unsigned long long)
		       run_threads(&space, 2, MIB));
	} else {
		measure_all(measure_space, &space, length);
	}
	vfio_device_close(&device);
	vfio_space_close(&space);
	return 0;
}
