// SPDX-License-Identifier: GPL-2.0
/*
 * Changes of a page table while DMA runs (R2, R3, R4, R8, R9): unmap of a part
 * of a superpage, split and promotion of superpages, and enforced snooping.
 * Meanwhile a pump keeps reads in flight and checks each. Runs over vtd.ko and
 * amdvi.ko with iommu_poke.ko and the disk NVME0; SNOOP_CONTROL says whether
 * the unit has snoop control, or "always" snoops.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "fixture.h"

#define IOVA		0x80000000ul
#define LENGTH		(2 * MEGA)
#define PAGES		(LENGTH / PAGE)
#define IN_FLIGHT	16

struct flight {
	int id;
	unsigned int page;
	unsigned int block;
};

struct pump {
	struct rig *rig;
	unsigned char *memory;
	struct flight flights[IN_FLIGHT];
	unsigned int next;
	unsigned int skip;
	unsigned long done;
};

/* Each page gets another block than in the round before */
static void launch(struct pump *pump, struct flight *flight)
{
	do {
		pump->next++;
		flight->page = pump->next * 7 % PAGES;
	} while (flight->page == pump->skip);
	flight->block = pump->next % BLOCKS;
	memset(pump->memory + flight->page * PAGE, 0, 512);
	flight->id = nvme_begin(&pump->rig->disk, NVME_READ, flight->block, 1,
				IOVA + flight->page * PAGE);
	if (flight->id < 0)
		ktap_fail("%s", fail_text());
}

static void land(struct pump *pump, struct flight *flight)
{
	CHECK_EQ(nvme_wait(&pump->rig->disk, flight->id), 0);
	flight->id = -1;
	if (!holds(pump->memory + flight->page * PAGE, flight->block))
		ktap_fail("read %lu, into page %u, did not arrive", pump->done,
			  flight->page);
	pump->done++;
}

static void pump_start(struct pump *pump, struct rig *rig,
		       unsigned char *memory)
{
	*pump = (struct pump){
		.rig = rig,
		.memory = memory,
		.skip = PAGES,
	};
	for (int i = 0; i < IN_FLIGHT; i++)
		launch(pump, &pump->flights[i]);
}

/* Replace each read in flight by another, one after the other */
static void pump_turn(struct pump *pump)
{
	for (int i = 0; i < IN_FLIGHT; i++) {
		land(pump, &pump->flights[i]);
		launch(pump, &pump->flights[i]);
	}
}

static void pump_stop(struct pump *pump)
{
	for (int i = 0; i < IN_FLIGHT; i++)
		land(pump, &pump->flights[i]);
}

/* Wait for the read in flight into a page, and begin no other there */
static void pump_avoid(struct pump *pump, unsigned int page)
{
	pump->skip = page;
	for (int i = 0; i < IN_FLIGHT; i++) {
		if (pump->flights[i].page != page)
			continue;
		land(pump, &pump->flights[i]);
		launch(pump, &pump->flights[i]);
	}
}

/* Unmap one page in the domain, in the middle of what VFIO has mapped */
static void cut(unsigned int page)
{
	char command[64];

	snprintf(command, sizeof(command), "cut %lx %lx", IOVA + page * PAGE,
		 PAGE);
	poke(command);
}

/* A read into the page that is unmapped must be blocked and recorded */
static void read_into_the_hole(struct rig *rig, unsigned char *memory,
			       unsigned int page)
{
	uint64_t before = faults();

	memset(memory + page * PAGE, 0x5a, 512);
	rig_read(rig, 1, IOVA + page * PAGE);
	if (!faults_reach(before + 1))
		ktap_fail("a read into page %u, which is unmapped, was not recorded",
			  page);
	for (unsigned int i = 0; i < 512; i++)
		CHECK_EQ(memory[page * PAGE + i], 0x5a);
}

TEST(unmap_of_one_page_keeps_the_rest_of_the_superpage)
{
	unsigned char *memory = huge(LENGTH, 21);
	struct pump pump;
	struct rig rig;

	rig_open(&rig);
	for (unsigned int round = 0; round < 500; round++) {
		unsigned int page = round % PAGES;

		rig_map(&rig, IOVA, memory, LENGTH);
		if (round % 100 == 0)
			CHECK_EQ(entries("2M"), 1);
		pump_start(&pump, &rig, memory);
		pump_avoid(&pump, page);
		cut(page);
		pump_turn(&pump);
		read_into_the_hole(&rig, memory, page);
		pump_stop(&pump);
		/* VFIO unmaps the whole range, so map the page again */
		poke("mend");
		rig_unmap(&rig, IOVA, LENGTH);
	}
	rig_close(&rig);
}

