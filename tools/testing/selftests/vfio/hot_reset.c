// SPDX-License-Identifier: GPL-2.0
/*
 * Hot reset by device files: it is allowed if the caller owns all functions
 * that are reset together.
 *
 * FIRST names a function behind a port of its own; SECOND, if it is set, names
 * another function behind the same port. They may be in one IOMMU group or in
 * two. DISKS=1 says that they are disks. scripts/guest/vfio-hot-reset sets these
 * variables; each test skips the set-ups that it is not about.
 */
#include <pthread.h>

#include "disk.h"
#include "file.h"
#include "leave.h"

#define MANY 8

struct answer {
	struct vfio_pci_hot_reset_info head;
	struct vfio_pci_dependent_device devices[MANY];
};

static int get_reset_info(int fd, struct answer *answer)
{
	memset(answer, 0, sizeof(*answer));
	answer->head.argsz = sizeof(*answer);
	return ioctl(fd, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, answer);
}

static int hot_reset(int fd)
{
	struct vfio_pci_hot_reset cmd = { .argsz = sizeof(cmd) };

	return ioctl(fd, VFIO_DEVICE_PCI_HOT_RESET, &cmd);
}

static int hot_reset_by_groups(int fd, const int32_t *groups, int count)
{
	struct {
		struct vfio_pci_hot_reset head;
		int32_t groups[MANY];
	} cmd = { .head.argsz = sizeof(cmd), .head.count = count };

	memcpy(cmd.groups, groups, count * sizeof(*groups));
	return ioctl(fd, VFIO_DEVICE_PCI_HOT_RESET, &cmd);
}

/* Open a device file and bind it; @id is the id of the device in the context */
static int open_bound(const char *variable, int iommu, uint32_t *id)
{
	struct vfio_device_bind_iommufd cmd = {
		.argsz = sizeof(cmd),
		.iommufd = iommu,
	};
	int fd = open_file(variable);

	if (ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &cmd))
		ktap_fail("bind of %s: %s", variable, strerror(errno));
	if (id)
		*id = cmd.out_devid;
	return fd;
}

static int group_of(const char *variable)
{
	char number[16];

	device_link(variable, "iommu_group", number, sizeof(number));
	return atoi(number);
}

static void need_two(bool one_group)
{
	address_of("SECOND");
	if ((group_of("FIRST") == group_of("SECOND")) != one_group)
		SKIP("the two functions are %s group",
		     one_group ? "in more than one" : "in one");
}

static void need_one(void)
{
	if (getenv("SECOND"))
		SKIP("there are two functions");
}

static void need_disk(const char *variable)
{
	const char *disks = getenv("DISKS");

	address_of(variable);
	if (!disks || strcmp(disks, "1"))
		SKIP("the functions are no disks");
}

/* The id, or the group, that the answer has for a function */
static uint32_t id_of(const struct answer *answer, const char *variable)
{
	unsigned int segment, bus, slot, function, i;
	int parts = sscanf(address_of(variable), "%x:%x:%x.%x", &segment, &bus,
			   &slot, &function);

	CHECK_EQ(parts, 4);
	for (i = 0; i < answer->head.count; i++) {
		const struct vfio_pci_dependent_device *device =
			&answer->devices[i];

		if (device->segment == segment && device->bus == bus &&
		    device->devfn == (slot << 3 | function))
			return device->group_id;
	}
	ktap_fail("%s is not among the functions", variable);
}

#define OWNED (VFIO_PCI_HOT_RESET_FLAG_DEV_ID | \
	       VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED)

static void bind_driver(const char *variable, const char *driver)
{
	char path[PATH_MAX];
	const char *address = address_of(variable);

	device_path(path, variable, "driver/unbind");
	write_sysfs(path, address);
	device_path(path, variable, "driver_override");
	CHECK_EQ(write_sysfs(path, *driver ? driver : "\n"), 0);
	if (*driver)
		CHECK_EQ(write_sysfs("/sys/bus/pci/drivers_probe", address), 0);
}

/* The disk was started, and was not reset since then */
static bool is_ready(const struct nvme *disk)
{
	const uint32_t *status = (const uint32_t *)(disk->regs + 0x1c);

	return __atomic_load_n(status, __ATOMIC_RELAXED) & 1;
}

