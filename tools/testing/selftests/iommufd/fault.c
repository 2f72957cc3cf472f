// SPDX-License-Identifier: GPL-2.0
/*
 * Fault queues: page requests of a device are read and answered through the
 * file of a queue, and the kernel answers the open ones when the device is
 * detached. Runs over the mock.
 */
#include <poll.h>
#include <pthread.h>

#include "fixture.h"
#include "slow.h"

#define REQUEST sizeof(struct iommu_hwpt_pgfault)
#define ANSWER sizeof(struct iommu_hwpt_page_response)

static int new_queue(uint32_t *id)
{
	struct iommu_fault_alloc cmd = { .size = sizeof(cmd) };

	CHECK_EQ(ioctl(fd, IOMMU_FAULT_QUEUE_ALLOC, &cmd), 0);
	*id = cmd.out_fault_id;
	return cmd.out_fault_fd;
}

/* A hardware page table of @ioas, with a queue unless @queue is 0 */
static uint32_t new_table(const struct mock *mock, uint32_t ioas,
			  uint32_t queue)
{
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd),
		.flags = queue ? IOMMU_HWPT_FAULT_ID_VALID : 0,
		.dev_id = mock->device,
		.pt_id = ioas,
		.fault_id = queue,
	};

	CHECK_EQ(ioctl(fd, IOMMU_HWPT_ALLOC, &cmd), 0);
	return cmd.out_hwpt_id;
}

static void move_to(const struct mock *mock, uint32_t to)
{
	CHECK_EQ(mock_replace(mock, &to), 0);
}

static int request(const struct mock *mock, uint64_t addr)
{
	struct iommu_test_cmd cmd = {
		.size = sizeof(cmd),
		.op = IOMMU_TEST_OP_TRIGGER_IOPF,
		.trigger_iopf = {
			.dev_id = mock->device,
			.grpid = 7,
			.perm = IOMMU_PGFAULT_PERM_WRITE,
			.addr = addr,
		},
	};

	return ioctl(fd, IOMMU_TEST_CMD, &cmd);
}

/*
 * The number of requests that were answered; @last is the code of the last
 * answer
 */
static uint32_t answers(const struct mock *mock, uint32_t *last)
{
	struct iommu_test_cmd cmd = {
		.size = sizeof(cmd),
		.op = IOMMU_TEST_OP_DEV_ANSWERS,
		.id = mock->device,
	};

	CHECK_EQ(ioctl(fd, IOMMU_TEST_CMD, &cmd), 0);
	if (last)
		*last = cmd.dev_answers.out_last;
	return cmd.dev_answers.out_answers;
}

static bool readable(int queue)
{
	struct pollfd p = { .fd = queue, .events = POLLIN };

	CHECK(poll(&p, 1, 0) >= 0);
	return p.revents & POLLIN;
}

static int answer(int queue, uint32_t cookie, uint32_t code)
{
	struct iommu_hwpt_page_response response = { cookie, code };

	return write(queue, &response, ANSWER);
}

/*
 * A device that is attached to a table with a queue; returns the queue's file
 */
static int setup(struct mock *mock, uint32_t *ioas, uint32_t *id)
{
	int queue;

	*ioas = new_ioas();
	CHECK_EQ(mock_attach(*ioas, 0, mock), 0);
	queue = new_queue(id);
	move_to(mock, new_table(mock, *ioas, *id));
	return queue;
}

TEST(queue_is_busy_while_its_file_or_a_table_uses_it)
{
	struct iommu_fault_alloc cmd = { .size = sizeof(cmd), .flags = 1 };
	uint32_t id, table, ioas = new_ioas();
	struct mock mock;
	int queue;

	CHECK_ERR(ioctl(fd, IOMMU_FAULT_QUEUE_ALLOC, &cmd), EOPNOTSUPP);
	CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
	queue = new_queue(&id);
	CHECK_ERR(destroy(id), EBUSY);
	table = new_table(&mock, ioas, id);
	close(queue);
	CHECK_ERR(destroy(id), EBUSY);
	CHECK_EQ(destroy(table), 0);
	CHECK_EQ(destroy(id), 0);
	CHECK_ERR(destroy(id), ENOENT);
}

