// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that are killed at random moments, with DMA in flight, while they
 * open, map, read, unmap or close. Runs over containers and over device files.
 */
#define KTAP_TIMEOUT 700

#include "clock.h"
#include "disk.h"
#include "file.h"

enum stage { OPENING, MAPPING, READING, UNMAPPING, CLOSING, NR_STAGES };

#define ROUNDS 60u

/* The progress of a process, in memory that it shares with the test */
struct progress {
	_Atomic int stage;
	/* For each stage: how often it was entered, and the time spent in it */
	_Atomic unsigned int times[NR_STAGES];
	unsigned long spent_us[NR_STAGES];
	unsigned long since_us;
};

static unsigned long now_us(void)
{
	return now_ns() / 1000;
}

static void leave(struct progress *p)
{
	unsigned long now = now_us();

	p->spent_us[p->stage] += now - p->since_us;
	p->since_us = now;
}

static void enter(struct progress *p, enum stage stage)
{
	leave(p);
	p->stage = stage;
	p->times[stage]++;
}

static void begin(struct progress *p)
{
	memset(p, 0, sizeof(*p));
	p->since_us = now_us();
}

/* Open, map, read, unmap, close */
static void work(enum vfio_space_kind kind, char *at, struct progress *p)
{
	struct nvme disk;
	struct box box;
	int id[8];

	enter(p, OPENING);
	disk_open(&disk, &box, kind);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		size_t length = (1 + random() % 512) * PAGE;

		enter(p, MAPPING);
		CHECK_EQ(vfio_map(&box.space, IOVA, at, length, VFIO_PROT_RW),
			 0);
		enter(p, READING);
		for (int n = 0; n < 8; n++)
			id[n] = nvme_begin(&disk, NVME_READ, random() % 1000, 8,
					   IOVA + random() % length / PAGE * PAGE);
		for (int n = 0; n < 8; n++)
			nvme_wait(&disk, id[n]);
		enter(p, UNMAPPING);
		CHECK_EQ(vfio_unmap(&box.space, IOVA, length), 0);
	}
	enter(p, CLOSING);
	nvme_close(&disk);
	box_close(&box);
	leave(p);
}

/* Wait until the process has entered @goal @times times, and a moment longer */
static void wait_for_stage(pid_t child, struct progress *p, enum stage goal,
			   unsigned int times, unsigned long usual_us)
{
	int status;

	while (p->times[goal] < times) {
		CHECK_EQ(waitpid(child, &status, WNOHANG), 0);
		usleep(50);
	}
	usleep(random() % (usual_us + 1));
}

/*
 * Kill processes, aiming at each stage in turn. A process may get further
 * before it dies, so this repeats until at least one has died in each stage.
 */
static void check_kills(enum vfio_space_kind kind)
{
	struct progress *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned int seed = time(NULL), killed[NR_STAGES] = { 0 }, hit = 0;
	unsigned long usual_us[NR_STAGES];
	char *at = memory(512 * PAGE);
	long long pinned;
	int status;

	address_of("NVME0");
	printf("# seed %u\n", seed);
	srandom(seed);
	work(kind, at, p);
	/* The second run measures how long each stage takes on this machine */
	begin(p);
	work(kind, at, p);
	for (int i = 0; i < NR_STAGES; i++)
		usual_us[i] = p->spent_us[i] / p->times[i];
	pinned = pinned_pages();
	for (int i = 0; i < 100 || hit < NR_STAGES; i++) {
		enum stage stage = i % NR_STAGES;
		bool once = stage == OPENING || stage == CLOSING;
		pid_t child;

		begin(p);
		child = fork();
		if (!child) {
			srandom(seed + i);
			for (;;)
				work(kind, at, p);
		}
		wait_for_stage(child, p, stage,
			       once ? 1 : 1 + random() % ROUNDS,
			       usual_us[stage]);
		CHECK_EQ(kill(child, SIGKILL), 0);
		CHECK_EQ(waitpid(child, &status, 0), child);
		/* It was killed by the signal, no check of its own failed */
		CHECK(WIFSIGNALED(status));
		hit += !killed[p->stage]++;
		if (pinned_pages() != pinned)
			ktap_fail("round %d leaves %lld pages pinned", i,
				  pinned_pages() - pinned);
	}
	printf("# killed while opening %u, mapping %u, reading %u, unmapping %u, closing %u\n",
	       killed[OPENING], killed[MAPPING], killed[READING],
	       killed[UNMAPPING], killed[CLOSING]);
}

TEST(a_process_killed_anywhere_leaves_nothing_pinned)
{
	check_kills(VFIO_SPACE_TYPE1V2);
}

TEST(a_process_killed_anywhere_leaves_the_file_free_and_nothing_pinned)
{
	need_files();
	check_kills(VFIO_SPACE_IOMMUFD);
}
