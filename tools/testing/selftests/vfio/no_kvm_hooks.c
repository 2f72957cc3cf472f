// SPDX-License-Identifier: GPL-2.0
/*
 * Device files while KVM cannot recognise them: ftrace was disabled when
 * vfio_iommufd_pci.ko was loaded, so the module could not hook KVM's questions.
 * A device that may do noncoherent DMA is then refused, as KVM would not be
 * notified. EDU0 is a conventional PCI device, which may do so; the disk NVME0
 * cannot.
 */
#include "file.h"
#include "leave.h"

#define ALLOW "/sys/module/vfio_iommufd_pci/parameters/allow_noncoherent"

static int bind_once(const char *variable)
{
	int fd = open_file(variable), iommu = open_iommu();
	int ret = bind_file(fd, iommu), bind_errno = errno;

	close(fd);
	close(iommu);
	errno = bind_errno;
	return ret;
}

TEST(noncoherent_device_is_refused_unless_allowed)
{
	if (iommu_is_coherent())
		SKIP("the IOMMU enforces coherency");
	CHECK_ERR(bind_once("EDU0"), EPERM);
	CHECK_ERR(bind_once("EDU0"), EPERM);
	CHECK_EQ(write_sysfs(ALLOW, "1"), 0);
	CHECK_EQ(bind_once("EDU0"), 0);
	CHECK_EQ(write_sysfs(ALLOW, "0"), 0);
	CHECK_ERR(bind_once("EDU0"), EPERM);
}

TEST(noncoherent_device_can_be_opened_by_its_group)
{
	struct box box;

	box_open(&box, VFIO_SPACE_TYPE1V2, "EDU0");
}

TEST(coherent_device_is_bound)
{
	CHECK_EQ(bind_once("NVME0"), 0);
}

TEST(device_is_bound_if_the_iommu_enforces_coherency)
{
	if (!iommu_is_coherent())
		SKIP("the IOMMU does not enforce coherency");
	CHECK_EQ(bind_once("EDU0"), 0);
}
