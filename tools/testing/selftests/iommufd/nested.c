// SPDX-License-Identifier: GPL-2.0
/*
 * Nested hardware page tables: allocate, attach, replace, invalidate and
 * destroy. The nested table of the mock is a row of registers, which an
 * invalidation clears. Runs over the mock.
 */
#include <pthread.h>

#include "fixture.h"

#define MARK 0x5eed

static const struct iommu_hwpt_selftest mark = { .iotlb = MARK };

static struct iommu_hwpt_alloc nested_cmd(const struct mock *mock, uint32_t pt)
{
	return (struct iommu_hwpt_alloc){
		.size = sizeof(struct iommu_hwpt_alloc),
		.dev_id = mock->device,
		.pt_id = pt,
		.data_type = IOMMU_HWPT_DATA_SELFTEST,
		.data_len = sizeof(mark),
		.data_uptr = (uintptr_t)&mark,
	};
}

static int alloc_nested(struct iommu_hwpt_alloc cmd, uint32_t *hwpt)
{
	int ret = ioctl(fd, IOMMU_HWPT_ALLOC, &cmd);

	*hwpt = cmd.out_hwpt_id;
	return ret;
}

static uint32_t new_parent(const struct mock *mock, uint32_t ioas)
{
	return new_hwpt(mock->device, ioas, IOMMU_HWPT_ALLOC_NEST_PARENT);
}

static uint32_t new_nested(const struct mock *mock, uint32_t parent)
{
	uint32_t hwpt;

	CHECK_EQ(alloc_nested(nested_cmd(mock, parent), &hwpt), 0);
	return hwpt;
}

static int invalidate(uint32_t hwpt, const void *entries, uint32_t *nr)
{
	struct iommu_hwpt_invalidate cmd = {
		.size = sizeof(cmd),
		.hwpt_id = hwpt,
		.data_uptr = (uintptr_t)entries,
		.data_type = IOMMU_HWPT_INVALIDATE_DATA_SELFTEST,
		.entry_len = sizeof(struct iommu_hwpt_invalidate_selftest),
		.entry_num = *nr,
	};
	int ret = ioctl(fd, IOMMU_HWPT_INVALIDATE, &cmd);

	*nr = cmd.entry_num;
	return ret;
}

/*
 * Do all registers hold the mark, except those in the mask @cleared, which hold
 * 0?
 */
static bool registers_are(uint32_t hwpt, unsigned int cleared)
{
	for (unsigned int i = 0; i < MOCK_NESTED_DOMAIN_IOTLB_NUM; i++) {
		struct iommu_test_cmd cmd = {
			.size = sizeof(cmd),
			.op = IOMMU_TEST_OP_MD_CHECK_IOTLB,
			.id = hwpt,
			.check_iotlb = {
				.id = i,
				.iotlb = cleared & 1u << i ? 0 : MARK,
			},
		};

		if (ioctl(fd, IOMMU_TEST_CMD, &cmd))
			return false;
	}
	return true;
}

/* A nest parent, and a device that is attached to its address space */
static uint32_t setup(struct mock *mock, uint32_t *parent)
{
	uint32_t ioas = new_attached_ioas(0, mock);

	*parent = new_parent(mock, ioas);
	return ioas;
}

/* Allocate */

#define CHECK_REFUSED(change, error)					\
	do {								\
		struct iommu_hwpt_alloc cmd = nested_cmd(&mock, parent);\
									\
		change;							\
		CHECK_ERR(alloc_nested(cmd, &hwpt), error);		\
	} while (0)

TEST(malformed_nested_table_is_refused)
{
	uint32_t parent, hwpt;
	struct mock mock;
	char *p = memory(2 * PAGE);

	setup(&mock, &parent);
	CHECK_REFUSED(cmd.data_type = IOMMU_HWPT_DATA_NONE, EINVAL);
	CHECK_REFUSED(cmd.data_len = 0, EINVAL);
	CHECK_REFUSED((cmd.data_len = 0,
		       cmd.data_type = IOMMU_HWPT_DATA_NONE), EOPNOTSUPP);
	CHECK_REFUSED(cmd.data_type = IOMMU_HWPT_DATA_SELFTEST + 1, EOPNOTSUPP);
	CHECK_REFUSED(cmd.data_type = IOMMU_HWPT_DATA_VTD_S1, EOPNOTSUPP);
	CHECK_REFUSED(cmd.data_len = 3, EINVAL);
	CHECK_REFUSED(cmd.data_len = sizeof(mark) + 1, EINVAL);
	CHECK_REFUSED(cmd.data_uptr = 0, EFAULT);
	/* The data ends in memory that is not mapped */
	CHECK_EQ(munmap(p + PAGE, PAGE), 0);
	CHECK_REFUSED(cmd.data_uptr = (uintptr_t)p + PAGE - 4, EFAULT);
	/* No nested table is left on the parent */
	CHECK_EQ(destroy(parent), 0);
}

