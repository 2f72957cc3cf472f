// SPDX-License-Identifier: GPL-2.0
/*
 * What KVM is told of device files. A kprobe counts the calls by which KVM notes
 * that a device of its guest may bypass the CPU's caches, and takes that back.
 */
#include <linux/kvm.h>
#include <pthread.h>
#include <sys/eventfd.h>

#include "disk.h"
#include "file.h"

/* Of Linux 6.6; the C library's headers may be older, the numbers are not */
#ifndef KVM_DEV_VFIO_FILE
#define KVM_DEV_VFIO_FILE KVM_DEV_VFIO_GROUP
#define KVM_DEV_VFIO_FILE_ADD KVM_DEV_VFIO_GROUP_ADD
#define KVM_DEV_VFIO_FILE_DEL KVM_DEV_VFIO_GROUP_DEL
#endif

#define EVENTS "/sys/kernel/tracing/kprobe_events"
#define ENABLE "/sys/kernel/tracing/events/kprobes/enable"

/* A virtual machine without processors, and its device for VFIO */
struct machine {
	int fd;
	int vfio;
};

/* How often KVM was told, and told back, since the probes were set */
struct told {
	long noncoherent;
	long coherent;
};

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_APPEND);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		ktap_fail("%s: %s", path, strerror(errno));
	close(fd);
}

static struct told get_told(void)
{
	FILE *file = fopen("/sys/kernel/tracing/kprobe_profile", "r");
	struct told told = { -1, -1 };
	long hits, missed;
	char name[64];

	CHECK(file);
	while (fscanf(file, "%63s %ld %ld", name, &hits, &missed) == 3) {
		CHECK_EQ(missed, 0);
		if (!strcmp(name, "sluice_told"))
			told.noncoherent = hits;
		if (!strcmp(name, "sluice_told_back"))
			told.coherent = hits;
	}
	fclose(file);
	return told;
}

static struct told told_since(struct told before)
{
	struct told now = get_told();

	now.noncoherent -= before.noncoherent;
	now.coherent -= before.coherent;
	return now;
}

static void new_machine(struct machine *machine)
{
	struct kvm_create_device cmd = { .type = KVM_DEV_TYPE_VFIO };
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (kvm < 0)
		SKIP("/dev/kvm: %s", strerror(errno));
	if (get_told().coherent < 0) {
		write_file(EVENTS,
			   "p:sluice_told kvm_arch_register_noncoherent_dma\n");
		write_file(EVENTS,
			   "p:sluice_told_back kvm_arch_unregister_noncoherent_dma\n");
		write_file(ENABLE, "1");
	}
	machine->fd = ioctl(kvm, KVM_CREATE_VM, 0);
	CHECK(machine->fd >= 0);
	CHECK_EQ(ioctl(machine->fd, KVM_CREATE_DEVICE, &cmd), 0);
	machine->vfio = cmd.fd;
	close(kvm);
}

static void end_machine(struct machine *machine)
{
	close(machine->vfio);
	close(machine->fd);
}

static int set_attr(const struct machine *machine, uint64_t attr, int fd)
{
	int32_t value = fd;
	struct kvm_device_attr cmd = {
		.group = KVM_DEV_VFIO_FILE,
		.attr = attr,
		.addr = (uintptr_t)&value,
	};

	return ioctl(machine->vfio, KVM_SET_DEVICE_ATTR, &cmd);
}

static int add_file(const struct machine *machine, int fd)
{
	return set_attr(machine, KVM_DEV_VFIO_FILE_ADD, fd);
}

static int remove_file(const struct machine *machine, int fd)
{
	return set_attr(machine, KVM_DEV_VFIO_FILE_DEL, fd);
}

#define CHECK_TOLD(before, n, m)					\
	do {								\
		struct told since = told_since(before);			\
									\
		CHECK_EQ(since.noncoherent, n);				\
		CHECK_EQ(since.coherent, m);				\
	} while (0)

TEST(device_file_is_added_once)
{
	struct machine machine;
	int fd = open_file("NVME0");

	new_machine(&machine);
	CHECK_ERR(remove_file(&machine, fd), ENOENT);
	CHECK_EQ(add_file(&machine, fd), 0);
	CHECK_ERR(add_file(&machine, fd), EEXIST);
	CHECK_EQ(remove_file(&machine, fd), 0);
	CHECK_ERR(remove_file(&machine, fd), ENOENT);
	CHECK_EQ(add_file(&machine, fd), 0);
}

TEST(kvm_is_notified_of_noncoherent_dma)
{
	int fd = open_file("NVME0"), told = !iommu_is_coherent();
	struct machine machine;
	struct told before;

	new_machine(&machine);
	before = get_told();
	CHECK_EQ(add_file(&machine, fd), 0);
	CHECK_TOLD(before, told, 0);
	CHECK_EQ(remove_file(&machine, fd), 0);
	CHECK_TOLD(before, told, told);
}

