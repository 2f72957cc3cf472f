// SPDX-License-Identifier: GPL-2.0
/*
 * Attaching device files to address spaces and page tables of /dev/iommu, and
 * the DMA of disks there. Runs over vfio-iommufd-pci with two disks.
 */
#include "disk.h"
#include "file.h"

TEST(attach_needs_an_address_space_or_a_page_table)
{
	struct vfio_device_attach_iommufd_pt cmd = { .argsz = sizeof(cmd) - 1 };
	int iommu = open_iommu(), fd = open_bound_file("NVME0", iommu);
	uint32_t id = 12345, ioas = new_ioas(iommu);

	CHECK_ERR(attach_file(fd, &id), ENOENT);
	cmd.pt_id = ioas;
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &cmd), EINVAL);
	cmd.argsz = sizeof(cmd);
	cmd.flags = ~VFIO_DEVICE_ATTACH_PASID;
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &cmd), EINVAL);
	cmd.flags = VFIO_DEVICE_ATTACH_PASID;
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &cmd), EOPNOTSUPP);
	id = ioas;
	CHECK_EQ(attach_file(fd, &id), 0);
	CHECK(id && id != ioas);
	CHECK_ERR(destroy(iommu, ioas), EBUSY);
	CHECK_EQ(detach_file(fd), 0);
	CHECK_EQ(detach_file(fd), 0);
	CHECK_EQ(destroy(iommu, ioas), 0);
}

TEST(attach_whose_result_cannot_be_written_changes_nothing)
{
	struct vfio_device_attach_iommufd_pt *cmd = memory(PAGE);
	char *at = memory(PAGE);
	struct nvme disk;
	struct box box;

	disk_open(&disk, &box, VFIO_SPACE_IOMMUFD);
	CHECK_EQ(vfio_map(&box.space, IOVA, at, PAGE, VFIO_PROT_RW), 0);
	*cmd = (struct vfio_device_attach_iommufd_pt){
		.argsz = sizeof(*cmd),
		.pt_id = new_ioas(box.space.fd),
	};
	CHECK_EQ(mprotect(cmd, PAGE, PROT_READ), 0);
	CHECK_ERR(ioctl(box.device.fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, cmd),
		  EFAULT);
	disk_read(&disk, 4, 1, IOVA);
	CHECK(is_block(at, 4, 0));
	CHECK_EQ(destroy(box.space.fd, cmd->pt_id), 0);
}

TEST(detach_refuses_malformed_arguments)
{
	struct vfio_device_detach_iommufd_pt cmd = { .argsz = sizeof(cmd) - 1 };
	int iommu = open_iommu(), fd = open_bound_file("NVME0", iommu);
	uint32_t ioas = new_ioas(iommu), id = ioas;

	CHECK_EQ(attach_file(fd, &id), 0);
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, &cmd), EINVAL);
	cmd.argsz = sizeof(cmd);
	cmd.flags = ~VFIO_DEVICE_DETACH_PASID;
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, &cmd), EINVAL);
	cmd.flags = VFIO_DEVICE_DETACH_PASID;
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, &cmd), EOPNOTSUPP);
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, NULL), EFAULT);
	CHECK_ERR(destroy(iommu, ioas), EBUSY);
	CHECK_EQ(detach_file(fd), 0);
}

TEST(a_disk_reads_through_the_file)
{
	char *at = memory(PAGE);
	struct nvme disk;
	struct box box;

	disk_open(&disk, &box, VFIO_SPACE_IOMMUFD);
	CHECK_EQ(vfio_map(&box.space, IOVA, at, PAGE, VFIO_PROT_RW), 0);
	disk_read(&disk, 77, 2, IOVA);
	CHECK(is_block(at, 77, 0));
	CHECK(is_block(at + BLOCK, 78, 0));
	CHECK_EQ(vfio_unmap(&box.space, IOVA, PAGE), 0);
	memset(at, 0x5a, PAGE);
	disk_read_blocked(&disk, 77, 2, IOVA);
	CHECK(is_untouched(at, PAGE));
}

TEST(a_disk_moves_between_address_spaces)
{
	char *first = memory(PAGE), *second = memory(PAGE);
	struct vfio_space other;
	struct nvme disk;
	struct box box;
	uint32_t id;

	disk_open(&disk, &box, VFIO_SPACE_IOMMUFD);
	CHECK_EQ(vfio_map(&box.space, IOVA, first, PAGE, VFIO_PROT_RW), 0);
	/* The other space has the queues too, and other memory at IOVA */
	other = box.space;
	other.ioas_id = new_ioas(other.fd);
	CHECK_EQ(vfio_map(&other, QUEUES, disk.memory, nvme_memory_size(),
			  VFIO_PROT_RW), 0);
	CHECK_EQ(vfio_map(&other, IOVA, second, PAGE, VFIO_PROT_RW), 0);

	disk_read(&disk, 1, 1, IOVA);
	id = other.ioas_id;
	CHECK_EQ(attach_file(box.device.fd, &id), 0);
	disk_read(&disk, 2, 1, IOVA);
	id = box.space.ioas_id;
	CHECK_EQ(attach_file(box.device.fd, &id), 0);
	disk_read(&disk, 3, 1, IOVA);
	CHECK(is_block(first, 3, 0));
	CHECK(is_block(second, 2, 0));
}

TEST(a_detached_disk_reaches_nothing)
{
	char *at = memory(PAGE);
	struct nvme disk;
	struct box box;
	uint32_t id;
	int command;

	disk_open(&disk, &box, VFIO_SPACE_IOMMUFD);
	CHECK_EQ(vfio_map(&box.space, IOVA, at, PAGE, VFIO_PROT_RW), 0);
	CHECK_EQ(detach_file(box.device.fd), 0);
	disk.timeout_ms = 300;
	command = nvme_begin(&disk, NVME_READ, 1, 1, IOVA);
	CHECK(command >= 0);
	/* The disk cannot reach its queues either */
	CHECK_EQ(nvme_wait(&disk, command), -ETIMEDOUT);
	CHECK(is_untouched(at, PAGE));
	id = box.space.ioas_id;
	CHECK_EQ(attach_file(box.device.fd, &id), 0);
}

TEST(device_works_after_dev_iommu_is_closed)
{
	char *at = memory(PAGE);
	struct nvme disk;
	struct box box;

	disk_open(&disk, &box, VFIO_SPACE_IOMMUFD);
	CHECK_EQ(vfio_map(&box.space, IOVA, at, PAGE, VFIO_PROT_RW), 0);
	close(box.space.fd);
	disk_read(&disk, 9, 1, IOVA);
	CHECK(is_block(at, 9, 0));
	vfio_device_close(&box.device);
}

TEST(two_devices_share_an_address_space)
{
	struct nvme first_disk, second_disk;
	struct vfio_device second;
	char *at = memory(2 * PAGE);
	struct box box;

	disk_open(&first_disk, &box, VFIO_SPACE_IOMMUFD);
	CHECK_EQ(vfio_map(&box.space, IOVA, at, 2 * PAGE, VFIO_PROT_RW), 0);
	add_disk(&second_disk, &box.space, &second);
	disk_read(&first_disk, 5, 1, IOVA);
	disk_read(&second_disk, 6, 1, IOVA + PAGE);
	CHECK(is_block(at, 5, 0));
	CHECK(is_block(at + PAGE, 6, 1));
}