TEST(nested_table_accepts_only_the_fault_queue_flag)
{
	uint32_t parent, hwpt;
	struct mock mock;

	setup(&mock, &parent);
	for (unsigned int bit = 0; bit < 32; bit++)
		if (1u << bit == IOMMU_HWPT_FAULT_ID_VALID)
			CHECK_REFUSED(cmd.flags = 1u << bit, ENOENT);
		else
			CHECK_REFUSED(cmd.flags = 1u << bit, EOPNOTSUPP);
	CHECK_REFUSED(cmd.__reserved = 1, EOPNOTSUPP);
	CHECK_EQ(destroy(parent), 0);
}

TEST(nested_table_needs_a_nest_parent)
{
	uint32_t ioas, parent, plain, hwpt;
	struct mock mock;

	ioas = setup(&mock, &parent);
	plain = new_hwpt(mock.device, ioas, 0);
	CHECK_REFUSED(cmd.pt_id = plain, EINVAL);
	/* The automatic table, which the attach has allocated */
	CHECK_REFUSED(cmd.pt_id = mock.hwpt, EINVAL);
	CHECK_REFUSED(cmd.pt_id = mock.device, EINVAL);
	CHECK_REFUSED(cmd.pt_id = 12345, EINVAL);
	CHECK_REFUSED(cmd.dev_id = 12345, ENOENT);
	CHECK_REFUSED(cmd.dev_id = parent, ENOENT);
	CHECK_REFUSED(cmd.pt_id = new_nested(&mock, parent), EINVAL);
}

TEST(nested_table_whose_id_cannot_be_written_is_freed)
{
	struct iommu_hwpt_alloc *cmd = memory(PAGE);
	uint32_t parent;
	struct mock mock;

	setup(&mock, &parent);
	*cmd = nested_cmd(&mock, parent);
	CHECK_EQ(mprotect(cmd, PAGE, PROT_READ), 0);
	CHECK_ERR(ioctl(fd, IOMMU_HWPT_ALLOC, cmd), EFAULT);
	CHECK_EQ(destroy(parent), 0);
}

TEST(address_space_and_parent_are_busy_under_a_nested_table)
{
	uint32_t ioas, parent, a, b;
	struct mock mock;

	ioas = setup(&mock, &parent);
	a = new_nested(&mock, parent);
	b = new_nested(&mock, parent);
	CHECK_EQ(destroy(mock.test_id), 0);
	CHECK_ERR(destroy(parent), EBUSY);
	CHECK_ERR(destroy(ioas), EBUSY);
	CHECK_EQ(destroy(a), 0);
	CHECK_ERR(destroy(parent), EBUSY);
	CHECK_EQ(destroy(b), 0);
	CHECK_EQ(destroy(parent), 0);
	CHECK_EQ(destroy(ioas), 0);
}

/* Attach and replace */

TEST(device_attaches_to_and_detaches_from_a_nested_table)
{
	uint32_t parent, nested, id;
	struct mock mock, other;

	setup(&mock, &parent);
	nested = new_nested(&mock, parent);
	CHECK_EQ(mock_attach(nested, 0, &other), 0);
	CHECK_EQ(other.hwpt, nested);
	CHECK_ERR(destroy(nested), EBUSY);
	id = nested;
	CHECK_EQ(mock_replace(&mock, &id), 0);
	CHECK_EQ(id, nested);
	CHECK_EQ(destroy(other.test_id), 0);
	CHECK_ERR(destroy(nested), EBUSY);
	CHECK_EQ(destroy(mock.test_id), 0);
	CHECK_EQ(destroy(nested), 0);
	CHECK_EQ(destroy(parent), 0);
}

