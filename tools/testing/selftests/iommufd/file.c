// SPDX-License-Identifier: GPL-2.0
/*
 * Memory files: a device gets what mmap() would give the caller, and no more.
 * What a descriptor or a seal forbids is forbidden at every way to the pages:
 * mapping, copying, attaching, an access, another process that takes over. And
 * as long as a mapping may write, the file cannot be sealed against writing.
 */
#include <grp.h>
#include <linux/fs.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "fixture.h"

#define NOBODY 65534
#define WO IOMMU_IOAS_MAP_WRITEABLE
#define ORIGINAL "original"

static void become_nobody(void)
{
	CHECK_EQ(setgroups(0, NULL), 0);
	CHECK_EQ(setresgid(NOBODY, NOBODY, NOBODY), 0);
	CHECK_EQ(setresuid(NOBODY, NOBODY, NOBODY), 0);
}

/* A memfd that says ORIGINAL and can be sealed */
static int sealable_file(unsigned int flags)
{
	int file = memfd_create("sealable", MFD_ALLOW_SEALING | flags);
	size_t length = flags & MFD_HUGETLB ? 2ul << 20 : PAGE;
	char *p;

	CHECK(file >= 0);
	CHECK_EQ(ftruncate(file, length), 0);
	/* Files in huge pages know no write() */
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
 * The file can be mapped for reading only: by an address space with a device
 * and by one without, whose pages an access reads and cannot write.
 */
static void is_for_reading_only(int file, int error)
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

/* What the descriptor forbids */

TEST(descriptor_for_reading_is_mapped_for_reading_only)
{
	int file = sealable_file(0);
	long before = pinned_pages();

	is_for_reading_only(open_again(file, O_RDONLY), EACCES);
	CHECK_EQ(pinned_pages(), before);
}

TEST(descriptor_for_writing_only_is_not_mapped)
{
	int file = open_again(sealable_file(0), O_WRONLY);
	uint32_t ioas = new_ioas();

	CHECK_ERR(map_page(ioas, file, RO), EACCES);
	CHECK_ERR(map_page(ioas, file, WO), EACCES);
	CHECK_ERR(map_page(ioas, file, RW), EACCES);
	CHECK_EQ(unmap_all(ioas), 0);
}

TEST(memfd_that_a_user_may_only_read_is_mapped_for_reading_only)
{
	int file = sealable_file(0), own;
	char path[64];

	CHECK_EQ(fchmod(file, 0444), 0);
	own = open_again(file, O_RDONLY);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	open_context();
	become_nobody();
	CHECK_ERR(open(path, O_RDWR), EACCES);
	is_for_reading_only(own, EACCES);
}

/* Open a file of root's on a new tmpfs, which everybody may read */
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

TEST(file_of_roots_on_tmpfs_is_mapped_for_reading_only)
{
	int file = open_again(roots_file(O_RDWR), O_RDONLY);

	open_context();
	become_nobody();
	is_for_reading_only(file, EACCES);
}

TEST(file_that_is_only_appended_to_is_not_mapped_by_who_may_append)
{
	int file = roots_file(O_RDWR), append = FS_APPEND_FL, reader;
	uint32_t ioas = new_ioas();

	reader = open_again(file, O_RDONLY);
	if (ioctl(file, FS_IOC_SETFLAGS, &append))
		SKIP("no append-only files on tmpfs");
	CHECK_ERR(map_page(ioas, file, RW), EACCES);
	CHECK_ERR(map_page(ioas, file, RO), EACCES);
	/* mmap() too is that strict, and that lenient */
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, 0) == MAP_FAILED);
	CHECK_EQ(map_page(ioas, reader, RO), 0);
	CHECK_EQ(unmap_all(ioas), PAGE);
}

