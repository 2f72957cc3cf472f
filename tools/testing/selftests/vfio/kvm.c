// SPDX-License-Identifier: GPL-2.0
/*
 * Device files that a hypervisor adds to KVM. KVM asks VFIO whether the DMA of
 * the device may bypass the CPU's caches (noncoherent DMA) and notes that for
 * its guest; kprobes count these notifications. Runs over vfio-iommufd-pci with
 * two disks, with and without an IOMMU that enforces coherency (VFIO_COHERENT).
 */
#include <linux/kvm.h>
#include <pthread.h>
#include <sys/eventfd.h>

#include "disk.h"
#include "file.h"

/* Names since Linux 6.6; the C library's headers may be older */
#ifndef KVM_DEV_VFIO_FILE
#define KVM_DEV_VFIO_FILE KVM_DEV_VFIO_GROUP
#define KVM_DEV_VFIO_FILE_ADD KVM_DEV_VFIO_GROUP_ADD
#define KVM_DEV_VFIO_FILE_DEL KVM_DEV_VFIO_GROUP_DEL
#endif

#define EVENTS "/sys/kernel/tracing/kprobe_events"
#define ENABLE "/sys/kernel/tracing/events/kprobes/enable"

/* How often KVM was notified of noncoherent DMA, and of its end */
struct notified {
	long begin;
	long end;
};

/* A virtual machine without processors, and its device for VFIO */
struct machine {
	int fd;
	int vfio;
	struct notified before;		/* the machine was opened */
};

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_APPEND);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		ktap_fail("%s: %s", path, strerror(errno));
	close(fd);
}

/* The calls since the kprobes were set; -1 without kprobes */
static struct notified notifications(void)
{
	FILE *file = fopen("/sys/kernel/tracing/kprobe_profile", "r");
	struct notified notified = { -1, -1 };
	long hits, missed;
	char name[64];

	CHECK(file);
	while (fscanf(file, "%63s %ld %ld", name, &hits, &missed) == 3) {
		CHECK_EQ(missed, 0);
		if (!strcmp(name, "sluice_begin"))
			notified.begin = hits;
		if (!strcmp(name, "sluice_end"))
			notified.end = hits;
	}
	fclose(file);
	return notified;
}

static void open_machine(struct machine *machine)
{
	struct kvm_create_device cmd = { .type = KVM_DEV_TYPE_VFIO };
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (kvm < 0)
		SKIP("/dev/kvm: %s", strerror(errno));
	if (notifications().end < 0) {
		write_file(EVENTS,
			   "p:sluice_begin kvm_arch_register_noncoherent_dma\n");
		write_file(EVENTS,
			   "p:sluice_end kvm_arch_unregister_noncoherent_dma\n");
		write_file(ENABLE, "1");
	}
	machine->fd = ioctl(kvm, KVM_CREATE_VM, 0);
	CHECK(machine->fd >= 0);
	CHECK_EQ(ioctl(machine->fd, KVM_CREATE_DEVICE, &cmd), 0);
	machine->vfio = cmd.fd;
	machine->before = notifications();
	close(kvm);
}

static void close_machine(struct machine *machine)
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

/*
 * KVM was notified that often of noncoherent DMA, and of its end, since the
 * machine was opened; never if the IOMMU enforces coherency
 */
#define CHECK_NOTIFIED(machine, begins, ends)				\
	do {								\
		struct notified notified = notifications();		\
		int each = !iommu_is_coherent();			\
									\
		CHECK_EQ(notified.begin - (machine)->before.begin,	\
			 (begins) * each);				\
		CHECK_EQ(notified.end - (machine)->before.end,		\
			 (ends) * each);				\
	} while (0)

TEST(device_file_is_added_once)
{
	struct machine machine;
	int fd = open_file("NVME0");

	open_machine(&machine);
	CHECK_ERR(remove_file(&machine, fd), ENOENT);
	CHECK_EQ(add_file(&machine, fd), 0);
	CHECK_ERR(add_file(&machine, fd), EEXIST);
	CHECK_EQ(remove_file(&machine, fd), 0);
	CHECK_ERR(remove_file(&machine, fd), ENOENT);
	CHECK_EQ(add_file(&machine, fd), 0);
}

TEST(kvm_is_notified_of_noncoherent_dma)
{
	int fd = open_file("NVME0");
	struct machine machine;

	open_machine(&machine);
	CHECK_EQ(add_file(&machine, fd), 0);
	CHECK_NOTIFIED(&machine, 1, 0);
	CHECK_EQ(remove_file(&machine, fd), 0);
	CHECK_NOTIFIED(&machine, 1, 1);
}

