// SPDX-License-Identifier: GPL-2.0
/*
 * Memory files: a mapping gives a device the access that mmap() would give the
 * caller. A descriptor or a seal that forbids writing forbids it in every call:
 * map, copy, attach, accesses, change_process. As long as a mapping may write,
 * the file cannot be sealed against writing. Runs over the mock.
 */
#include <linux/fs.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "fixture.h"

#define NOBODY 65534
#define WO IOMMU_IOAS_MAP_WRITEABLE
#define ORIGINAL "original"

/* A memfd that begins with ORIGINAL and can be sealed */
static int sealable_file(unsigned int flags)
{
	int file = memfd_create("sealable", MFD_ALLOW_SEALING | flags);
	size_t length = flags & MFD_HUGETLB ? 2ul << 20 : PAGE;
	char *p;

	CHECK(file >= 0);
	CHECK_EQ(ftruncate(file, length), 0);
	/* write() does not work for a hugetlb file */
	p = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (p == MAP_FAILED)
		SKIP("no huge pages");
	memcpy(p, ORIGINAL, sizeof(ORIGINAL));
	CHECK_EQ(munmap(p, length), 0);
	return file;
}

static int seal(int file, int seals)
{
	return fcntl(file, F_ADD_SEALS, seals);
}

static int open_again(int file, int flags)
{
	char path[64];
	int again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	again = open(path, flags);
	CHECK(again >= 0);
	return again;
}

static int map_page(uint32_t ioas, int file, uint32_t prot)
{
	return map_file_at(ioas, file, 0, PAGE, IOVA, prot);
}

static bool says(int file, const char *text)
{
	char got[16] = "";

	CHECK(pread(file, got, sizeof(got) - 1, 0) >= (ssize_t)strlen(text));
	return !strncmp(got, text, strlen(text));
}

/*
 * The file can be mapped read-only, and a map for writing fails with @error: in
 * an address space with a device, and in one without, where an access reads the
 * pages but cannot write them.
 */
static void check_read_only(int file, int error)
{
	uint32_t with = new_ioas(), without = new_ioas(), id;
	int access = new_access(without);
	char got[16] = "";

	CHECK_EQ(mock_attach(with, 0, NULL), 0);
	CHECK_ERR(map_page(with, file, RW), error);
	CHECK_ERR(map_page(with, file, WO), error);
	CHECK_ERR(map_page(without, file, RW), error);
	CHECK_ERR(map_page(without, file, WO), error);
	CHECK_EQ(map_page(with, file, RO), 0);
	CHECK_EQ(map_page(without, file, RO), 0);
	CHECK_EQ(access_rw(access, IOVA, got, sizeof(ORIGINAL), 0), 0);
	CHECK(!strcmp(got, ORIGINAL));
	CHECK_ERR(access_rw(access, IOVA, "changed", 8, MOCK_ACCESS_RW_WRITE),
		  EPERM);
	CHECK_ERR(access_pin(access, IOVA, PAGE, NULL, MOCK_FLAGS_ACCESS_WRITE,
			     &id), EPERM);
	CHECK_ERR(copy_at(with, 2 * IOVA, with, IOVA, PAGE, RW), EPERM);
	CHECK_ERR(copy_at(with, 2 * IOVA, without, IOVA, PAGE, WO), EPERM);
	CHECK_EQ(copy_at(with, 2 * IOVA, without, IOVA, PAGE, RO), 0);
	CHECK(says(file, ORIGINAL));
	CHECK_EQ(unmap_all(with), 2 * PAGE);
	CHECK_EQ(unmap_all(without), PAGE);
}

/* Access that the descriptor forbids */

TEST(read_only_descriptor_is_mapped_read_only)
{
	int file = sealable_file(0);
	long before = pinned_pages();

	check_read_only(open_again(file, O_RDONLY), EACCES);
	CHECK_EQ(pinned_pages(), before);
}