TEST(device_moves_between_tables_of_all_kinds)
{
	uint32_t ioas, parent, id, to[5];
	struct mock mock;

	ioas = setup(&mock, &parent);
	to[0] = new_nested(&mock, parent);
	to[1] = new_nested(&mock, parent);
	to[2] = parent;
	to[3] = ioas;
	to[4] = new_nested(&mock, new_parent(&mock, new_ioas()));
	for (unsigned int i = 0; i < 25; i++) {
		id = to[i % 5];
		CHECK_EQ(mock_replace(&mock, &id), 0);
		CHECK(i % 5 == 3 || id == to[i % 5]);
		id = to[i / 5];
		CHECK_EQ(mock_replace(&mock, &id), 0);
	}
	id = ioas;
	CHECK_EQ(mock_replace(&mock, &id), 0);
	CHECK_EQ(destroy(to[0]), 0);
	CHECK_EQ(destroy(to[1]), 0);
	CHECK_EQ(destroy(to[4]), 0);
	CHECK_EQ(destroy(parent), 0);
}

TEST(device_unfit_for_the_parent_is_refused)
{
	uint32_t parent, nested, id;
	struct mock mock, wide;

	setup(&mock, &parent);
	nested = new_nested(&mock, parent);
	CHECK_ERR(mock_attach(nested, MOCK_FLAGS_DEVICE_WIDE, NULL), EINVAL);
	CHECK_EQ(mock_attach(new_ioas(), MOCK_FLAGS_DEVICE_WIDE, &wide), 0);
	id = nested;
	CHECK_ERR(mock_replace(&wide, &id), EINVAL);
	CHECK_ERR(destroy(wide.hwpt), EBUSY);
	CHECK_EQ(destroy(nested), 0);
}

TEST(reserved_ranges_apply_to_the_parent_of_a_nested_table)
{
	const uint64_t there = MOCK_RESERVED_START;
	uint32_t ioas, parent, nested, other, id;
	struct mock mock, shy;
	char *p = memory(PAGE);

	ioas = setup(&mock, &parent);
	nested = new_nested(&mock, parent);
	CHECK_EQ(mock_attach(nested, MOCK_FLAGS_DEVICE_RESERVED, &shy), 0);
	CHECK_ERR(map_at(ioas, p, PAGE, there, RW), EINVAL);
	/* The reservation moves with the device */
	other = new_ioas();
	id = other;
	CHECK_EQ(mock_replace(&shy, &id), 0);
	CHECK_ERR(map_at(other, p, PAGE, there, RW), EINVAL);
	CHECK_EQ(map_at(ioas, p, PAGE, there, RW), 0);
	/* The device cannot return while its range is mapped */
	id = nested;
	CHECK_ERR(mock_replace(&shy, &id), EADDRINUSE);
	CHECK_EQ(unmap(ioas, there, PAGE), PAGE);
	CHECK_EQ(mock_replace(&shy, &id), 0);
	CHECK_EQ(map_at(other, p, PAGE, there, RW), 0);
	CHECK_EQ(destroy(shy.test_id), 0);
	CHECK_EQ(map_at(ioas, p, PAGE, there, RW), 0);
}

TEST(parent_is_mapped_and_unmapped_under_its_nested_tables)
{
	uint32_t ioas, parent, nested, id;
	char *p = memory(8 * PAGE);
	struct mock mock;

	ioas = setup(&mock, &parent);
	nested = new_nested(&mock, parent);
	id = nested;
	CHECK_EQ(mock_replace(&mock, &id), 0);
	CHECK_EQ(map_at(ioas, p, 8 * PAGE, IOVA, RW), 0);
	CHECK(mock_maps(parent, IOVA, p, 8 * PAGE));
	/* The nested table itself maps nothing */
	CHECK(!mock_maps(nested, IOVA, p, PAGE));
	CHECK_EQ(unmap(ioas, IOVA, 8 * PAGE), 8 * PAGE);
	CHECK(!mock_maps(parent, IOVA, p, PAGE));
	CHECK(pinned_times(p, 8 * PAGE, 0));
}

