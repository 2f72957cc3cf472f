// SPDX-License-Identifier: GPL-2.0
/*
 * Fault storms: a device whose DMA is blocked all the time. All of it is
 * blocked, and the cost is bounded: the faults of the device are not recorded
 * for a while, or the interrupt of the unit is masked and the unit is polled.
 * Module parameters set the thresholds low enough for slow hosts. Runs over
 * vtd.ko and amdvi.ko with the disk NVME0; READS sets the number of reads.
 */
#include "clock.h"
#include "fixture.h"

#define BUFFER_IOVA	0x40000000ul
#define READS		100000
#define IN_FLIGHT	32
/* That many faults in a minute are a storm in these tests */
#define STORM		1000
/* That many faults in a tenth of a second make a unit busy */
#define BUSY		5

static unsigned int reads(void)
{
	const char *text = getenv("READS");

	return text ? strtoul(text, NULL, 0) : READS;
}

/* The text of a file in the debugfs folder of the unit */
static const char *shown(const char *name)
{
	const struct iommu_driver *driver = iommu_driver();
	static char text[4096];
	char path[128];

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s/%s",
		 driver->module, driver->unit, name);
	if (!read_file(path, text, sizeof(text)))
		SKIP("no %s", path);
	return text;
}

static uint64_t counted(const char *what)
{
	const char *at = strstr(shown("counts"), what);

	if (!at)
		SKIP("the driver does not count %s", what);
	return strtoull(at + strlen(what), NULL, 10);
}

static bool is_quiet(void)
{
	char name[64];

	snprintf(name, sizeof(name), "%s/entry", disk_address());
	return strstr(shown(name), "quiet=yes");
}

static uint64_t now_ms(void)
{
	return now_ns() / 1000000;
}

static void wait_until(bool (*there)(void), const char *what)
{
	uint64_t end = now_ms() + HANG_MS;

	while (!there()) {
		if (now_ms() > end)
			ktap_fail("%s", what);
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
}

/*
 * Read into unmapped IOVAs, @most times or until is_enough(). Returns whether
 * is_enough() was true at some time; it may be false again by now.
 */
static bool bad_reads(struct rig *rig, unsigned int most,
		      bool (*is_enough)(void))
{
	unsigned int sent = 0, done = 0;
	bool enough = !is_enough;
	int ids[IN_FLIGHT];

	while (done < most) {
		if (!enough && done % STORM == 0 && is_enough()) {
			enough = true;
			most = sent;
		}
		if (sent < most && sent - done < IN_FLIGHT) {
			ids[sent % IN_FLIGHT] = nvme_begin(&rig->disk, NVME_READ,
							   sent % BLOCKS, 1,
							   BUFFER_IOVA + PAGE);
			if (ids[sent++ % IN_FLIGHT] < 0)
				ktap_fail("%s", fail_text());
			continue;
		}
		if (done < sent && nvme_wait(&rig->disk,
					     ids[done++ % IN_FLIGHT]) == -ETIMEDOUT)
			ktap_fail("%s", fail_text());
	}
	return enough;
}

static unsigned char *open_and_map(struct rig *rig)
{
	unsigned char *memory = vfio_alloc(2 * PAGE);

	rig_open(rig);
	CHECK(memory);
	memset(memory, 0x5a, 2 * PAGE);
	rig_map(rig, BUFFER_IOVA, memory, PAGE);
	return memory;
}

static bool is_recorded_again(void)
{
	return !is_quiet();
}

TEST(storm_is_blocked_and_most_of_its_faults_are_not_recorded)
{
	bool interrupts = strstr(shown("counts"), "interrupts");
	uint64_t faults_before, interrupts_before = 0, each;
	unsigned char *memory;
	struct rig rig;

	memory = open_and_map(&rig);
	parameter("storm_faults", STORM);
	parameter("storm_seconds", 60);
	/* A unit may record several faults for one read */
	faults_before = faults();
	rig_read(&rig, 0, BUFFER_IOVA + PAGE);
	CHECK(faults_reach(faults_before + 1));
	each = faults() - faults_before;
	faults_before = faults();
	if (interrupts)
		interrupts_before = counted("interrupts");
	bad_reads(&rig, reads(), NULL);
	for (unsigned int i = 0; i < 2 * PAGE; i++)
		CHECK_EQ(memory[i], 0x5a);
	printf("# %u bad reads of %llu faults, %llu recorded\n", reads(),
	       (unsigned long long)each,
	       (unsigned long long)(faults() - faults_before));
	CHECK(faults() - faults_before > STORM);
	CHECK(faults() - faults_before < each * reads() / 2);
	if (interrupts) {
		printf("# %llu interrupts\n", (unsigned long long)
		       (counted("interrupts") - interrupts_before));
		CHECK(counted("interrupts") - interrupts_before < reads() / 2);
	}
	/* The disk still reads into mapped memory */
	rig_read(&rig, 7, BUFFER_IOVA);
	CHECK(holds(memory, 7));
	rig_close(&rig);
}

TEST(faults_are_recorded_again_after_a_storm)
{
	uint64_t before;
	struct rig rig;

	open_and_map(&rig);
	parameter("storm_faults", STORM);
	parameter("storm_seconds", 60);
	wait_until(is_recorded_again, "the former storm has no end");
	if (!bad_reads(&rig, READS, is_quiet))
		ktap_fail("%u bad reads are no storm", READS);
	wait_until(is_recorded_again, "the storm has no end");
	before = faults();
	rig_read(&rig, 1, BUFFER_IOVA + PAGE);
	CHECK(faults_reach(before + 1));
	rig_close(&rig);
}

static bool is_unmasked(void)
{
	if (!strcmp(iommu_driver()->module, "amdvi"))
		return unit_register("CONTROL") & 1 << 3;
	return !(unit_register("FECTL") & 1u << 31);
}

static uint64_t former_interrupts;

static bool has_interrupted(void)
{
	return counted("interrupts") > former_interrupts;
}

TEST(busy_unit_is_polled_and_its_interrupt_is_unmasked_again)
{
	uint64_t interrupts, masks, began, before;
	struct rig rig;

	masks = counted("masks");
	parameter("busy_faults", BUSY);
	open_and_map(&rig);
	wait_until(is_recorded_again, "the former storm has no end");
	interrupts = counted("interrupts");
	began = now_ms();
	bad_reads(&rig, reads() / 5, NULL);
	masks = counted("masks") - masks;
	interrupts = counted("interrupts") - interrupts;
	printf("# %u bad reads in %llu ms, %llu interrupts, masked %llu times\n",
	       reads() / 5, (unsigned long long)(now_ms() - began),
	       (unsigned long long)interrupts, (unsigned long long)masks);
	CHECK(masks > 0);
	/*
	 * Each window of 100 ms allows BUSY interrupts, and one more at its end
	 */
	CHECK(interrupts <= (BUSY + 2) * ((now_ms() - began) / 100 + 2));
	wait_until(is_unmasked, "the interrupt stays masked");
	former_interrupts = counted("interrupts");
	before = faults();
	rig_read(&rig, 1, BUFFER_IOVA + PAGE);
	CHECK(faults_reach(before + 1));
	wait_until(has_interrupted, "it was polled for");
	rig_close(&rig);
}
