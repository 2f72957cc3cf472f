// SPDX-License-Identifier: GPL-2.0
/*
 * The rules that all ioctls of /dev/iommu share, each tested with every ioctl:
 * sizes, tails, unknown flags, reserved fields, unknown ids, bad pointers. Runs
 * without devices.
 */
#include "fixture.h"

/**
 * struct rule - an ioctl and the fields of its structure
 * @name: for messages
 * @cmd: the number of the ioctl
 * @size: size of the structure
 * @min: size of the first version of the structure
 * @flags: offset of the flags, or 0
 * @reserved: offset of a reserved field, or 0
 * @id: offset of the id of an object that must exist, or 0
 */
struct rule {
	const char *name;
	unsigned long cmd;
	size_t size;
	size_t min;
	size_t flags;
	size_t reserved;
	size_t id;
};

#define AT(type, member) offsetof(struct type, member)
#define END(type, member) \
	(AT(type, member) + sizeof(((struct type *)0)->member))

static const struct rule rules[] = {
	{ "DESTROY", IOMMU_DESTROY, sizeof(struct iommu_destroy),
	  END(iommu_destroy, id), 0, 0, AT(iommu_destroy, id) },
	{ "IOAS_ALLOC", IOMMU_IOAS_ALLOC, sizeof(struct iommu_ioas_alloc),
	  END(iommu_ioas_alloc, out_ioas_id), AT(iommu_ioas_alloc, flags), 0,
	  0 },
	{ "IOVA_RANGES", IOMMU_IOAS_IOVA_RANGES,
	  sizeof(struct iommu_ioas_iova_ranges),
	  END(iommu_ioas_iova_ranges, out_iova_alignment), 0,
	  AT(iommu_ioas_iova_ranges, __reserved),
	  AT(iommu_ioas_iova_ranges, ioas_id) },
	{ "ALLOW_IOVAS", IOMMU_IOAS_ALLOW_IOVAS,
	  sizeof(struct iommu_ioas_allow_iovas),
	  END(iommu_ioas_allow_iovas, allowed_iovas), 0,
	  AT(iommu_ioas_allow_iovas, __reserved),
	  AT(iommu_ioas_allow_iovas, ioas_id) },
	{ "MAP", IOMMU_IOAS_MAP, sizeof(struct iommu_ioas_map),
	  END(iommu_ioas_map, iova), AT(iommu_ioas_map, flags),
	  AT(iommu_ioas_map, __reserved), AT(iommu_ioas_map, ioas_id) },
	{ "MAP_FILE", IOMMU_IOAS_MAP_FILE, sizeof(struct iommu_ioas_map_file),
	  END(iommu_ioas_map_file, iova), AT(iommu_ioas_map_file, flags), 0,
	  AT(iommu_ioas_map_file, ioas_id) },
	{ "COPY", IOMMU_IOAS_COPY, sizeof(struct iommu_ioas_copy),
	  END(iommu_ioas_copy, src_iova), AT(iommu_ioas_copy, flags), 0,
	  AT(iommu_ioas_copy, src_ioas_id) },
	{ "UNMAP", IOMMU_IOAS_UNMAP, sizeof(struct iommu_ioas_unmap),
	  END(iommu_ioas_unmap, length), 0, 0, AT(iommu_ioas_unmap, ioas_id) },
	{ "OPTION", IOMMU_OPTION, sizeof(struct iommu_option),
	  END(iommu_option, val64), AT(iommu_option, option_id), 0,
	  AT(iommu_option, object_id) },
	{ "VFIO_IOAS", IOMMU_VFIO_IOAS, sizeof(struct iommu_vfio_ioas),
	  END(iommu_vfio_ioas, __reserved), 0, 0,
	  AT(iommu_vfio_ioas, ioas_id) },
	{ "CHANGE_PROCESS", IOMMU_IOAS_CHANGE_PROCESS,
	  sizeof(struct iommu_ioas_change_process),
	  END(iommu_ioas_change_process, __reserved), 0,
	  AT(iommu_ioas_change_process, __reserved), 0 },
	{ "HWPT_ALLOC", IOMMU_HWPT_ALLOC, sizeof(struct iommu_hwpt_alloc),
	  END(iommu_hwpt_alloc, __reserved), 0,
	  AT(iommu_hwpt_alloc, __reserved), AT(iommu_hwpt_alloc, dev_id) },
	{ "HWPT_INVALIDATE", IOMMU_HWPT_INVALIDATE,
	  sizeof(struct iommu_hwpt_invalidate),
	  END(iommu_hwpt_invalidate, __reserved), 0,
	  AT(iommu_hwpt_invalidate, __reserved),
	  AT(iommu_hwpt_invalidate, hwpt_id) },
	{ "SET_DIRTY_TRACKING", IOMMU_HWPT_SET_DIRTY_TRACKING,
	  sizeof(struct iommu_hwpt_set_dirty_tracking),
	  END(iommu_hwpt_set_dirty_tracking, __reserved),
	  AT(iommu_hwpt_set_dirty_tracking, flags), 0,
	  AT(iommu_hwpt_set_dirty_tracking, hwpt_id) },
	{ "GET_DIRTY_BITMAP", IOMMU_HWPT_GET_DIRTY_BITMAP,
	  sizeof(struct iommu_hwpt_get_dirty_bitmap),
	  END(iommu_hwpt_get_dirty_bitmap, data),
	  AT(iommu_hwpt_get_dirty_bitmap, flags),
	  AT(iommu_hwpt_get_dirty_bitmap, __reserved),
	  AT(iommu_hwpt_get_dirty_bitmap, hwpt_id) },
	{ "FAULT_QUEUE_ALLOC", IOMMU_FAULT_QUEUE_ALLOC,
	  sizeof(struct iommu_fault_alloc),
	  END(iommu_fault_alloc, out_fault_fd), AT(iommu_fault_alloc, flags),
	  0, 0 },
	{ "GET_HW_INFO", IOMMU_GET_HW_INFO, sizeof(struct iommu_hw_info),
	  END(iommu_hw_info, __reserved), AT(iommu_hw_info, flags),
	  AT(iommu_hw_info, __reserved), AT(iommu_hw_info, dev_id) },
	{ "WINDOW_CREATE", IOMMU_IOAS_WINDOW_CREATE,
	  sizeof(struct iommu_ioas_window_create),
	  END(iommu_ioas_window_create, base),
	  AT(iommu_ioas_window_create, flags), 0,
	  AT(iommu_ioas_window_create, ioas_id) },
	{ "WINDOW_REMOVE", IOMMU_IOAS_WINDOW_REMOVE,
	  sizeof(struct iommu_ioas_window_remove),
	  END(iommu_ioas_window_remove, __reserved), 0,
	  AT(iommu_ioas_window_remove, __reserved),
	  AT(iommu_ioas_window_remove, ioas_id) },
	{ "WINDOW_LIST", IOMMU_IOAS_WINDOW_LIST,
	  sizeof(struct iommu_ioas_window_list),
	  END(iommu_ioas_window_list, windows), 0,
	  AT(iommu_ioas_window_list, __reserved),
	  AT(iommu_ioas_window_list, ioas_id) },
	{ "MAPPINGS", IOMMU_IOAS_MAPPINGS, sizeof(struct iommu_ioas_mappings),
	  END(iommu_ioas_mappings, mappings), 0, 0,
	  AT(iommu_ioas_mappings, ioas_id) },
	{}
};