TEST(closing_the_machine_undoes_the_notification)
{
	int fd = open_file("NVME0");
	struct machine machine;

	open_machine(&machine);
	CHECK_EQ(add_file(&machine, fd), 0);
	CHECK_NOTIFIED(&machine, 1, 0);
	close_machine(&machine);
	CHECK_NOTIFIED(&machine, 1, 1);
}

TEST(two_devices_cause_one_notification)
{
	int first = open_file("NVME0"), second = open_file("NVME1");
	struct machine machine;

	open_machine(&machine);
	CHECK_EQ(add_file(&machine, first), 0);
	CHECK_EQ(add_file(&machine, second), 0);
	CHECK_NOTIFIED(&machine, 1, 0);
	CHECK_EQ(remove_file(&machine, first), 0);
	CHECK_NOTIFIED(&machine, 1, 0);
	CHECK_EQ(remove_file(&machine, second), 0);
	CHECK_NOTIFIED(&machine, 1, 1);
}

TEST(two_files_of_a_device_are_added_separately)
{
	int first = open_file("NVME0"), second = open_file("NVME0");
	struct machine machine;

	open_machine(&machine);
	CHECK_EQ(add_file(&machine, first), 0);
	CHECK_EQ(add_file(&machine, second), 0);
	CHECK_EQ(remove_file(&machine, first), 0);
	CHECK_EQ(remove_file(&machine, second), 0);
}

/* As in a hypervisor: KVM knows the file before DMA begins */
TEST(disk_works_while_its_file_is_added)
{
	int fd;
	char *at = memory(PAGE);
	struct machine machine;
	struct nvme disk;
	struct box box;

	open_machine(&machine);
	box_open(&box, VFIO_SPACE_IOMMUFD, "NVME0");
	CHECK_EQ(add_file(&machine, box.device.fd), 0);
	CHECK_NOTIFIED(&machine, 1, 0);
	disk_start(&disk, &box.device, QUEUES);
	CHECK_EQ(vfio_map(&box.space, IOVA, at, PAGE, VFIO_PROT_RW), 0);
	disk_read(&disk, 7, 1, IOVA);
	CHECK(is_block(at, 7, 0));
	nvme_close(&disk);

	/* KVM holds the file, and thereby the device */
	vfio_device_close(&box.device);
	CHECK_NOTIFIED(&machine, 1, 0);
	fd = open_file("NVME0");
	CHECK_ERR(bind_file(fd, box.space.fd), EINVAL);
	close_machine(&machine);
	CHECK_NOTIFIED(&machine, 1, 1);
	CHECK_EQ(bind_file(fd, box.space.fd), 0);
}

TEST(files_of_other_kinds_are_einval)
{
	struct machine machine;
	int fds[6], i;

	open_machine(&machine);
	fds[0] = open("/dev/null", O_RDWR);
	fds[1] = open("/proc/self/status", O_RDONLY);
	fds[2] = eventfd(0, 0);
	fds[3] = open_iommu();
	fds[4] = new_container();
	fds[5] = machine.fd;
	for (i = 0; i < 6; i++) {
		CHECK(fds[i] >= 0);
		CHECK_ERR(add_file(&machine, fds[i]), EINVAL);
		CHECK_ERR(remove_file(&machine, fds[i]), ENOENT);
	}
	CHECK_ERR(add_file(&machine, 999), EBADF);
	CHECK_NOTIFIED(&machine, 0, 0);
}

TEST(kvm_is_notified_of_groups)
{
	struct machine machine;
	struct box box;

	open_machine(&machine);
	open_container(&box);
	CHECK_EQ(add_file(&machine, box.device.group_fd), 0);
	CHECK_NOTIFIED(&machine, 1, 0);
	CHECK_EQ(remove_file(&machine, box.device.group_fd), 0);
	CHECK_NOTIFIED(&machine, 1, 1);
	/* The file of a device that was opened by its group can be added too */
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
	int fd = open_file("NVME0"), i;
	struct machine machine;
	pthread_t other;

	open_machine(&machine);
	CHECK_EQ(pthread_create(&other, NULL, add_foreign_files, &machine), 0);
	for (i = 0; i < 1000; i++) {
		CHECK_EQ(add_file(&machine, fd), 0);
		CHECK_EQ(remove_file(&machine, fd), 0);
	}
	CHECK_EQ(pthread_join(other, NULL), 0);
	CHECK_NOTIFIED(&machine, 1000, 1000);
}