TEST(file_that_is_no_memory_file_is_einval_before_a_device_comes)
{
	uint32_t ioas = new_ioas();

	CHECK_ERR(map_page(ioas, open("/proc/self/exe", O_RDONLY), RO), EINVAL);
	CHECK_ERR(map_page(ioas, open("/dev/zero", O_RDWR), RW), EINVAL);
	CHECK_ERR(map_page(ioas, open("/tmp", O_RDONLY), RO), EINVAL);
	CHECK_EQ(unmap_all(ioas), 0);
}

/* What a seal forbids */

TEST(file_sealed_against_writing_is_mapped_for_reading_only)
{
	int file = sealable_file(0);

	CHECK_EQ(seal(file, F_SEAL_WRITE), 0);
	is_for_reading_only(file, EPERM);
}

TEST(file_sealed_against_future_writing_is_mapped_for_reading_only)
{
	int file = sealable_file(0);

	CHECK_EQ(seal(file, F_SEAL_FUTURE_WRITE), 0);
	is_for_reading_only(file, EPERM);
}

TEST(sealed_file_in_huge_pages_is_mapped_for_reading_only)
{
	int file = sealable_file(MFD_HUGETLB);

	CHECK_EQ(seal(file, F_SEAL_FUTURE_WRITE), 0);
	is_for_reading_only(file, EPERM);
	CHECK_EQ(seal(file, F_SEAL_WRITE), 0);
	is_for_reading_only(file, EPERM);
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

/* As long as something may write, the file cannot be sealed against writing */

TEST(mapping_that_may_write_keeps_the_seal_away_before_a_device_comes)
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

TEST(mapping_that_may_write_keeps_the_seal_of_huge_pages_away)
{
	int file = sealable_file(MFD_HUGETLB);
	uint32_t ioas = new_ioas();

	CHECK_EQ(map_page(ioas, file, WO), 0);
	CHECK_ERR(seal(file, F_SEAL_WRITE), EBUSY);
	CHECK_EQ(unmap_all(ioas), PAGE);
	CHECK_EQ(seal(file, F_SEAL_WRITE), 0);
	CHECK_ERR(map_page(ioas, file, WO), EPERM);
}

TEST(mapping_that_only_reads_keeps_no_seal_away)
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

TEST(seal_against_future_writing_leaves_a_mapping_as_it_is)
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
	/* Nor can this one be added while it is there */
	CHECK_ERR(seal(file, F_SEAL_WRITE), EBUSY);
	CHECK_EQ(unmap_all(ioas), PAGE);
	CHECK_EQ(seal(file, F_SEAL_WRITE), 0);
}

TEST(last_copy_of_a_mapping_lets_the_seal_come)
{
	uint32_t ioas = new_ioas(), other = new_ioas();
	int file = sealable_file(0);

	CHECK_EQ(map_page(ioas, file, RW), 0);
	CHECK_EQ(copy_at(other, IOVA, ioas, IOVA, PAGE, RO), 0);
	CHECK_EQ(unmap_all(ioas), PAGE);
	/* It was mapped for writing, and can be copied for writing again */
	CHECK_ERR(seal(file, F_SEAL_WRITE), EBUSY);
	CHECK_EQ(copy_at(ioas, IOVA, other, IOVA, PAGE, RW), 0);
	CHECK_EQ(unmap_all(other), PAGE);
	CHECK_ERR(seal(file, F_SEAL_WRITE), EBUSY);
	CHECK_EQ(unmap_all(ioas), PAGE);
	CHECK_EQ(seal(file, F_SEAL_WRITE), 0);
}

TEST(map_that_fails_keeps_no_seal_away)
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
	/* That left the seal's own count as it was */
	CHECK(mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, file, 0) == MAP_FAILED);
	CHECK_EQ(map_page(ioas, file, RO), 0);
	CHECK_EQ(unmap_all(ioas), PAGE);
}

TEST(mapping_that_may_write_and_a_writable_mmap_both_keep_the_seal_away)
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

TEST(access_that_pins_keeps_the_seal_away_until_it_is_unmapped)
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

