// SPDX-License-Identifier: GPL-2.0
/*
 * Open containers, device files and /dev/iommu that one process passes to
 * another over a socket. Runs over containers, and over device files where
 * there are any.
 */
#include <sys/socket.h>

#include "disk.h"
#include "file.h"

#define MAX_FDS 3

/* The message that is sent with the file descriptors */
struct news {
	struct box box;
	int nr_fds;
};

static void send_fds(int socket, const struct box *box, const int *fds, int nr)
{
	struct news news = { .box = *box, .nr_fds = nr };
	struct iovec data = { .iov_base = &news, .iov_len = sizeof(news) };
	char control[CMSG_SPACE(MAX_FDS * sizeof(int))] = { 0 };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = CMSG_SPACE(nr * sizeof(int)),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(nr * sizeof(int));
	memcpy(CMSG_DATA(head), fds, nr * sizeof(int));
	CHECK_EQ(sendmsg(socket, &message, 0), sizeof(news));
}

static void receive_fds(int socket, struct box *box, int *fds, int nr)
{
	struct news news;
	struct iovec data = { .iov_base = &news, .iov_len = sizeof(news) };
	char control[CMSG_SPACE(MAX_FDS * sizeof(int))];
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *head;

	CHECK_EQ(recvmsg(socket, &message, 0), sizeof(news));
	CHECK_EQ(news.nr_fds, nr);
	head = CMSG_FIRSTHDR(&message);
	CHECK(head);
	CHECK_EQ(head->cmsg_len, CMSG_LEN(nr * sizeof(int)));
	*box = news.box;
	memcpy(fds, CMSG_DATA(head), nr * sizeof(int));
}

static void send_box(int socket, const struct box *box)
{
	int fds[] = { box->space.fd, box->device.fd, box->device.group_fd };

	send_fds(socket, box, fds, box->device.group_fd < 0 ? 2 : 3);
}

static void receive_box(int socket, struct box *box, enum vfio_space_kind kind)
{
	int fds[MAX_FDS] = { -1, -1, -1 };

	receive_fds(socket, box, fds, kind == VFIO_SPACE_IOMMUFD ? 2 : 3);
	box->space.fd = fds[0];
	box->device.fd = fds[1];
	box->device.group_fd = fds[2];
	box->device.space = &box->space;
}

/* A process that opens a box, maps memory, sends all its files, and waits */
static pid_t start_sender(int socket, enum vfio_space_kind kind, void *at)
{
	pid_t child = fork();
	struct box box;

	if (child)
		return child;
	box_open(&box, kind, "NVME0");
	CHECK_EQ(vfio_map(&box.space, IOVA, at, 4 * PAGE, VFIO_PROT_RW), 0);
	send_box(socket, &box);
	pause();
	_exit(1);
}

static void kill_sender(pid_t child)
{
	int status;

	CHECK_EQ(kill(child, SIGKILL), 0);
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK(WIFSIGNALED(status));
}

/*
 * The process that opened the files is killed, and the receiver uses them. The
 * mappings of the killed process still lead to its own memory: the receiver,
 * which has other memory at the same addresses, does not see DMA to them.
 */
static void check_passed_on(enum vfio_space_kind kind)
{
	char *at = memory(4 * PAGE), *own = memory(PAGE);
	long long pinned = pinned_pages();
	int sockets[2];
	struct nvme disk;
	struct box box;
	pid_t child;

	CHECK_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets), 0);
	child = start_sender(sockets[1], kind, at);
	receive_box(sockets[0], &box, kind);
	kill_sender(child);
	CHECK_EQ(pinned_pages(), pinned + 4);

	disk_start(&disk, &box.device, QUEUES);
	CHECK_EQ(vfio_map(&box.space, IOVA + 4 * PAGE, own, PAGE, VFIO_PROT_RW),
		 0);
	disk_read(&disk, 31, 1, IOVA);
	disk_read(&disk, 32, 1, IOVA + 4 * PAGE);
	CHECK(is_untouched(at, 4 * PAGE));
	CHECK(is_block(own, 32, 0));
	CHECK_EQ(vfio_unmap(&box.space, IOVA, 4 * PAGE), 0);
	disk_read_blocked(&disk, 31, 1, IOVA);
	CHECK_EQ(vfio_unmap(&box.space, IOVA + 4 * PAGE, PAGE), 0);
	CHECK_EQ(vfio_map(&box.space, IOVA, own, PAGE, VFIO_PROT_RW), 0);
	nvme_close(&disk);
	box_close(&box);
	CHECK_EQ(pinned_pages(), pinned);
	box_open(&box, kind, "NVME0");
}

TEST(container_outlives_the_process_that_passed_it_on)
{
	check_passed_on(VFIO_SPACE_TYPE1V2);
}

TEST(device_file_outlives_the_process_that_passed_it_on)
{
	need_files();
	check_passed_on(VFIO_SPACE_IOMMUFD);
}

/* A process that maps memory in its own /dev/iommu, for another to fill */
static void be_filled(int socket)
{
	struct box box = { .device.group_fd = -1 };
	char *at = memory(PAGE), byte;

	if (vfio_space_open(&box.space, VFIO_SPACE_IOMMUFD))
		ktap_fail("%s", fail_text());
	CHECK_EQ(vfio_map(&box.space, IOVA, at, PAGE, VFIO_PROT_RW), 0);
	send_fds(socket, &box, &box.space.fd, 1);
	CHECK_EQ(read(socket, &byte, 1), 1);
	_exit(is_block(at, 33, 0) ? 0 : 1);
}

TEST(a_device_can_be_bound_to_the_iommu_of_another_process)
{
	long long pinned = pinned_pages();
	int sockets[2], status;
	struct nvme disk;
	struct box box;
	pid_t child;

	need_files();
	CHECK_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets), 0);
	child = fork();
	if (!child)
		be_filled(sockets[1]);
	receive_fds(sockets[0], &box, &box.space.fd, 1);
	add_device(&box.space, &box.device, "NVME0");
	disk_start(&disk, &box.device, QUEUES);
	disk_read(&disk, 33, 1, IOVA);
	CHECK_EQ(write(sockets[0], "", 1), 1);
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	/* The disk still reaches the memory of the process that has exited */
	disk_read(&disk, 34, 1, IOVA);
	nvme_close(&disk);
	box_close(&box);
	CHECK_EQ(pinned_pages(), pinned);
}

TEST(unprivileged_process_may_use_files_passed_to_it)
{
	char *at = memory(PAGE);
	struct vfio_device other;
	int sockets[2];
	struct nvme disk;
	struct box box;
	pid_t child;

	CHECK_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets), 0);
	child = start_sender(sockets[1], VFIO_SPACE_TYPE1V2, memory(4 * PAGE));
	receive_box(sockets[0], &box, VFIO_SPACE_TYPE1V2);
	disk_start(&disk, &box.device, QUEUES);
	CHECK_EQ(seteuid(NOBODY), 0);
	CHECK_EQ(vfio_device_open(&other, &box.space, address_of("NVME1")),
		 -EACCES);
	CHECK_EQ(map(box.space.fd, IOVA + 4 * PAGE, at, PAGE, RW), 0);
	disk_read(&disk, 35, 1, IOVA + 4 * PAGE);
	CHECK(is_block(at, 35, 0));
	CHECK_EQ(unmap(box.space.fd, IOVA, 5 * PAGE), 5 * PAGE);
	CHECK_EQ(seteuid(0), 0);
	kill_sender(child);
}