TEST(write_only_descriptor_is_not_mapped)
{
	int file = open_again(sealable_file(0), O_WRONLY);
	uint32_t ioas = new_ioas();

	CHECK_ERR(map_page(ioas, file, RO), EACCES);
	CHECK_ERR(map_page(ioas, file, WO), EACCES);
	CHECK_ERR(map_page(ioas, file, RW), EACCES);
	CHECK_EQ(unmap_all(ioas), 0);
}

TEST(memfd_that_a_user_may_only_read_is_mapped_read_only)
{
	int file = sealable_file(0), own;
	char path[64];

	CHECK_EQ(fchmod(file, 0444), 0);
	own = open_again(file, O_RDONLY);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	open_context();
	become_user(NOBODY);
	CHECK_ERR(open(path, O_RDWR), EACCES);
	check_read_only(own, EACCES);
}

/* Create a file of root on a new tmpfs, readable for all */
static int roots_file(int flags)
{
	int file;

	CHECK(!mkdir("/tmp/tmpfs", 0755) || errno == EEXIST);
	CHECK_EQ(mount("none", "/tmp/tmpfs", "tmpfs", 0, ""), 0);
	file = open("/tmp/tmpfs/roots", flags | O_CREAT, 0644);
	CHECK(file >= 0);
	CHECK_EQ(ftruncate(file, PAGE), 0);
	CHECK_EQ(pwrite(file, ORIGINAL, sizeof(ORIGINAL), 0), sizeof(ORIGINAL));
	CHECK_EQ(umount2("/tmp/tmpfs", MNT_DETACH), 0);
	return file;
}

TEST(tmpfs_file_of_root_is_mapped_read_only)
{
	int file = open_again(roots_file(O_RDWR), O_RDONLY);

	open_context();
	become_user(NOBODY);
	check_read_only(file, EACCES);
}

TEST(append_only_file_is_not_mapped_through_a_writable_descriptor)
{
	int file = roots_file(O_RDWR), append = FS_APPEND_FL, reader;
	uint32_t ioas = new_ioas();

	reader = open_again(file, O_RDONLY);
	if (ioctl(file, FS_IOC_SETFLAGS, &append))
		SKIP("no append-only files on tmpfs");
	CHECK_ERR(map_page(ioas, file, RW), EACCES);
	CHECK_ERR(map_page(ioas, file, RO), EACCES);
	/* mmap() refuses the first descriptor as well */
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, 0) == MAP_FAILED);
	CHECK_EQ(map_page(ioas, reader, RO), 0);
	CHECK_EQ(unmap_all(ioas), PAGE);
}

TEST(map_of_an_ordinary_file_is_einval_before_attach)
{
	uint32_t ioas = new_ioas();

	CHECK_ERR(map_page(ioas, open("/proc/self/exe", O_RDONLY), RO), EINVAL);
	CHECK_ERR(map_page(ioas, open("/dev/zero", O_RDWR), RW), EINVAL);
	CHECK_ERR(map_page(ioas, open("/tmp", O_RDONLY), RO), EINVAL);
	CHECK_EQ(unmap_all(ioas), 0);
}

/* Access that a seal forbids */

TEST(write_sealed_file_is_mapped_read_only)
{
	int file = sealable_file(0);

	CHECK_EQ(seal(file, F_SEAL_WRITE), 0);
	check_read_only(file, EPERM);
}

TEST(future_write_sealed_file_is_mapped_read_only)
{
	int file = sealable_file(0);

	CHECK_EQ(seal(file, F_SEAL_FUTURE_WRITE), 0);
	check_read_only(file, EPERM);
}

TEST(sealed_hugetlb_file_is_mapped_read_only)
{
	int file = sealable_file(MFD_HUGETLB);

	CHECK_EQ(seal(file, F_SEAL_FUTURE_WRITE), 0);
	check_read_only(file, EPERM);
	CHECK_EQ(seal(file, F_SEAL_WRITE), 0);
	check_read_only(file, EPERM);
}