TEST(right_to_write_passes_to_the_process_that_takes_over)
{
	struct mapper m = { new_ioas(), sealable_file(0), RW };

	need_mock();
	CHECK(in_child(map_as_another_process, &m));
	CHECK_ERR(seal(m.file, F_SEAL_WRITE), EBUSY);
	CHECK_EQ(change_process(), 0);
	CHECK_ERR(seal(m.file, F_SEAL_WRITE), EBUSY);
	/* There is nothing to be taken over */
	CHECK_EQ(change_process(), 0);
	CHECK_EQ(mock_attach(m.ioas, 0, NULL), 0);
	CHECK_EQ(unmap_all(m.ioas), PAGE);
	CHECK_EQ(seal(m.file, F_SEAL_WRITE), 0);
}

TEST(taking_over_what_only_reads_keeps_no_seal_away)
{
	struct mapper m = { new_ioas(), sealable_file(0), RO };

	CHECK(in_child(map_as_another_process, &m));
	CHECK_EQ(seal(m.file, F_SEAL_WRITE), 0);
	CHECK_EQ(change_process(), 0);
	CHECK_EQ(mock_attach(m.ioas, 0, NULL), 0);
	CHECK_EQ(unmap_all(m.ioas), PAGE);
	/* Still sealed */
	CHECK(mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, m.file, 0) ==
	      MAP_FAILED);
}

static void take_over_without_a_limit(void *arg)
{
	const struct rlimit none = {};

	(void)arg;
	CHECK_EQ(setrlimit(RLIMIT_MEMLOCK, &none), 0);
	become_nobody();
	CHECK_ERR(change_process(), ENOMEM);
}

TEST(takeover_that_fails_gives_its_right_back)
{
	const struct rlimit one_page = { PAGE, PAGE };
	uint32_t ioas = new_ioas();
	int file = sealable_file(0);

	CHECK_EQ(mock_attach(ioas, 0, NULL), 0);
	CHECK_EQ(setrlimit(RLIMIT_MEMLOCK, &one_page), 0);
	CHECK_EQ(setresuid(NOBODY, NOBODY, 0), 0);
	CHECK_EQ(map_page(ioas, file, RW), 0);
	CHECK_EQ(setresuid(0, 0, 0), 0);
	CHECK(in_child(take_over_without_a_limit, NULL));
	CHECK_ERR(seal(file, F_SEAL_WRITE), EBUSY);
	CHECK_EQ(unmap_all(ioas), PAGE);
	CHECK_EQ(seal(file, F_SEAL_WRITE), 0);
}

TEST(right_to_write_outlives_the_process_that_mapped)
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

TEST(process_that_dies_with_its_context_lets_the_seal_come)
{
	int file = sealable_file(0);

	CHECK(in_child(map_in_a_context_of_its_own, &file));
	CHECK_EQ(seal(file, F_SEAL_WRITE), 0);
}

/* Holes */

TEST(hole_is_filled_for_who_may_only_read)
{
	int file = memory_file(4 * PAGE), reader;
	uint32_t ioas = new_ioas();
	struct stat st;
	char *p;

	reader = open_again(file, O_RDONLY);
	p = mmap(NULL, 4 * PAGE, PROT_READ, MAP_SHARED, reader, 0);
	CHECK(p != MAP_FAILED);
	/* As by reading a page that is mapped */
	CHECK_EQ(p[0], 0);
	CHECK_EQ(fstat(file, &st), 0);
	CHECK_EQ(st.st_blocks, PAGE / 512);
	CHECK_EQ(mock_attach(ioas, 0, NULL), 0);
	CHECK_EQ(map_file_at(ioas, reader, 0, 2 * PAGE, IOVA, RO), 0);
	CHECK_EQ(fstat(file, &st), 0);
	CHECK_EQ(st.st_blocks, 2 * PAGE / 512);
	CHECK_EQ(unmap_all(ioas), 2 * PAGE);
}
