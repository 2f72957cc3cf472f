// SPDX-License-Identifier: GPL-2.0
/* Device files: /dev/vfio/devices/vfioN, bound to /dev/iommu */
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "disk.h"
#include "file.h"
#include "leave.h"

TEST(sysfs_names_the_file_and_its_number)
{
	char name[64], path[128], number[32] = "";
	unsigned int major, minor;
	struct stat st;
	char *colon;
	int fd;

	file_name(address_of("NVME0"), name, sizeof(name));
	snprintf(path, sizeof(path), "/sys/class/vfio-dev/%s/dev", name);
	fd = open(path, O_RDONLY);
	CHECK(fd >= 0);
	CHECK(read(fd, number, sizeof(number) - 1) > 0);
	major = strtoul(number, &colon, 10);
	CHECK_EQ(*colon, ':');
	minor = strtoul(colon + 1, NULL, 10);
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", name);
	CHECK_EQ(stat(path, &st), 0);
	CHECK(S_ISCHR(st.st_mode));
	CHECK_EQ(st.st_rdev, makedev(major, minor));
	CHECK_EQ(st.st_mode & 0777, 0600);
}

TEST(calls_before_bind_are_einval)
{
	int fd = open_file("NVME0");
	uint32_t id = 1;
	char byte;

	CHECK_ERR(get_info(fd), EINVAL);
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_RESET), EINVAL);
	CHECK_ERR(attach_file(fd, &id), EINVAL);
	CHECK_ERR(detach_file(fd), EINVAL);
	CHECK_ERR(read(fd, &byte, 1), EINVAL);
	CHECK_ERR(write(fd, &byte, 1), EINVAL);
	CHECK_ERR((intptr_t)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0),
		  EINVAL);
}

TEST(bind_refuses_malformed_arguments)
{
	struct vfio_device_bind_iommufd cmd = { .argsz = sizeof(cmd) - 1 };
	int fd = open_file("NVME0"), iommu = open_iommu();

	cmd.iommufd = iommu;
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &cmd), EINVAL);
	cmd.argsz = sizeof(cmd);
	cmd.flags = ~VFIO_DEVICE_BIND_FLAG_TOKEN;
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &cmd), EINVAL);
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, NULL), EFAULT);
	CHECK_ERR(bind_file(fd, -1), EINVAL);
	CHECK_ERR(bind_file(fd, 999), EBADF);
	CHECK_ERR(bind_file(fd, fd), EBADFD);
	CHECK_ERR(get_info(fd), EINVAL);
	CHECK_EQ(bind_file(fd, iommu), 0);
	CHECK_EQ(get_info(fd), 0);
}

/* What follows the request must be zero, as far as nothing is known of it */
TEST(bind_takes_longer_requests_with_a_zero_tail)
{
	struct {
		struct vfio_device_bind_token known;
		uint32_t unknown[1000];
	} cmd = { .known.argsz = offsetof(typeof(cmd), unknown[2]) };
	int fd = open_file("NVME0");

	cmd.known.iommufd = open_iommu();
	cmd.unknown[1] = 1;
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &cmd), E2BIG);
	cmd.known.argsz = UINT32_MAX;
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &cmd), E2BIG);
	cmd.unknown[1] = 0;
	cmd.known.argsz = sizeof(cmd.known) + 8;
	/* Without the flag the pointer is not read */
	cmd.known.token_uuid_ptr = 1;
	CHECK_EQ(ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &cmd), 0);
	CHECK(cmd.known.out_devid);
	CHECK_EQ(get_info(fd), 0);
}

/* Neither a physical nor a virtual function: nobody could have set one */
TEST(token_for_a_device_without_sriov_is_einval)
{
	int fd = open_file("NVME0"), iommu = open_iommu();
	const uint8_t token[TOKEN_SIZE] = { 1 };

	CHECK_ERR(bind_with_token(fd, iommu, token), EINVAL);
	CHECK_ERR(bind_with_token(fd, iommu, NULL), EFAULT);
	CHECK_ERR(get_info(fd), EINVAL);
	CHECK_EQ(bind_file(fd, iommu), 0);
}