TEST(context_is_closed_with_everything_in_use)
{
	uint32_t ioas, parent, id;
	char *p = memory(8 * PAGE);
	struct mock mock;

	ioas = setup(&mock, &parent);
	CHECK_EQ(map_at(ioas, p, 8 * PAGE, IOVA, RW), 0);
	new_nested(&mock, parent);
	id = new_nested(&mock, parent);
	CHECK_EQ(mock_replace(&mock, &id), 0);
	CHECK_EQ(mock_attach(id, 0, NULL), 0);
	close(fd);
	open_context();
	CHECK(pinned_times(p, 8 * PAGE, 0));
}

/* Invalidate */

TEST(invalidation_clears_what_it_names)
{
	struct iommu_hwpt_invalidate_selftest entries[3] = {
		{ .iotlb_id = 1 }, { .iotlb_id = 3 },
	};
	uint32_t parent, a, b, nr = 2;
	struct mock mock;

	setup(&mock, &parent);
	a = new_nested(&mock, parent);
	b = new_nested(&mock, parent);
	CHECK(registers_are(a, 0));
	CHECK_EQ(invalidate(a, entries, &nr), 0);
	CHECK_EQ(nr, 2);
	CHECK(registers_are(a, 0xa));
	CHECK(registers_are(b, 0));
	entries[0].flags = IOMMU_TEST_INVALIDATE_FLAG_ALL;
	nr = 1;
	CHECK_EQ(invalidate(b, entries, &nr), 0);
	CHECK_EQ(nr, 1);
	CHECK(registers_are(b, 0xf));
}

TEST(failed_invalidation_reports_the_entries_done)
{
	const uint32_t per_page = PAGE /
		sizeof(struct iommu_hwpt_invalidate_selftest);
	struct iommu_hwpt_invalidate_selftest *entries = memory(2 * PAGE);
	struct iommu_hwpt_invalidate_selftest *last = entries + per_page - 1;
	uint32_t parent, hwpt, nr;
	struct mock mock;

	setup(&mock, &parent);
	hwpt = new_nested(&mock, parent);
	CHECK_EQ(munmap((char *)entries + PAGE, PAGE), 0);
	nr = 2;
	CHECK_ERR(invalidate(hwpt, last, &nr), EFAULT);
	CHECK_EQ(nr, 1);
	CHECK(registers_are(hwpt, 1));
	entries[0].iotlb_id = 1;
	entries[1].iotlb_id = MOCK_NESTED_DOMAIN_IOTLB_NUM;
	entries[2].iotlb_id = 2;
	nr = 3;
	CHECK_ERR(invalidate(hwpt, entries, &nr), EINVAL);
	CHECK_EQ(nr, 1);
	CHECK(registers_are(hwpt, 3));
	entries[1] = (struct iommu_hwpt_invalidate_selftest){ .flags = 2 };
	nr = 3;
	CHECK_ERR(invalidate(hwpt, entries, &nr), EOPNOTSUPP);
	CHECK_EQ(nr, 1);
	CHECK(registers_are(hwpt, 3));
}

#define CHECK_INVALIDATE(change, error)					\
	do {								\
		struct iommu_hwpt_invalidate cmd = {			\
			.size = sizeof(cmd),				\
			.hwpt_id = hwpt,				\
			.data_uptr = (uintptr_t)entries,		\
			.data_type = IOMMU_HWPT_INVALIDATE_DATA_SELFTEST, \
			.entry_len = sizeof(*entries),			\
			.entry_num = 1,					\
		};							\
									\
		change;							\
		CHECK_ERR(ioctl(fd, IOMMU_HWPT_INVALIDATE, &cmd), error); \
		CHECK_EQ(cmd.entry_num, 0);				\
	} while (0)