TEST(other_seals_forbid_nothing)
{
	int file = sealable_file(0), access;
	uint32_t ioas = new_ioas();

	CHECK_EQ(seal(file, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), 0);
	access = new_access(ioas);
	CHECK_EQ(map_page(ioas, file, RW), 0);
	CHECK_EQ(access_rw(access, IOVA, "changed", 8, MOCK_ACCESS_RW_WRITE),
		 0);
	CHECK(says(file, "changed"));
	CHECK_EQ(unmap_all(ioas), PAGE);
}

/* Mappings that may write, and the write seal */

TEST(writable_mapping_blocks_the_write_seal_before_attach)
{
	uint32_t ioas = new_ioas();
	int file = sealable_file(0);

	CHECK_EQ(map_page(ioas, file, RW), 0);
	CHECK_ERR(seal(file, F_SEAL_WRITE), EBUSY);
	CHECK_EQ(mock_attach(ioas, 0, NULL), 0);
	CHECK_ERR(seal(file, F_SEAL_WRITE), EBUSY);
	CHECK_EQ(unmap_all(ioas), PAGE);
	CHECK_EQ(seal(file, F_SEAL_WRITE), 0);
	CHECK_ERR(map_page(ioas, file, RW), EPERM);
}

TEST(writable_mapping_blocks_the_write_seal_of_a_hugetlb_file)
{
	int file = sealable_file(MFD_HUGETLB);
	uint32_t ioas = new_ioas();

	CHECK_EQ(map_page(ioas, file, WO), 0);
	CHECK_ERR(seal(file, F_SEAL_WRITE), EBUSY);
	CHECK_EQ(unmap_all(ioas), PAGE);
	CHECK_EQ(seal(file, F_SEAL_WRITE), 0);
	CHECK_ERR(map_page(ioas, file, WO), EPERM);
}

TEST(read_only_mapping_does_not_block_the_write_seal)
{
	int file = sealable_file(0), access;
	uint32_t ioas = new_ioas();
	char got[16] = "";

	CHECK_EQ(map_page(ioas, file, RO), 0);
	CHECK_EQ(seal(file, F_SEAL_WRITE), 0);
	CHECK_EQ(mock_attach(ioas, 0, NULL), 0);
	access = new_access(ioas);
	CHECK_EQ(access_rw(access, IOVA, got, sizeof(ORIGINAL), 0), 0);
	CHECK(!strcmp(got, ORIGINAL));
	CHECK_EQ(unmap_all(ioas), PAGE);
}

TEST(future_write_seal_keeps_existing_mappings)
{
	int file = sealable_file(0), access;
	uint32_t ioas = new_ioas();

	access = new_access(ioas);
	CHECK_EQ(map_page(ioas, file, RW), 0);
	CHECK_EQ(seal(file, F_SEAL_FUTURE_WRITE), 0);
	CHECK_EQ(mock_attach(ioas, 0, NULL), 0);
	CHECK_EQ(access_rw(access, IOVA, "changed", 8, MOCK_ACCESS_RW_WRITE),
		 0);
	CHECK(says(file, "changed"));
	/* The full write seal is still blocked by the mapping */
	CHECK_ERR(seal(file, F_SEAL_WRITE), EBUSY);
	CHECK_EQ(unmap_all(ioas), PAGE);
	CHECK_EQ(seal(file, F_SEAL_WRITE), 0);
}

TEST(write_seal_is_blocked_until_the_last_copy_is_unmapped)
{
	uint32_t ioas = new_ioas(), other = new_ioas();
	int file = sealable_file(0);

	CHECK_EQ(map_page(ioas, file, RW), 0);
	CHECK_EQ(copy_at(other, IOVA, ioas, IOVA, PAGE, RO), 0);
	CHECK_EQ(unmap_all(ioas), PAGE);
	/* The read-only copy can be copied for writing again */
	CHECK_ERR(seal(file, F_SEAL_WRITE), EBUSY);
	CHECK_EQ(copy_at(ioas, IOVA, other, IOVA, PAGE, RW), 0);
	CHECK_EQ(unmap_all(other), PAGE);
	CHECK_ERR(seal(file, F_SEAL_WRITE), EBUSY);
	CHECK_EQ(unmap_all(ioas), PAGE);
	CHECK_EQ(seal(file, F_SEAL_WRITE), 0);
}