TEST(a_device_is_bound_once)
{
	int first = open_file("NVME0"), second = open_file("NVME0");
	int iommu = open_iommu();

	CHECK_EQ(bind_file(first, iommu), 0);
	CHECK_ERR(bind_file(first, iommu), EINVAL);
	CHECK_ERR(bind_file(second, iommu), EINVAL);
	CHECK_ERR(get_info(second), EINVAL);
	close(first);
	CHECK_EQ(bind_file(second, iommu), 0);
	CHECK_EQ(get_info(second), 0);
}

TEST(device_opened_by_its_group_cannot_be_bound)
{
	int fd = open_file("NVME0"), iommu = open_iommu();
	struct box box;

	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	CHECK_ERR(bind_file(fd, iommu), EBUSY);
	CHECK_ERR(get_info(fd), EINVAL);
	box_close(&box);
	CHECK_EQ(bind_file(fd, iommu), 0);
}

/* An open group is all that it takes to reset its devices */
TEST(device_whose_group_is_open_cannot_be_bound)
{
	int fd = open_file("NVME0"), iommu = open_iommu();
	int group = open_group("NVME0");

	CHECK(group >= 0);
	CHECK_ERR(bind_file(fd, iommu), EBUSY);
	close(group);
	CHECK_EQ(bind_file(fd, iommu), 0);
}

TEST(group_of_a_bound_device_cannot_be_opened)
{
	int fd = open_file("NVME0"), iommu = open_iommu();
	int second = open_file("NVME0"), group;
	struct vfio_device device;
	struct vfio_space space;

	CHECK_EQ(bind_file(fd, iommu), 0);
	CHECK_ERR(open_group("NVME0"), EBUSY);
	/* Who fails to bind does not give away what another one has */
	CHECK_ERR(bind_file(second, iommu), EINVAL);
	CHECK_ERR(open_group("NVME0"), EBUSY);
	/* Other groups are nobody's */
	group = open_group("NVME1");
	CHECK(group >= 0);
	close(group);
	close(fd);
	CHECK_EQ(vfio_space_open(&space, VFIO_SPACE_TYPE1V2), 0);
	if (vfio_device_open(&device, &space, address_of("NVME0")))
		ktap_fail("%s", fail_text());
}

/* Neither way round may leave the group closed to all */
TEST(failed_bind_leaves_the_group_free)
{
	int fd = open_file("NVME0"), iommu = open_iommu();

	for (int i = 0; i < 3; i++) {
		CHECK_ERR(bind_file(fd, fd), EBADFD);
		CHECK_EQ(close(open_group("NVME0")), 0);
	}
	CHECK_EQ(bind_file(fd, iommu), 0);
	CHECK_ERR(open_group("NVME0"), EBUSY);
	close(fd);
	CHECK_EQ(close(open_group("NVME0")), 0);
}

TEST(fdinfo_names_the_device)
{
	char path[64], line[PATH_MAX], wanted[PATH_MAX], device[64];
	int fd = open_file("NVME0");
	bool found = false;
	FILE *info;

	snprintf(device, sizeof(device), "/sys/bus/pci/devices/%.32s",
		 address_of("NVME0"));
	snprintf(wanted, sizeof(wanted), "vfio-device-syspath: %s\n",
		 realpath(device, line));
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = fopen(path, "r");
	CHECK(info);
	while (fgets(line, sizeof(line), info))
		found = found || !strcmp(line, wanted);
	fclose(info);
	CHECK(found);
}