TEST(a_lone_device_is_owned)
{
	struct answer answer;
	int iommu = open_iommu(), fd;
	uint32_t id;

	need_one();
	fd = open_bound("FIRST", iommu, &id);
	CHECK_EQ(get_reset_info(fd, &answer), 0);
	CHECK_EQ(answer.head.flags, OWNED);
	CHECK_EQ(answer.head.count, 1);
	CHECK_EQ(id_of(&answer, "FIRST"), id);
	CHECK_EQ(hot_reset(fd), 0);
	CHECK_EQ(get_reset_info(fd, &answer), 0);
	CHECK_EQ(answer.head.flags, OWNED);
}

TEST(reset_info_in_a_short_buffer_is_enospc)
{
	struct vfio_pci_hot_reset_info head = { .argsz = sizeof(head) - 1 };
	struct answer *answer = memory(PAGE);
	unsigned int count = getenv("SECOND") ? 2 : 1;
	int iommu = open_iommu(), fd = open_bound("FIRST", iommu, NULL);

	CHECK_ERR(ioctl(fd, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &head), EINVAL);
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, NULL), EFAULT);
	head.argsz = sizeof(head);
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &head), ENOSPC);
	CHECK_EQ(head.count, count);
	CHECK_EQ(head.flags, 0);
	/* In a buffer that is too small, no device is written */
	memset(answer, 0x5a, PAGE);
	answer->head.argsz = sizeof(head) +
			     count * sizeof(answer->devices[0]) - 1;
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, answer),
		  ENOSPC);
	CHECK(is_untouched(answer->devices, sizeof(answer->devices)));
	answer->head.argsz++;
	CHECK_EQ(ioctl(fd, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, answer), 0);
	CHECK(is_untouched(answer->devices + count,
			   sizeof(answer->devices[0])));
	/* The buffer is read-only */
	answer->head.argsz = sizeof(*answer);
	CHECK_EQ(mprotect(answer, PAGE, PROT_READ), 0);
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, answer),
		  EFAULT);
}

TEST(hot_reset_refuses_malformed_arguments)
{
	struct vfio_pci_hot_reset cmd = { .argsz = sizeof(cmd) };
	int iommu = open_iommu(), fd = open_file("FIRST");

	CHECK_ERR(hot_reset(fd), EINVAL);
	CHECK_EQ(bind_file(fd, iommu), 0);
	cmd.argsz = sizeof(cmd) - 1;
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_PCI_HOT_RESET, &cmd), EINVAL);
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_PCI_HOT_RESET, NULL), EFAULT);
	cmd.argsz = sizeof(cmd);
	cmd.flags = 1;
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_PCI_HOT_RESET, &cmd), EINVAL);
	/* A device that was opened by its file is not reset by groups */
	CHECK_ERR(hot_reset_by_groups(fd, &fd, 1), EINVAL);
}

TEST(a_disk_is_reset_and_works_after_it)
{
	char *at = memory(PAGE);
	struct nvme disk;
	struct box box;

	need_one();
	need_disk("FIRST");
	box_open(&box, VFIO_SPACE_IOMMUFD, "FIRST");
	CHECK_EQ(vfio_map(&box.space, IOVA, at, PAGE, VFIO_PROT_RW), 0);
	for (int i = 0; i < 3; i++) {
		disk_start(&disk, &box.device, QUEUES);
		disk_read(&disk, 10 + i, 1, IOVA);
		CHECK(is_block(at, 10 + i, 0));
		CHECK(is_ready(&disk));
		CHECK_EQ(hot_reset(box.device.fd), 0);
		/*
		 * The registers are read through the mapping made before the
		 * reset
		 */
		CHECK(!is_ready(&disk));
		nvme_close(&disk);
	}
}

static void *read_registers(void *data)
{
	const struct nvme *disk = data;
	uint32_t value;

	for (;;) {
		is_ready(disk);
		CHECK_EQ(pread(disk->device->fd, &value, 4, 0x1c), 4);
		pthread_testcancel();
	}
	return NULL;
}