TEST(failed_map_does_not_block_the_write_seal)
{
	uint32_t ioas = new_ioas();
	int file = sealable_file(0);

	CHECK_EQ(mock_attach(ioas, 0, NULL), 0);
	CHECK_EQ(map_at(ioas, memory(PAGE), PAGE, IOVA, RW), 0);
	CHECK_ERR(map_page(ioas, file, RW), EEXIST);
	CHECK_EQ(unmap_all(ioas), PAGE);
	CHECK_ERR(map_file_at(ioas, file, 0, 2 * PAGE, IOVA, RW), EINVAL);
	CHECK_EQ(seal(file, F_SEAL_WRITE), 0);
	CHECK_ERR(map_page(ioas, file, RW), EPERM);
	/* The file is still sealed, and can still be mapped read-only */
	CHECK(mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, file, 0) == MAP_FAILED);
	CHECK_EQ(map_page(ioas, file, RO), 0);
	CHECK_EQ(unmap_all(ioas), PAGE);
}

TEST(writable_mapping_and_mmap_each_block_the_write_seal)
{
	uint32_t ioas = new_ioas();
	int file = sealable_file(0);
	void *p = mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, file, 0);

	CHECK(p != MAP_FAILED);
	CHECK_EQ(map_page(ioas, file, RW), 0);
	CHECK_EQ(unmap_all(ioas), PAGE);
	CHECK_ERR(seal(file, F_SEAL_WRITE), EBUSY);
	CHECK_EQ(map_page(ioas, file, RW), 0);
	CHECK_EQ(munmap(p, PAGE), 0);
	CHECK_ERR(seal(file, F_SEAL_WRITE), EBUSY);
	CHECK_EQ(unmap_all(ioas), PAGE);
	CHECK_EQ(seal(file, F_SEAL_WRITE), 0);
}

TEST(pinned_file_blocks_the_write_seal_until_it_is_unmapped)
{
	int file = sealable_file(0), access;
	uint32_t ioas = new_ioas(), id;

	access = new_access(ioas);
	CHECK_EQ(map_page(ioas, file, RW), 0);
	CHECK_EQ(access_pin(access, IOVA, PAGE, NULL, MOCK_FLAGS_ACCESS_WRITE,
			    &id), 0);
	CHECK_ERR(seal(file, F_SEAL_WRITE), EBUSY);
	CHECK_EQ(access_unpin(access, id), 0);
	CHECK_ERR(seal(file, F_SEAL_WRITE), EBUSY);
	CHECK_EQ(unmap_all(ioas), PAGE);
	CHECK_EQ(seal(file, F_SEAL_WRITE), 0);
}

/* Other processes */

struct mapper {
	uint32_t ioas;
	int file;
	uint32_t prot;
};

static void map_as_another_process(void *arg)
{
	const struct mapper *m = arg;

	CHECK_EQ(map_page(m->ioas, m->file, m->prot), 0);
}

TEST(change_process_passes_on_the_right_to_write)
{
	struct mapper m = { new_ioas(), sealable_file(0), RW };

	need_mock();
	CHECK(in_child(map_as_another_process, &m));
	CHECK_ERR(seal(m.file, F_SEAL_WRITE), EBUSY);
	CHECK_EQ(change_process(), 0);
	CHECK_ERR(seal(m.file, F_SEAL_WRITE), EBUSY);
	/* The second call has nothing to take over */
	CHECK_EQ(change_process(), 0);
	CHECK_EQ(mock_attach(m.ioas, 0, NULL), 0);
	CHECK_EQ(unmap_all(m.ioas), PAGE);
	CHECK_EQ(seal(m.file, F_SEAL_WRITE), 0);
}