TEST(attach_needs_an_address_space_or_a_page_table)
{
	struct vfio_device_attach_iommufd_pt cmd = { .argsz = sizeof(cmd) - 1 };
	int fd = open_file("NVME0"), iommu = open_iommu();
	uint32_t id = 12345, ioas = new_ioas(iommu);

	CHECK_EQ(bind_file(fd, iommu), 0);
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

	box_open(&box, VFIO_SPACE_IOMMUFD, "NVME0");
	disk_start(&disk, &box.device, QUEUES);
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
	int fd = open_file("NVME0"), iommu = open_iommu();
	uint32_t ioas = new_ioas(iommu), id = ioas;

	CHECK_EQ(bind_file(fd, iommu), 0);
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

	box_open(&box, VFIO_SPACE_IOMMUFD, "NVME0");
	disk_start(&disk, &box.device, QUEUES);
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

	box_open(&box, VFIO_SPACE_IOMMUFD, "NVME0");
	disk_start(&disk, &box.device, QUEUES);
	CHECK_EQ(vfio_map(&box.space, IOVA, first, PAGE, VFIO_PROT_RW), 0);
	/* The other space has the queues too, and another page at IOVA */
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

	box_open(&box, VFIO_SPACE_IOMMUFD, "NVME0");
	disk_start(&disk, &box.device, QUEUES);
	CHECK_EQ(vfio_map(&box.space, IOVA, at, PAGE, VFIO_PROT_RW), 0);
	CHECK_EQ(detach_file(box.device.fd), 0);
	disk.timeout_ms = 300;
	command = nvme_begin(&disk, NVME_READ, 1, 1, IOVA);
	CHECK(command >= 0);
	/* Its queues are out of reach too */
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

	box_open(&box, VFIO_SPACE_IOMMUFD, "NVME0");
	disk_start(&disk, &box.device, QUEUES);
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

	box_open(&box, VFIO_SPACE_IOMMUFD, "NVME0");
	disk_start(&first_disk, &box.device, QUEUES);
	CHECK_EQ(vfio_map(&box.space, IOVA, at, 2 * PAGE, VFIO_PROT_RW), 0);
	if (vfio_device_open(&second, &box.space, address_of("NVME1")))
		ktap_fail("%s", fail_text());
	disk_start(&second_disk, &second, MORE_QUEUES);
	disk_read(&first_disk, 5, 1, IOVA);
	disk_read(&second_disk, 6, 1, IOVA + PAGE);
	CHECK(is_block(at, 5, 0));
	CHECK(is_block(at + PAGE, 6, 1));
}

TEST(info_ioctls_describe_the_device)
{
	struct vfio_region_info region = {
		.argsz = sizeof(region),
		.index = VFIO_PCI_CONFIG_REGION_INDEX,
	};
	struct vfio_irq_info irq = {
		.argsz = sizeof(irq),
		.index = VFIO_PCI_MSIX_IRQ_INDEX,
	};
	struct vfio_device_info info = { .argsz = sizeof(info) };
	int fd = open_file("NVME0"), iommu = open_iommu();
	uint16_t vendor;

	CHECK_EQ(bind_file(fd, iommu), 0);
	CHECK_EQ(ioctl(fd, VFIO_DEVICE_GET_INFO, &info), 0);
	CHECK(info.flags & VFIO_DEVICE_FLAGS_PCI);
	CHECK(info.num_regions >= VFIO_PCI_NUM_REGIONS);
	CHECK_EQ(ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &region), 0);
	CHECK_EQ(pread(fd, &vendor, 2, region.offset), 2);
	CHECK_EQ(vendor, 0x1b36);
	CHECK_EQ(ioctl(fd, VFIO_DEVICE_GET_IRQ_INFO, &irq), 0);
	CHECK(irq.count > 1);
}

TEST(info_ioctls_refuse_malformed_arguments)
{
	struct vfio_region_info region = { .argsz = sizeof(region) - 1 };
	struct vfio_irq_info irq = { .argsz = sizeof(irq) - 1 };
	struct vfio_device_info info = { .argsz = 8 };
	int fd = open_file("NVME0"), iommu = open_iommu();

	CHECK_EQ(bind_file(fd, iommu), 0);
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_GET_INFO, &info), EINVAL);
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_GET_INFO, NULL), EFAULT);
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &region), EINVAL);
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, NULL), EFAULT);
	region.argsz = sizeof(region);
	region.index = UINT32_MAX;
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &region), EINVAL);
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_GET_IRQ_INFO, &irq), EINVAL);
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_GET_IRQ_INFO, NULL), EFAULT);
	irq.argsz = sizeof(irq);
	irq.index = UINT32_MAX;
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_GET_IRQ_INFO, &irq), EINVAL);
	CHECK_ERR(ioctl(fd, _IO(VFIO_TYPE, VFIO_BASE + 99), 0), ENOTTY);
}