TEST(registers_can_be_read_while_the_device_is_reset)
{
	pthread_t reader;
	struct nvme disk;
	struct box box;

	need_one();
	need_disk("FIRST");
	box_open(&box, VFIO_SPACE_IOMMUFD, "FIRST");
	disk_start(&disk, &box.device, QUEUES);
	CHECK_EQ(pthread_create(&reader, NULL, read_registers, &disk), 0);
	for (int i = 0; i < 3;) {
		if (!hot_reset(box.device.fd))
			i++;
		else
			CHECK_EQ(errno, EBUSY);
	}
	CHECK_EQ(pthread_cancel(reader), 0);
	CHECK_EQ(pthread_join(reader, NULL), 0);
}

TEST(device_opened_by_its_group_is_reset_by_group)
{
	struct answer answer;
	struct box box;

	need_one();
	box_open(&box, VFIO_SPACE_TYPE1V2, "FIRST");
	CHECK_EQ(get_reset_info(box.device.fd, &answer), 0);
	CHECK_EQ(answer.head.flags, 0);
	CHECK_EQ(id_of(&answer, "FIRST"), group_of("FIRST"));
	CHECK_ERR(hot_reset(box.device.fd), EINVAL);
	CHECK_EQ(hot_reset_by_groups(box.device.fd, &box.device.group_fd, 1),
		 0);
}

TEST(two_devices_of_a_context_are_reset_together)
{
	int iommu = open_iommu(), first, second;
	struct answer answer;
	uint32_t ids[2];

	address_of("SECOND");
	first = open_bound("FIRST", iommu, &ids[0]);
	second = open_bound("SECOND", iommu, &ids[1]);
	CHECK(ids[0] != ids[1]);
	for (int i = 0; i < 2; i++) {
		int fd = i ? second : first;

		CHECK_EQ(get_reset_info(fd, &answer), 0);
		CHECK_EQ(answer.head.flags, OWNED);
		CHECK_EQ(answer.head.count, 2);
		CHECK_EQ(id_of(&answer, "FIRST"), ids[0]);
		CHECK_EQ(id_of(&answer, "SECOND"), ids[1]);
		CHECK_EQ(hot_reset(fd), 0);
	}
}

TEST(two_disks_work_after_they_were_reset)
{
	struct nvme disks[2];
	struct vfio_device second;
	char *at = memory(2 * PAGE);
	struct box box;

	need_two(true);
	need_disk("SECOND");
	box_open(&box, VFIO_SPACE_IOMMUFD, "FIRST");
	CHECK_EQ(vfio_map(&box.space, IOVA, at, 2 * PAGE, VFIO_PROT_RW), 0);
	add_device(&box.space, &second, "SECOND");
	for (int i = 0; i < 2; i++) {
		disk_start(&disks[0], &box.device, QUEUES);
		disk_start(&disks[1], &second, MORE_QUEUES);
		disk_read(&disks[0], 5 + i, 1, IOVA);
		disk_read(&disks[1], 6 + i, 1, IOVA + PAGE);
		CHECK(is_block(at, 5 + i, 0));
		CHECK(is_block(at + PAGE, 6 + i, 1));
		CHECK_EQ(hot_reset(i ? second.fd : box.device.fd), 0);
		CHECK(!is_ready(&disks[0]));
		CHECK(!is_ready(&disks[1]));
		nvme_close(&disks[0]);
		nvme_close(&disks[1]);
	}
}

TEST(the_other_device_of_the_group_is_owned_too)
{
	static const char *const drivers[] = { "vfio-iommufd-pci", "vfio-pci" };
	int iommu = open_iommu();
	struct answer answer;

	need_two(true);
	for (int i = 1; i >= 0; i--) {
		int fd;

		bind_driver("SECOND", drivers[i]);
		fd = open_bound("FIRST", iommu, NULL);
		CHECK_EQ(get_reset_info(fd, &answer), 0);
		CHECK_EQ(answer.head.flags, OWNED);
		CHECK_EQ(id_of(&answer, "SECOND"), VFIO_PCI_DEVID_OWNED);
		CHECK_EQ(hot_reset(fd), 0);
		close(fd);
	}
}