TEST(superpage_is_unmapped_page_by_page_under_dma)
{
	unsigned char *memory = huge(LENGTH, 21);
	struct pump pump;
	struct rig rig;

	rig_open(&rig);
	rig_map(&rig, IOVA, memory, LENGTH);
	pump_start(&pump, &rig, memory);
	for (unsigned int page = 0; page < PAGES; page++) {
		pump_avoid(&pump, page);
		cut(page);
		read_into_the_hole(&rig, memory, page);
		poke("mend");
		pump_turn(&pump);
	}
	pump_stop(&pump);
	CHECK_EQ(entries("2M"), 0);
	rig_unmap(&rig, IOVA, LENGTH);
	rig_close(&rig);
}

TEST(superpages_are_split_and_promoted_under_dma)
{
	unsigned char *memory = huge(LENGTH, 21);
	struct pump pump;
	struct rig rig;
	uint64_t before;
	unsigned long small, others;

	hide("superpages");
	rig_open(&rig);
	others = entries("4K");
	hide("");
	rig_map(&rig, IOVA, memory, LENGTH);
	small = entries("4K");
	CHECK_EQ(entries("2M"), 1);
	before = faults();
	pump_start(&pump, &rig, memory);
	for (unsigned int round = 0; round < 200; round++) {
		hide("superpages");
		pump_turn(&pump);
		CHECK_EQ(entries("2M"), 0);
		CHECK_EQ(entries("4K"), others + PAGES);
		CHECK_EQ(all_entries(), others + PAGES);
		hide("");
		pump_turn(&pump);
		CHECK_EQ(entries("2M"), 1);
		CHECK_EQ(entries("4K"), small);
	}
	pump_stop(&pump);
	CHECK_EQ(faults(), before);
	rig_unmap(&rig, IOVA, LENGTH);
	rig_close(&rig);
}

static atomic_bool hiding;

static void *hide_and_show(void *unused)
{
	while (hiding) {
		hide("superpages");
		hide("");
	}
	return unused;
}

TEST(map_works_while_the_superpage_ability_changes)
{
	unsigned char *memory = huge(LENGTH, 21);
	pthread_t thread;
	struct rig rig;

	rig_open(&rig);
	hiding = true;
	CHECK_EQ(pthread_create(&thread, NULL, hide_and_show, NULL), 0);
	for (unsigned int round = 0; round < 500; round++) {
		unsigned int page = round % PAGES;

		rig_map(&rig, IOVA, memory, LENGTH);
		memset(memory + page * PAGE, 0, 512);
		rig_read(&rig, page, IOVA + page * PAGE);
		if (!holds(memory + page * PAGE, page))
			ktap_fail("round %u: a read did not arrive", round);
		rig_unmap(&rig, IOVA, LENGTH);
	}
	hiding = false;
	pthread_join(thread, NULL);
	/* The thread has ended with the ability present */
	rig_map(&rig, IOVA, memory, LENGTH);
	CHECK_EQ(entries("2M"), 1);
	hide("superpages");
	CHECK_EQ(entries("2M"), 0);
	hide("");
	rig_close(&rig);
}

/* While snoop control is hidden, VFIO gets a domain that does not enforce it */
TEST(enforced_snooping_covers_existing_mappings)
{
	unsigned char *memory = huge(LENGTH, 21);
	struct pump pump;
	struct rig rig;

	if (!getenv("SNOOP_CONTROL"))
		SKIP("the unit has no snoop control");
	if (!strcmp(getenv("SNOOP_CONTROL"), "always"))
		SKIP("the unit always snoops");
	hide("snoop");
	rig_open(&rig);
	rig_map(&rig, IOVA, memory, LENGTH);
	CHECK_EQ(entries("snooped"), 0);
	hide("");
	pump_start(&pump, &rig, memory);
	poke("enforce");
	pump_turn(&pump);
	pump_stop(&pump);
	CHECK_EQ(entries("snooped"), all_entries());
	/*
	 * The domain enforces it from now on, even if the ability is hidden
	 * again
	 */
	hide("snoop");
	rig_unmap(&rig, IOVA, LENGTH);
	rig_map(&rig, IOVA, memory, LENGTH);
	CHECK_EQ(entries("snooped"), all_entries());
	hide("");
	rig_close(&rig);
}

TEST(vfio_enforces_snooping_from_the_start)
{
	unsigned char *memory = vfio_alloc(PAGE);
	struct rig rig;

	if (!getenv("SNOOP_CONTROL"))
		SKIP("the unit has no snoop control");
	hide("");
	rig_open(&rig);
	rig_map(&rig, IOVA, memory, PAGE);
	CHECK_EQ(entries("snooped"), all_entries());
	rig_read(&rig, 3, IOVA);
	CHECK(holds(memory, 3));
	rig_close(&rig);
}
