/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The ioctl for tests, on the VFIO file descriptor of a mock device.
 */
#ifndef _VFIO_MOCK_H
#define _VFIO_MOCK_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* The most pages of one request, and the most pins of a device */
#define VFIO_MOCK_MAX_PAGES 256

/**
 * enum vfio_mock_op - what to do
 * @VFIO_MOCK_PIN: pin @nr pages at @iova, for writing if @write; they stay
 *	pinned until they are unpinned or unmapped
 * @VFIO_MOCK_UNPIN: unpin @nr pages at @iova
 * @VFIO_MOCK_RW: copy @length bytes between @iova and @buffer, to @iova if
 *	@write
 * @VFIO_MOCK_PEEK: copy @length bytes of the pinned page at @iova to @buffer
 * @VFIO_MOCK_STUBBORN: from now on keep pages pinned when they are unmapped; or
 *	if @nr is 0, unpin them
 * @VFIO_MOCK_COUNT: set @nr to the number of times that the device was asked to
 *	unpin pages
 */
enum vfio_mock_op {
	VFIO_MOCK_PIN,
	VFIO_MOCK_UNPIN,
	VFIO_MOCK_RW,
	VFIO_MOCK_PEEK,
	VFIO_MOCK_STUBBORN,
	VFIO_MOCK_COUNT,
};

struct vfio_mock_cmd {
	__u32 op;
	__u32 write;
	__u64 iova;
	__u64 length;
	__u64 buffer;
	__u32 nr;
	__u32 reserved;
};

#define VFIO_MOCK_CMD _IOWR('m', 0x42, struct vfio_mock_cmd)

#endif