#define for_each_rule(rule)						\
	for (const struct rule *rule = rules; rule->name; rule++)

/* A structure without a mistake, for the test to change */
static uint32_t *good(const struct rule *rule, uint8_t *buffer, uint32_t ioas)
{
	memset(buffer, 0, 256);
	*(uint32_t *)buffer = rule->size;
	if (rule->id)
		*(uint32_t *)(buffer + rule->id) = ioas;
	switch (rule->cmd) {
	case IOMMU_IOAS_MAP:
	case IOMMU_IOAS_MAP_FILE:
	case IOMMU_IOAS_COPY:
		*(uint32_t *)(buffer + rule->flags) = RW;
		break;
	case IOMMU_OPTION:
		*(uint32_t *)(buffer + rule->flags) = IOMMU_OPTION_HUGE_PAGES;
		break;
	case IOMMU_VFIO_IOAS:
		((struct iommu_vfio_ioas *)buffer)->op = IOMMU_VFIO_IOAS_SET;
		break;
	}
	return (uint32_t *)buffer;
}

#define EXPECT(rule, buffer, error)					\
	do {								\
		int ret_ = ioctl(fd, (rule)->cmd, buffer);		\
									\
		if (ret_ != -1 || errno != (error))			\
			ktap_fail("%s: %d, errno %d, not %s",		\
				  (rule)->name, ret_, errno, #error);	\
	} while (0)

TEST(structure_shorter_than_the_first_version_is_einval)
{
	uint32_t ioas = new_ioas();
	uint8_t buffer[256];

	for_each_rule(rule) {
		uint32_t *size = good(rule, buffer, ioas);

		*size = rule->min - 1;
		EXPECT(rule, buffer, EINVAL);
		*size = 0;
		EXPECT(rule, buffer, EINVAL);
	}
}

TEST(longer_structure_with_a_tail_of_zeros_is_accepted)
{
	uint32_t ioas = new_ioas();
	uint8_t buffer[256];

	for_each_rule(rule) {
		uint32_t *size = good(rule, buffer, ioas);
		int ret;

		*size = rule->size + 24;
		ret = ioctl(fd, rule->cmd, buffer);
		if (ret && (errno == E2BIG || errno == ENOTTY))
			ktap_fail("%s: errno %d", rule->name, errno);
		/* The ioctl may have destroyed it */
		ioas = new_ioas();
	}
}

TEST(tail_that_is_not_zero_is_e2big)
{
	uint32_t ioas = new_ioas();
	uint8_t buffer[256];

	for_each_rule(rule) {
		uint32_t *size = good(rule, buffer, ioas);

		*size = rule->size + 24;
		buffer[rule->size + 23] = 1;
		EXPECT(rule, buffer, E2BIG);
	}
}

TEST(unknown_flag_or_option_is_eopnotsupp)
{
	uint32_t ioas = new_ioas();
	uint8_t buffer[256];

	for_each_rule(rule) {
		good(rule, buffer, ioas);
		if (!rule->flags)
			continue;
		*(uint32_t *)(buffer + rule->flags) |= 1u << 30;
		EXPECT(rule, buffer, EOPNOTSUPP);
	}
}

TEST(reserved_field_that_is_not_zero_is_eopnotsupp)
{
	uint32_t ioas = new_ioas();
	uint8_t buffer[256];

	for_each_rule(rule) {
		good(rule, buffer, ioas);
		if (!rule->reserved)
			continue;
		buffer[rule->reserved] = 1;
		EXPECT(rule, buffer, EOPNOTSUPP);
	}
}

TEST(unknown_id_is_enoent)
{
	uint8_t buffer[256];

	new_ioas();
	for_each_rule(rule) {
		good(rule, buffer, 0x7ffffff0);
		if (!rule->id)
			continue;
		EXPECT(rule, buffer, ENOENT);
		*(uint32_t *)(buffer + rule->id) = 0;
		EXPECT(rule, buffer, ENOENT);
	}
}

TEST(bad_pointer_is_efault)
{
	new_ioas();
	for_each_rule(rule) {
		EXPECT(rule, NULL, EFAULT);
		EXPECT(rule, (void *)-PAGE, EFAULT);
	}
}

TEST(structure_that_ends_in_unmapped_memory_is_efault)
{
	uint8_t *two = memory(2 * PAGE);
	uint32_t ioas = new_ioas();
	uint8_t buffer[256];

	CHECK_EQ(munmap(two + PAGE, PAGE), 0);
	for_each_rule(rule) {
		uint8_t *at = two + PAGE - 4;

		good(rule, buffer, ioas);
		memcpy(at, buffer, 4);
		EXPECT(rule, at, EFAULT);
	}
}

TEST(map_whose_result_cannot_be_written_maps_nothing)
{
	struct iommu_ioas_map *cmd = memory(PAGE);
	uint32_t ioas = new_ioas();
	void *p = memory(PAGE);

	*cmd = (struct iommu_ioas_map){
		.size = sizeof(*cmd),
		.flags = RW,
		.ioas_id = ioas,
		.user_va = (uintptr_t)p,
		.length = PAGE,
	};
	CHECK_EQ(mprotect(cmd, PAGE, PROT_READ), 0);
	CHECK_ERR(ioctl(fd, IOMMU_IOAS_MAP, cmd), EFAULT);
	CHECK_EQ(unmap_all(ioas), 0);
}

TEST(unknown_ioctl_is_enotty)
{
	uint8_t buffer[256] = { 64 };

	new_ioas();
	CHECK_ERR(ioctl(fd, _IO(IOMMUFD_TYPE, 0x7f), buffer), ENOTTY);
	CHECK_ERR(ioctl(fd, _IO(IOMMUFD_TYPE, 0xbf), buffer), ENOTTY);
	CHECK_ERR(ioctl(fd, _IO(IOMMUFD_TYPE, 0xc4), buffer), ENOTTY);
	CHECK_ERR(ioctl(fd, _IO(IOMMUFD_TYPE, 0xff), buffer), ENOTTY);
	CHECK_ERR(ioctl(fd, _IO('x', 0x81), buffer), ENOTTY);
	CHECK_ERR(ioctl(fd, _IOW(IOMMUFD_TYPE, 0x81, uint32_t), buffer),
		  ENOTTY);
}

TEST(ids_are_unique_and_name_one_kind_of_object)
{
	uint32_t a = new_ioas(), b = new_ioas();
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd),
		.dev_id = a,
		.pt_id = b,
	};

	CHECK(a != b);
	CHECK_ERR(ioctl(fd, IOMMU_HWPT_ALLOC, &cmd), ENOENT);
	CHECK_EQ(destroy(a), 0);
	CHECK_ERR(destroy(a), ENOENT);
	CHECK_EQ(destroy(b), 0);
}

TEST(objects_of_one_context_are_unknown_in_another)
{
	uint32_t ioas = new_ioas();
	int first = fd;

	open_context();
	CHECK_ERR(destroy(ioas), ENOENT);
	close(fd);
	fd = first;
	CHECK_EQ(destroy(ioas), 0);
}

TEST(dev_iommu_has_mode_0660)
{
	char line[16] = "";
	FILE *p = popen("stat -c %a /dev/iommu", "r");

	CHECK(p && fgets(line, sizeof(line), p));
	pclose(p);
	CHECK_EQ(atoi(line), 660);
}