/* Without a VFIO driver, any other driver could bind to it */
TEST(a_device_without_a_vfio_driver_is_not_owned)
{
	int iommu = open_iommu(), fd;
	struct answer answer;

	address_of("SECOND");
	bind_driver("SECOND", "");
	fd = open_bound("FIRST", iommu, NULL);
	CHECK_EQ(get_reset_info(fd, &answer), 0);
	CHECK_EQ(answer.head.flags, VFIO_PCI_HOT_RESET_FLAG_DEV_ID);
	CHECK_EQ(answer.head.count, 2);
	CHECK(id_of(&answer, "FIRST") > 0);
	CHECK_EQ(id_of(&answer, "SECOND"), (uint32_t)VFIO_PCI_DEVID_NOT_OWNED);
	CHECK_ERR(hot_reset(fd), EINVAL);
	bind_driver("SECOND", "vfio-iommufd-pci");
}

TEST(a_refused_reset_resets_nothing)
{
	struct nvme disk;
	struct box box;

	address_of("SECOND");
	need_disk("FIRST");
	bind_driver("SECOND", "");
	box_open(&box, VFIO_SPACE_IOMMUFD, "FIRST");
	disk_start(&disk, &box.device, QUEUES);
	CHECK_ERR(hot_reset(box.device.fd), EINVAL);
	CHECK(is_ready(&disk));
	nvme_close(&disk);
	box_close(&box);
	bind_driver("SECOND", "vfio-iommufd-pci");
}

static void check_not_owned(int fd)
{
	struct answer answer;

	CHECK_EQ(get_reset_info(fd, &answer), 0);
	CHECK_EQ(answer.head.flags, VFIO_PCI_HOT_RESET_FLAG_DEV_ID);
	CHECK_EQ(id_of(&answer, "SECOND"), (uint32_t)VFIO_PCI_DEVID_NOT_OWNED);
	CHECK_ERR(hot_reset(fd), EINVAL);
}

TEST(a_device_of_another_group_is_owned_once_it_is_bound)
{
	int iommu = open_iommu(), first, second;

	need_two(false);
	first = open_bound("FIRST", iommu, NULL);
	check_not_owned(first);
	second = open_bound("SECOND", iommu, NULL);
	CHECK_EQ(hot_reset(first), 0);
	CHECK_EQ(hot_reset(second), 0);
	close(second);
	check_not_owned(first);
}

TEST(a_device_of_another_context_is_not_owned)
{
	int iommu = open_iommu(), other = open_iommu(), first, second;

	need_two(false);
	second = open_bound("SECOND", other, NULL);
	first = open_bound("FIRST", iommu, NULL);
	check_not_owned(first);
	CHECK_ERR(hot_reset(second), EINVAL);
	close(second);
	second = open_bound("SECOND", iommu, NULL);
	CHECK_EQ(hot_reset(first), 0);
}

TEST(a_device_opened_by_its_group_is_not_owned)
{
	int iommu = open_iommu(), first;
	struct box box;

	need_two(false);
	box_open(&box, VFIO_SPACE_TYPE1V2, "SECOND");
	first = open_bound("FIRST", iommu, NULL);
	check_not_owned(first);
}

/* The file of a group proves the ownership of all devices in the group */
TEST(group_of_a_bound_device_proves_no_ownership)
{
	int iommu = open_iommu(), second;
	int32_t groups[2];
	struct box box;

	need_two(false);
	second = open_bound("SECOND", iommu, NULL);
	box_open(&box, VFIO_SPACE_TYPE1V2, "FIRST");
	groups[0] = box.device.group_fd;
	CHECK_ERR(hot_reset_by_groups(box.device.fd, groups, 1), EINVAL);
	groups[1] = open_group("SECOND");
	CHECK_ERR(groups[1], EBUSY);
	close(second);
	/* With the group file of an unbound device the reset succeeds */
	groups[1] = open_group("SECOND");
	CHECK(groups[1] >= 0);
	CHECK_EQ(hot_reset_by_groups(box.device.fd, groups, 2), 0);
	/* An open group keeps the device from being bound */
	second = open_file("SECOND");
	CHECK_ERR(bind_file(second, iommu), EBUSY);
	close(groups[1]);
	CHECK_EQ(bind_file(second, iommu), 0);
	CHECK_ERR(hot_reset_by_groups(box.device.fd, groups, 1), EINVAL);
}
