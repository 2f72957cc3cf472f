// SPDX-License-Identifier: GPL-2.0
/*
 * IOMMU_OPTION and IOMMU_VFIO_IOAS: settings of a context and of an address
 * space. Runs over the mock.
 */
#include "fixture.h"

TEST(options_are_read_back_and_checked)
{
	uint32_t ioas = new_ioas();
	uint64_t value = 7;

	CHECK_EQ(get_option(IOMMU_OPTION_HUGE_PAGES, ioas, &value), 0);
	CHECK_EQ(value, 1);
	CHECK_EQ(set_option(IOMMU_OPTION_HUGE_PAGES, ioas, 0), 0);
	CHECK_EQ(get_option(IOMMU_OPTION_HUGE_PAGES, ioas, &value), 0);
	CHECK_EQ(value, 0);
	CHECK_ERR(set_option(IOMMU_OPTION_HUGE_PAGES, ioas, 2), EINVAL);
	CHECK_ERR(option(IOMMU_OPTION_HUGE_PAGES, 2, ioas, &value),
		  EOPNOTSUPP);
	CHECK_ERR(get_option(IOMMU_OPTION_RLIMIT_MODE, ioas, &value),
		  EOPNOTSUPP);
	CHECK_ERR(option(9, IOMMU_OPTION_OP_GET, 0, &value), EOPNOTSUPP);
}

TEST(setting_an_option_does_not_write_the_structure_back)
{
	uint32_t ioas = new_ioas();
	struct iommu_option *cmd = memory(PAGE);
	uint64_t value = 1;

	*cmd = (struct iommu_option){
		.size = sizeof(*cmd),
		.option_id = IOMMU_OPTION_HUGE_PAGES,
		.op = IOMMU_OPTION_OP_SET,
		.object_id = ioas,
	};
	CHECK_EQ(mprotect(cmd, PAGE, PROT_READ), 0);
	CHECK_EQ(ioctl(fd, IOMMU_OPTION, cmd), 0);
	CHECK_EQ(get_option(IOMMU_OPTION_HUGE_PAGES, ioas, &value), 0);
	CHECK_EQ(value, 0);
}

TEST(limit_mode_is_ebusy_once_there_are_objects)
{
	uint64_t value = 0;

	open_context();
	CHECK_EQ(set_option(IOMMU_OPTION_RLIMIT_MODE, 0, 1), 0);
	CHECK_EQ(get_option(IOMMU_OPTION_RLIMIT_MODE, 0, &value), 0);
	CHECK_EQ(value, 1);
	CHECK_ERR(set_option(IOMMU_OPTION_RLIMIT_MODE, 0, 2), EINVAL);
	new_ioas();
	CHECK_ERR(set_option(IOMMU_OPTION_RLIMIT_MODE, 0, 0), EBUSY);
}

TEST(huge_pages_cannot_be_disabled_while_memory_is_mapped)
{
	uint32_t ioas = new_ioas();

	CHECK_EQ(mock_attach(ioas, 0, NULL), 0);
	CHECK_EQ(map_at(ioas, memory(PAGE), PAGE, IOVA, RW), 0);
	CHECK_ERR(set_option(IOMMU_OPTION_HUGE_PAGES, ioas, 0), EINVAL);
	CHECK_EQ(unmap_all(ioas), PAGE);
	CHECK_EQ(set_option(IOMMU_OPTION_HUGE_PAGES, ioas, 0), 0);
	/* Without huge pages, mappings must be whole pages of the CPU */
	CHECK_ERR(map_at(ioas, memory(PAGE), MOCK_PAGE_SIZE, IOVA, RW),
		  EINVAL);
}

static int vfio_ioas(uint16_t op, uint32_t *ioas)
{
	struct iommu_vfio_ioas cmd = {
		.size = sizeof(cmd),
		.ioas_id = *ioas,
		.op = op,
	};
	int ret = ioctl(fd, IOMMU_VFIO_IOAS, &cmd);

	*ioas = cmd.ioas_id;
	return ret;
}

TEST(vfio_compat_ioas_is_set_read_and_cleared)
{
	uint32_t ioas = new_ioas(), got = ioas;

	CHECK_ERR(vfio_ioas(IOMMU_VFIO_IOAS_GET, &got), ENODEV);
	CHECK_EQ(vfio_ioas(IOMMU_VFIO_IOAS_SET, &ioas), 0);
	got = 0;
	CHECK_EQ(vfio_ioas(IOMMU_VFIO_IOAS_GET, &got), 0);
	CHECK_EQ(got, ioas);
	CHECK_ERR(vfio_ioas(3, &got), EOPNOTSUPP);
	/* The address space can still be destroyed */
	CHECK_EQ(destroy(ioas), 0);
	CHECK_ERR(vfio_ioas(IOMMU_VFIO_IOAS_GET, &got), ENODEV);
	ioas = new_ioas();
	CHECK_EQ(vfio_ioas(IOMMU_VFIO_IOAS_SET, &ioas), 0);
	CHECK_EQ(vfio_ioas(IOMMU_VFIO_IOAS_CLEAR, &ioas), 0);
	CHECK_ERR(vfio_ioas(IOMMU_VFIO_IOAS_GET, &got), ENODEV);
}