TEST(queue_whose_result_cannot_be_written_is_freed)
{
	struct iommu_fault_alloc *cmd = memory(PAGE);
	uint32_t id, other;
	int queue;

	new_ioas();
	queue = new_queue(&id);
	close(queue);
	CHECK_EQ(destroy(id), 0);
	cmd->size = sizeof(*cmd);
	CHECK_EQ(mprotect(cmd, PAGE, PROT_READ), 0);
	CHECK_ERR(ioctl(fd, IOMMU_FAULT_QUEUE_ALLOC, cmd), EFAULT);
	/* The id and the file descriptor are free again */
	CHECK_EQ(new_queue(&other), queue);
	CHECK_EQ(other, id);
}

TEST(request_is_read_and_answered)
{
	struct iommu_hwpt_pgfault read_back;
	uint32_t ioas, id, last;
	struct mock mock;
	int queue = setup(&mock, &ioas, &id);

	CHECK(!readable(queue));
	CHECK_EQ(read(queue, &read_back, REQUEST), 0);
	CHECK_EQ(request(&mock, 0x12345000), 0);
	CHECK(readable(queue));
	CHECK_EQ(read(queue, &read_back, REQUEST), REQUEST);
	CHECK_EQ(read_back.flags, IOMMU_PGFAULT_FLAGS_LAST_PAGE);
	CHECK_EQ(read_back.dev_id, mock.device);
	CHECK_EQ(read_back.grpid, 7);
	CHECK_EQ(read_back.perm, IOMMU_PGFAULT_PERM_WRITE);
	CHECK_EQ(read_back.addr, 0x12345000);
	CHECK(!readable(queue));
	CHECK_EQ(answers(&mock, NULL), 0);
	CHECK_EQ(answer(queue, read_back.cookie, IOMMUFD_PAGE_RESP_SUCCESS),
		 ANSWER);
	CHECK_EQ(answers(&mock, &last), 1);
	CHECK_EQ(last, IOMMUFD_PAGE_RESP_SUCCESS);
	CHECK_ERR(answer(queue, read_back.cookie, IOMMUFD_PAGE_RESP_SUCCESS),
		  EINVAL);
}

TEST(requests_are_read_in_batches_and_answered_in_any_order)
{
	struct iommu_hwpt_page_response responses[2];
	struct iommu_hwpt_pgfault three[5];
	uint32_t ioas, id, last;
	struct mock mock;
	int queue = setup(&mock, &ioas, &id);

	for (unsigned int i = 0; i < 3; i++)
		CHECK_EQ(request(&mock, i * PAGE), 0);
	CHECK_ERR(read(queue, three, REQUEST + 1), ESPIPE);
	CHECK_ERR(read(queue, three, 0), EINVAL);
	CHECK_EQ(read(queue, three, 2 * REQUEST), 2 * REQUEST);
	CHECK_EQ(read(queue, three + 2, 3 * REQUEST), REQUEST);
	for (unsigned int i = 0; i < 3; i++)
		CHECK_EQ(three[i].addr, i * PAGE);
	CHECK_EQ(answer(queue, three[2].cookie, IOMMUFD_PAGE_RESP_INVALID),
		 ANSWER);
	CHECK_EQ(answers(&mock, &last), 1);
	CHECK_EQ(last, IOMMUFD_PAGE_RESP_INVALID);
	CHECK_ERR(answer(queue, three[1].cookie, 2), EINVAL);
	CHECK_ERR(answer(queue, 12345, 0), EINVAL);
	CHECK_ERR(write(queue, responses, ANSWER - 1), ESPIPE);
	CHECK_ERR(write(queue, (void *)PAGE, ANSWER), EFAULT);
	/* The second answer has a cookie that is answered already */
	responses[0].cookie = three[0].cookie;
	responses[0].code = IOMMUFD_PAGE_RESP_SUCCESS;
	responses[1] = responses[0];
	CHECK_EQ(write(queue, responses, 2 * ANSWER), ANSWER);
	CHECK_EQ(answers(&mock, NULL), 2);
}