/* A region's number is in the upper bits of an offset */
TEST(offset_outside_all_regions_is_einval)
{
	const uint64_t nowhere = 1000ull << 40;
	int fd = open_file("NVME0"), iommu = open_iommu();
	uint32_t value;

	CHECK_EQ(bind_file(fd, iommu), 0);
	CHECK_ERR(pread(fd, &value, 4, nowhere), EINVAL);
	CHECK_ERR(pwrite(fd, &value, 4, nowhere), EINVAL);
	CHECK_ERR((intptr_t)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd,
				 nowhere), EINVAL);
	/* The configuration space can be read, and not mapped */
	CHECK_ERR((intptr_t)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd,
				 (uint64_t)VFIO_PCI_CONFIG_REGION_INDEX << 40),
		  EINVAL);
	/* Past the end of the first BAR, which is 16 KiB */
	CHECK_ERR((intptr_t)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd,
				 1ull << 39), EINVAL);
}

TEST(set_irqs_refuses_malformed_arguments)
{
	struct vfio_irq_set set = {
		.argsz = sizeof(set) - 1,
		.flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER,
		.index = VFIO_PCI_MSIX_IRQ_INDEX,
	};
	int fd = open_file("NVME0"), iommu = open_iommu();

	CHECK_EQ(bind_file(fd, iommu), 0);
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_SET_IRQS, &set), EINVAL);
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_SET_IRQS, NULL), EFAULT);
	set.argsz = sizeof(set);
	set.flags |= 1u << 31;
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_SET_IRQS, &set), EINVAL);
	set.flags &= ~(1u << 31);
	set.index = UINT32_MAX;
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_SET_IRQS, &set), EINVAL);
	set.index = VFIO_PCI_MSIX_IRQ_INDEX;
	set.start = 1;
	set.count = UINT32_MAX;
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_SET_IRQS, &set), EINVAL);
	/* Eventfds that are not there */
	set.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	set.start = 0;
	set.count = 1;
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_SET_IRQS, &set), EINVAL);
}

/* The disks share no bridge that could be reset */
TEST(hot_reset_is_refused)
{
	struct vfio_pci_hot_reset_info info = { .argsz = sizeof(info) - 1 };
	struct {
		struct vfio_pci_hot_reset head;
		int32_t group;
	} reset = { .head.argsz = sizeof(reset.head) };
	int fd = open_file("NVME0"), iommu = open_iommu();

	CHECK_EQ(bind_file(fd, iommu), 0);
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &info), EINVAL);
	info.argsz = sizeof(info);
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &info), ENODEV);
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_PCI_HOT_RESET, &reset), ENODEV);
	reset.head.flags = 1;
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_PCI_HOT_RESET, &reset), EINVAL);
	/* Groups are for those who opened the device by its group */
	reset.head = (struct vfio_pci_hot_reset){
		.argsz = sizeof(reset),
		.count = 1,
	};
	reset.group = fd;
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_PCI_HOT_RESET, &reset), EINVAL);
}

TEST(an_interrupt_reaches_an_eventfd)
{
	/* As if the device had raised it */
	struct vfio_irq_set raise = {
		.argsz = sizeof(raise),
		.flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER,
		.index = VFIO_PCI_MSIX_IRQ_INDEX,
		.count = 1,
	};
	int fd = open_file("NVME0"), iommu = open_iommu();
	int signal = eventfd(0, EFD_NONBLOCK);
	uint64_t count = 0;

	CHECK_EQ(bind_file(fd, iommu), 0);
	CHECK_EQ(set_eventfd(fd, VFIO_PCI_MSIX_IRQ_INDEX, signal), 0);
	CHECK_EQ(ioctl(fd, VFIO_DEVICE_SET_IRQS, &raise), 0);
	CHECK_EQ(read(signal, &count, sizeof(count)), sizeof(count));
	CHECK_EQ(count, 1);
}