TEST(malformed_invalidation_changes_nothing)
{
	struct iommu_hwpt_invalidate_selftest *entries = memory(2 * PAGE);
	uint32_t ioas, parent, hwpt, nr = 0;
	struct mock mock;

	ioas = setup(&mock, &parent);
	hwpt = new_nested(&mock, parent);
	CHECK_INVALIDATE(cmd.hwpt_id = 12345, ENOENT);
	CHECK_INVALIDATE(cmd.hwpt_id = ioas, EINVAL);
	CHECK_INVALIDATE(cmd.hwpt_id = parent, EINVAL);
	CHECK_INVALIDATE(cmd.hwpt_id = mock.device, EINVAL);
	CHECK_INVALIDATE(cmd.__reserved = 1, EOPNOTSUPP);
	CHECK_INVALIDATE(cmd.data_uptr = 0, EINVAL);
	CHECK_INVALIDATE(cmd.data_uptr = PAGE, EFAULT);
	CHECK_INVALIDATE(cmd.data_uptr = UINT64_MAX - 7, EFAULT);
	CHECK_INVALIDATE(cmd.entry_len = 0, EINVAL);
	CHECK_INVALIDATE(cmd.entry_len = 1, EINVAL);
	CHECK_INVALIDATE(cmd.entry_len = sizeof(*entries) + 1, EINVAL);
	CHECK_INVALIDATE(cmd.entry_len = PAGE + 1, EINVAL);
	CHECK_INVALIDATE(cmd.entry_num = (1u << 19) + 1, EINVAL);
	CHECK_INVALIDATE(cmd.data_type =
			 IOMMU_HWPT_INVALIDATE_DATA_SELFTEST_INVALID, EINVAL);
	CHECK_INVALIDATE(cmd.data_type = IOMMU_HWPT_INVALIDATE_DATA_VTD_S1,
			 EINVAL);
	/* A call without entries checks the data type, and nothing else */
	CHECK_INVALIDATE((cmd.entry_num = 0, cmd.data_type =
			  IOMMU_HWPT_INVALIDATE_DATA_SELFTEST_INVALID), EINVAL);
	CHECK_EQ(invalidate(hwpt, NULL, &nr), 0);
	CHECK(registers_are(hwpt, 0));
}

TEST(invalidation_whose_result_cannot_be_written_is_efault)
{
	struct iommu_hwpt_invalidate *cmd = memory(PAGE);
	struct iommu_hwpt_invalidate_selftest entry = {};
	uint32_t parent, hwpt;
	struct mock mock;

	setup(&mock, &parent);
	hwpt = new_nested(&mock, parent);
	*cmd = (struct iommu_hwpt_invalidate){
		.size = sizeof(*cmd),
		.hwpt_id = hwpt,
		.data_uptr = (uintptr_t)&entry,
		.data_type = IOMMU_HWPT_INVALIDATE_DATA_SELFTEST,
		.entry_len = sizeof(entry),
		.entry_num = 1,
	};
	CHECK_EQ(mprotect(cmd, PAGE, PROT_READ), 0);
	CHECK_ERR(ioctl(fd, IOMMU_HWPT_INVALIDATE, cmd), EFAULT);
}

static bool over;
static uint32_t tried;

static void *invalidate_all_the_time(void *id)
{
	const struct iommu_hwpt_invalidate_selftest entry = {
		.flags = IOMMU_TEST_INVALIDATE_FLAG_ALL,
	};

	while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
		uint32_t nr = 1;

		if (invalidate(__atomic_load_n((uint32_t *)id,
					       __ATOMIC_RELAXED),
			       &entry, &nr) &&
		    errno != ENOENT && errno != EINVAL)
			return "neither done nor gone";
		__atomic_add_fetch(&tried, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

TEST(tables_are_destroyed_during_invalidation)
{
	uint32_t parent, nested, before, target = 0;
	pthread_t thread;
	struct mock mock;
	void *complaint;

	setup(&mock, &parent);
	CHECK_EQ(pthread_create(&thread, NULL, invalidate_all_the_time,
				&target), 0);
	for (unsigned int i = 0; i < 200; i++) {
		nested = new_nested(&mock, parent);
		__atomic_store_n(&target, nested, __ATOMIC_RELAXED);
		before = __atomic_load_n(&tried, __ATOMIC_RELAXED);
		/*
		 * Wait until an invalidation of this table has begun and ended
		 */
		while (__atomic_load_n(&tried, __ATOMIC_RELAXED) - before < 2) {
			CHECK_EQ(pthread_tryjoin_np(thread, &complaint), EBUSY);
			usleep(10);
		}
		/* It is busy during an invalidation */
		while (destroy(nested))
			CHECK_EQ(errno, EBUSY);
	}
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	CHECK_EQ(pthread_join(thread, &complaint), 0);
	CHECK(complaint == NULL);
	CHECK_EQ(destroy(parent), 0);
}