TEST(closing_the_machine_undoes_the_notification)
{
	int fd = open_file("NVME0"), told = !iommu_is_coherent();
	struct machine machine;
	struct told before;

	new_machine(&machine);
	before = get_told();
	CHECK_EQ(add_file(&machine, fd), 0);
	CHECK_TOLD(before, told, 0);
	end_machine(&machine);
	CHECK_TOLD(before, told, told);
}

TEST(two_devices_cause_one_notification)
{
	int first = open_file("NVME0"), second = open_file("NVME1");
	int told = !iommu_is_coherent();
	struct machine machine;
	struct told before;

	new_machine(&machine);
	before = get_told();
	CHECK_EQ(add_file(&machine, first), 0);
	CHECK_EQ(add_file(&machine, second), 0);
	CHECK_TOLD(before, told, 0);
	CHECK_EQ(remove_file(&machine, first), 0);
	CHECK_TOLD(before, told, 0);
	CHECK_EQ(remove_file(&machine, second), 0);
	CHECK_TOLD(before, told, told);
}

TEST(two_files_of_a_device_are_added_separately)
{
	int first = open_file("NVME0"), second = open_file("NVME0");
	struct machine machine;

	new_machine(&machine);
	CHECK_EQ(add_file(&machine, first), 0);
	CHECK_EQ(add_file(&machine, second), 0);
	CHECK_EQ(remove_file(&machine, first), 0);
	CHECK_EQ(remove_file(&machine, second), 0);
}

/* As QEMU does it: KVM first, then bind, attach and DMA */
TEST(disk_works_while_its_file_is_added)
{
	int told = !iommu_is_coherent(), fd;
	char *at = memory(PAGE);
	struct machine machine;
	struct told before;
	struct nvme disk;
	struct box box;

	new_machine(&machine);
	before = get_told();
	box_open(&box, VFIO_SPACE_IOMMUFD, "NVME0");
	CHECK_EQ(add_file(&machine, box.device.fd), 0);
	CHECK_TOLD(before, told, 0);
	disk_start(&disk, &box.device, QUEUES);
	CHECK_EQ(vfio_map(&box.space, IOVA, at, PAGE, VFIO_PROT_RW), 0);
	disk_read(&disk, 7, 1, IOVA);
	CHECK(is_block(at, 7, 0));
	nvme_close(&disk);

	/* KVM holds the file, and with it the device */
	vfio_device_close(&box.device);
	CHECK_TOLD(before, told, 0);
	fd = open_file("NVME0");
	CHECK_ERR(bind_file(fd, box.space.fd), EINVAL);
	end_machine(&machine);
	CHECK_TOLD(before, told, told);
	CHECK_EQ(bind_file(fd, box.space.fd), 0);
}

TEST(files_of_other_kinds_are_einval)
{
	struct vfio_space container;
	struct machine machine;
	struct told before;
	int fds[6], i;

	new_machine(&machine);
	before = get_told();
	CHECK_EQ(vfio_space_open(&container, VFIO_SPACE_TYPE1V2), 0);
	fds[0] = open("/dev/null", O_RDWR);
	fds[1] = open("/proc/self/status", O_RDONLY);
	fds[2] = eventfd(0, 0);
	fds[3] = open_iommu();
	fds[4] = container.fd;
	fds[5] = machine.fd;
	for (i = 0; i < 6; i++) {
		CHECK(fds[i] >= 0);
		CHECK_ERR(add_file(&machine, fds[i]), EINVAL);
		CHECK_ERR(remove_file(&machine, fds[i]), ENOENT);
	}
	CHECK_ERR(add_file(&machine, 999), EBADF);
	CHECK_TOLD(before, 0, 0);
}

TEST(kvm_is_notified_of_groups)
{
	int told = !iommu_is_coherent();
	struct machine machine;
	struct told before;
	struct box box;

	new_machine(&machine);
	before = get_told();
	box_open(&box, VFIO_SPACE_TYPE1V2, "NVME0");
	CHECK_EQ(add_file(&machine, box.device.group_fd), 0);
	CHECK_TOLD(before, told, 0);
	CHECK_EQ(remove_file(&machine, box.device.group_fd), 0);
	CHECK_TOLD(before, told, told);
	/* The file of a device that was opened by its group is one, too */
	CHECK_EQ(add_file(&machine, box.device.fd), 0);
}

static void *add_foreign_files(void *data)
{
	const struct machine *machine = data;
	int null = open("/dev/null", O_RDWR);

	for (int i = 0; i < 1000; i++)
		CHECK_ERR(add_file(machine, null), EINVAL);
	close(null);
	return NULL;
}

TEST(repeated_add_and_remove_balances_notifications)
{
	int fd = open_file("NVME0"), told = !iommu_is_coherent(), i;
	struct machine machine;
	struct told before;
	pthread_t other;

	new_machine(&machine);
	before = get_told();
	CHECK_EQ(pthread_create(&other, NULL, add_foreign_files, &machine), 0);
	for (i = 0; i < 1000; i++) {
		CHECK_EQ(add_file(&machine, fd), 0);
		CHECK_EQ(remove_file(&machine, fd), 0);
	}
	CHECK_EQ(pthread_join(other, NULL), 0);
	CHECK_TOLD(before, told * 1000, told * 1000);
}
