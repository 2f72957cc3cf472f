// SPDX-License-Identifier: GPL-2.0
/*
 * Calls of a bound device file that concern the device itself: information,
 * regions, interrupts, features and reset. Runs over vfio-iommufd-pci with a
 * disk below no bridge that could be reset; hot_reset.c tests hot resets that
 * succeed.
 */
#include <sys/eventfd.h>

#include "file.h"

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
	int fd = open_bound_file("NVME0", open_iommu());
	uint16_t vendor;

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
	int fd = open_bound_file("NVME0", open_iommu());

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

/* The upper bits of an offset are the number of the region */
TEST(offset_outside_all_regions_is_einval)
{
	const uint64_t nowhere = 1000ull << 40;
	int fd = open_bound_file("NVME0", open_iommu());
	uint32_t value;

	CHECK_ERR(pread(fd, &value, 4, nowhere), EINVAL);
	CHECK_ERR(pwrite(fd, &value, 4, nowhere), EINVAL);
	CHECK_ERR((intptr_t)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd,
				 nowhere), EINVAL);
	/* The configuration space can be read but not mapped */
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
	int fd = open_bound_file("NVME0", open_iommu());

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
	/* The eventfds are missing */
	set.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	set.start = 0;
	set.count = 1;
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_SET_IRQS, &set), EINVAL);
}

/* The device has no bridge that could be reset */
TEST(hot_reset_is_refused)
{
	struct vfio_pci_hot_reset_info info = { .argsz = sizeof(info) - 1 };
	struct {
		struct vfio_pci_hot_reset head;
		int32_t group;
	} reset = { .head.argsz = sizeof(reset.head) };
	int fd = open_bound_file("NVME0", open_iommu());

	CHECK_ERR(ioctl(fd, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &info), EINVAL);
	info.argsz = sizeof(info);
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &info), ENODEV);
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_PCI_HOT_RESET, &reset), ENODEV);
	reset.head.flags = 1;
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_PCI_HOT_RESET, &reset), EINVAL);
	/* Groups are accepted only if the device was opened by its group */
	reset.head = (struct vfio_pci_hot_reset){
		.argsz = sizeof(reset),
		.count = 1,
	};
	reset.group = fd;
	CHECK_ERR(ioctl(fd, VFIO_DEVICE_PCI_HOT_RESET, &reset), EINVAL);
}

TEST(an_interrupt_reaches_an_eventfd)
{
	/* Raise the interrupt as if the device had done it */
	struct vfio_irq_set raise = {
		.argsz = sizeof(raise),
		.flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER,
		.index = VFIO_PCI_MSIX_IRQ_INDEX,
		.count = 1,
	};
	int fd = open_bound_file("NVME0", open_iommu());
	int signal = eventfd(0, EFD_NONBLOCK);
	uint64_t count = 0;

	CHECK_EQ(set_eventfd(fd, VFIO_PCI_MSIX_IRQ_INDEX, signal), 0);
	CHECK_EQ(ioctl(fd, VFIO_DEVICE_SET_IRQS, &raise), 0);
	CHECK_EQ(read(signal, &count, sizeof(count)), sizeof(count));
	CHECK_EQ(count, 1);
}

TEST(unknown_feature_is_enotty)
{
	struct vfio_device_feature cmd = { .argsz = sizeof(cmd) };
	int fd = open_bound_file("NVME0", open_iommu());

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
	int fd = open_bound_file("NVME0", open_iommu());

	CHECK_EQ(ioctl(fd, VFIO_DEVICE_RESET), 0);
}