TEST(request_that_cannot_be_copied_stays_queued)
{
	struct iommu_hwpt_pgfault read_back;
	uint32_t ioas, id;
	struct mock mock;
	int queue = setup(&mock, &ioas, &id);

	CHECK_EQ(request(&mock, PAGE), 0);
	CHECK_ERR(read(queue, (void *)PAGE, REQUEST), EFAULT);
	CHECK(readable(queue));
	CHECK_EQ(read(queue, &read_back, REQUEST), REQUEST);
	CHECK_EQ(read_back.addr, PAGE);
}

/* Make two requests and read one of them; returns its cookie */
static uint32_t open_two(const struct mock *mock, int queue)
{
	struct iommu_hwpt_pgfault read_back;

	CHECK_EQ(request(mock, PAGE), 0);
	CHECK_EQ(request(mock, 2 * PAGE), 0);
	CHECK_EQ(read(queue, &read_back, REQUEST), REQUEST);
	return read_back.cookie;
}

static void check_all_answered(const struct mock *mock, int queue,
			       uint32_t cookie, uint32_t nr)
{
	uint32_t last;

	CHECK_EQ(answers(mock, &last), nr);
	CHECK_EQ(last, IOMMUFD_PAGE_RESP_INVALID);
	CHECK(!readable(queue));
	CHECK_ERR(answer(queue, cookie, 0), EINVAL);
}

TEST(detach_answers_open_requests)
{
	uint32_t ioas, id, other, cookie, with;
	struct mock mock;
	int queue = setup(&mock, &ioas, &id), second = new_queue(&other);

	with = new_table(&mock, ioas, id);
	cookie = open_two(&mock, queue);
	CHECK_EQ(answers(&mock, NULL), 0);
	move_to(&mock, ioas);
	check_all_answered(&mock, queue, cookie, 2);
	/* Move to another table with the same queue */
	move_to(&mock, with);
	cookie = open_two(&mock, queue);
	move_to(&mock, new_table(&mock, ioas, id));
	check_all_answered(&mock, queue, cookie, 4);
	/* Move to a table with another queue */
	cookie = open_two(&mock, queue);
	move_to(&mock, new_table(&mock, ioas, other));
	check_all_answered(&mock, queue, cookie, 6);
	cookie = open_two(&mock, second);
	CHECK_EQ(answer(second, cookie, 0), ANSWER);
	CHECK(readable(second));
	CHECK_EQ(destroy(mock.test_id), 0);
	CHECK(!readable(second));
}

/* A thread that reads or writes a queue */
struct transfer {
	pthread_t thread;
	int queue;
	bool write;
	struct slow slow;
	ssize_t result;
};

static void *transfer_in_thread(void *arg)
{
	struct transfer *t = arg;

	t->result = t->write ? write(t->queue, t->slow.at, ANSWER) :
			       read(t->queue, t->slow.at, REQUEST);
	return NULL;
}

/* Start the thread, and wait until the kernel waits for its memory */
static void begin_transfer(struct transfer *t)
{
	slow_memory(&t->slow, PAGE);
	CHECK_EQ(pthread_create(&t->thread, NULL, transfer_in_thread, t), 0);
	slow_touched(&t->slow);
}

static void end_transfer(struct transfer *t)
{
	slow_let_go(&t->slow);
	CHECK_EQ(pthread_join(t->thread, NULL), 0);
}