TEST(unknown_feature_is_enotty)
{
	struct vfio_device_feature cmd = { .argsz = sizeof(cmd) };
	int fd = open_file("NVME0"), iommu = open_iommu();

	CHECK_EQ(bind_file(fd, iommu), 0);
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_FEATURE, NULL), EFAULT);
	cmd.flags = VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_MASK;
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_FEATURE, &cmd), ENOTTY);
	cmd.flags = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET;
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_FEATURE, &cmd), EINVAL);
	cmd.flags = 1u << 31;
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_FEATURE, &cmd), EINVAL);
	cmd.argsz = 1;
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_FEATURE, &cmd), EINVAL);
}

TEST(the_device_can_be_reset)
{
	int fd = open_file("NVME0"), iommu = open_iommu();

	CHECK_EQ(bind_file(fd, iommu), 0);
	CHECK_EQ(ioctl(fd, VFIO_DEVICE_RESET), 0);
}

static void close_file(void *data)
{
	close(*(int *)data);
}

TEST(unbinding_the_driver_waits_for_the_file)
{
	int fd = open_file("NVME0"), iommu = open_iommu();

	CHECK_EQ(bind_file(fd, iommu), 0);
	check_unbind_waits(address_of("NVME0"), fd, close_file, &fd);
	fd = open_file("NVME0");
	CHECK_EQ(bind_file(fd, iommu), 0);
}

/* The node in /dev is gone by then, and a node of one's own is not */
TEST(device_being_unbound_cannot_be_opened)
{
	char name[64], path[128];
	int fd = open_file("NVME0"), iommu = open_iommu();
	struct leaving leaving;
	struct stat st;

	CHECK_EQ(bind_file(fd, iommu), 0);
	CHECK_EQ(fstat(fd, &st), 0);
	file_name(address_of("NVME0"), name, sizeof(name));
	snprintf(path, sizeof(path), "/dev/shm/%s", name);
	unlink(path);
	CHECK_EQ(mknod(path, S_IFCHR | 0600, st.st_rdev), 0);
	close(open(path, O_RDWR));
	snprintf(name, sizeof(name), "/sys/bus/pci/devices/%.16s/driver/unbind",
		 address_of("NVME0"));
	leaving = ask_to_leave(fd, name, address_of("NVME0"));
	CHECK_ERR(open(path, O_RDWR), ENXIO);
	check_has_not_left(&leaving);
	close(fd);
	check_has_left(&leaving);
	CHECK_ERR(open(path, O_RDWR), ENXIO);
	unlink(path);
	CHECK_EQ(write_sysfs("/sys/bus/pci/drivers_probe",
			     address_of("NVME0")), 0);
}

TEST(a_killed_process_leaves_nothing_behind)
{
	long long pinned = pinned_pages();
	struct box box;
	int ready[2], status;
	char byte;
	pid_t child;

	CHECK_EQ(pipe(ready), 0);
	child = fork();
	if (!child) {
		box_open(&box, VFIO_SPACE_IOMMUFD, "NVME0");
		CHECK_EQ(vfio_map(&box.space, IOVA, memory(64 * PAGE),
				  64 * PAGE, VFIO_PROT_RW), 0);
		CHECK_EQ(write(ready[1], "", 1), 1);
		pause();
	}
	close(ready[1]);
	CHECK_EQ(read(ready[0], &byte, 1), 1);
	CHECK_EQ(pinned_pages(), pinned + 64);
	CHECK_EQ(kill(child, SIGKILL), 0);
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(pinned_pages(), pinned);
	box_open(&box, VFIO_SPACE_IOMMUFD, "NVME0");
}