TEST(change_process_of_a_read_only_mapping_does_not_block_the_seal)
{
	struct mapper m = { new_ioas(), sealable_file(0), RO };

	CHECK(in_child(map_as_another_process, &m));
	CHECK_EQ(seal(m.file, F_SEAL_WRITE), 0);
	CHECK_EQ(change_process(), 0);
	CHECK_EQ(mock_attach(m.ioas, 0, NULL), 0);
	CHECK_EQ(unmap_all(m.ioas), PAGE);
	/* The file is still sealed */
	CHECK(mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, m.file, 0) ==
	      MAP_FAILED);
}

static void take_over_without_a_limit(void *arg)
{
	(void)arg;
	limit_locked_pages(0);
	become_user(NOBODY);
	CHECK_ERR(change_process(), ENOMEM);
}

TEST(failed_change_process_leaves_the_right_to_write_unchanged)
{
	uint32_t ioas = new_ioas();
	int file = sealable_file(0);

	CHECK_EQ(mock_attach(ioas, 0, NULL), 0);
	limit_locked_pages(1);
	CHECK_EQ(setresuid(NOBODY, NOBODY, 0), 0);
	CHECK_EQ(map_page(ioas, file, RW), 0);
	CHECK_EQ(setresuid(0, 0, 0), 0);
	CHECK(in_child(take_over_without_a_limit, NULL));
	CHECK_ERR(seal(file, F_SEAL_WRITE), EBUSY);
	CHECK_EQ(unmap_all(ioas), PAGE);
	CHECK_EQ(seal(file, F_SEAL_WRITE), 0);
}

TEST(right_to_write_outlives_the_process_that_mapped_the_file)
{
	struct mapper m = { new_ioas(), sealable_file(0), RW };

	CHECK(in_child(map_as_another_process, &m));
	CHECK_ERR(seal(m.file, F_SEAL_WRITE), EBUSY);
	CHECK_EQ(unmap_all(m.ioas), PAGE);
	CHECK_EQ(seal(m.file, F_SEAL_WRITE), 0);
}

static void map_in_a_context_of_its_own(void *arg)
{
	uint32_t ioas = new_ioas();

	CHECK_EQ(mock_attach(ioas, 0, NULL), 0);
	CHECK_EQ(map_page(ioas, *(int *)arg, RW), 0);
	CHECK_EQ(copy_at(ioas, 2 * IOVA, ioas, IOVA, PAGE, RW), 0);
}

TEST(exit_with_the_context_unblocks_the_write_seal)
{
	int file = sealable_file(0);

	CHECK(in_child(map_in_a_context_of_its_own, &file));
	CHECK_EQ(seal(file, F_SEAL_WRITE), 0);
}

/* Holes */

TEST(hole_is_filled_through_a_read_only_descriptor)
{
	int file = memory_file(4 * PAGE), reader;
	uint32_t ioas = new_ioas();
	struct stat st;
	char *p;

	reader = open_again(file, O_RDONLY);
	p = mmap(NULL, 4 * PAGE, PROT_READ, MAP_SHARED, reader, 0);
	CHECK(p != MAP_FAILED);
	/* Reading a mapped page fills its hole in the same way */
	CHECK_EQ(p[0], 0);
	CHECK_EQ(fstat(file, &st), 0);
	CHECK_EQ(st.st_blocks, PAGE / 512);
	CHECK_EQ(mock_attach(ioas, 0, NULL), 0);
	CHECK_EQ(map_file_at(ioas, reader, 0, 2 * PAGE, IOVA, RO), 0);
	CHECK_EQ(fstat(file, &st), 0);
	CHECK_EQ(st.st_blocks, 2 * PAGE / 512);
	CHECK_EQ(unmap_all(ioas), 2 * PAGE);
}