TEST(detach_does_not_wait_for_a_read_or_write_that_faults)
{
	uint32_t ioas, id;
	struct mock mock;
	struct transfer t = { .queue = setup(&mock, &ioas, &id) };

	CHECK_EQ(request(&mock, PAGE), 0);
	begin_transfer(&t);
	move_to(&mock, ioas);
	CHECK_EQ(answers(&mock, NULL), 1);
	end_transfer(&t);
	/* The request was answered, so nothing was read */
	CHECK_EQ(t.result, 0);

	move_to(&mock, new_table(&mock, ioas, id));
	CHECK_EQ(request(&mock, PAGE), 0);
	begin_transfer(&t);
	t.write = true;
	end_transfer(&t);
	CHECK_EQ(t.result, REQUEST);
	begin_transfer(&t);
	move_to(&mock, ioas);
	CHECK_EQ(answers(&mock, NULL), 2);
	end_transfer(&t);
	/* Its answer has cookie 0, which does not exist */
	CHECK_EQ(t.result, -1);
}

TEST(request_without_a_queue_is_answered_at_once)
{
	uint32_t ioas = new_ioas(), last;
	struct mock mock;

	CHECK_EQ(mock_attach(ioas, 0, &mock), 0);
	CHECK_EQ(request(&mock, PAGE), 0);
	CHECK_EQ(answers(&mock, &last), 1);
	CHECK_EQ(last, IOMMUFD_PAGE_RESP_INVALID);
}

TEST(queue_outlives_its_context)
{
	struct iommu_hwpt_pgfault read_back;
	uint32_t ioas, id;
	struct mock mock;
	int queue = setup(&mock, &ioas, &id);

	CHECK_EQ(request(&mock, PAGE), 0);
	CHECK_EQ(request(&mock, PAGE), 0);
	CHECK_EQ(read(queue, &read_back, REQUEST), REQUEST);
	close(fd);
	CHECK(!readable(queue));
	CHECK_EQ(read(queue, &read_back, REQUEST), 0);
	CHECK_ERR(answer(queue, read_back.cookie, 0), EINVAL);
	close(queue);
}

static struct mock asking;
static uint32_t asked;
static bool over;

static void *ask(void *unused)
{
	while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
		if (request(&asking, PAGE))
			return unused;
		__atomic_add_fetch(&asked, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* Wait until a request that is made from now on was answered */
static void more_asked(pthread_t thread)
{
	uint32_t before = __atomic_load_n(&asked, __ATOMIC_RELAXED);
	void *result;

	while (__atomic_load_n(&asked, __ATOMIC_RELAXED) - before < 2) {
		CHECK_EQ(pthread_tryjoin_np(thread, &result), EBUSY);
		usleep(100);
	}
}

TEST(each_request_of_a_moving_device_gets_one_answer)
{
	struct iommu_hwpt_pgfault read_back;
	uint32_t ioas, id, other, with, with_other;
	char failed;
	pthread_t thread;
	void *result;
	int queue;

	ioas = new_ioas();
	CHECK_EQ(mock_attach(ioas, 0, &asking), 0);
	queue = new_queue(&id);
	new_queue(&other);
	with = new_table(&asking, ioas, id);
	with_other = new_table(&asking, ioas, other);
	CHECK_EQ(pthread_create(&thread, NULL, ask, &failed), 0);
	for (unsigned int i = 0; i < 50; i++) {
		move_to(&asking, with);
		more_asked(thread);
		CHECK_EQ(read(queue, &read_back, REQUEST), REQUEST);
		if (i % 2)
			CHECK_EQ(answer(queue, read_back.cookie, 0), ANSWER);
		move_to(&asking, i % 3 ? with_other : ioas);
	}
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	CHECK_EQ(pthread_join(thread, &result), 0);
	CHECK(result == NULL);
	move_to(&asking, ioas);
	CHECK_EQ(answers(&asking, NULL), asked);
}
