// SPDX-License-Identifier: GPL-2.0
/*
 * Virtual functions (VFs) of a physical function (PF) that vfio_iommufd_pci.ko
 * drives: the driver creates them and binds to them, and the users of both
 * share a token. NVME0 is the PF, with one VF; the module runs with
 * enable_sriov=1.
 *
 * Opening or closing a PF resets it. The VFs of QEMU do not survive a reset, so
 * a test that opens a VF creates it while the PF is open.
 */
#include "file.h"
#include "leave.h"

#define ENABLE "/sys/module/vfio_iommufd_pci/parameters/enable_sriov"

static const uint8_t token[TOKEN_SIZE] = {
	0xbd, 0x8d, 0x9d, 0x2b, 0x5a, 0x5f, 0x4f, 0x5a,
	0xa2, 0x11, 0xf5, 0x91, 0x51, 0x4b, 0xa1, 0xf3,
};
static const char token_text[] = "bd8d9d2b-5a5f-4f5a-a211-f591514ba1f3";
static const uint8_t wrong_token[TOKEN_SIZE] = { 1 };

static void need_vfs(void)
{
	char path[PATH_MAX];

	device_path(path, "NVME0", "sriov_numvfs");
	if (access(path, F_OK))
		SKIP("this kernel or this device has no virtual functions");
}

/* Returns 0 or errno */
static int set_vfs(const char *number)
{
	char path[PATH_MAX];

	need_vfs();
	device_path(path, "NVME0", "sriov_numvfs");
	return write_sysfs(path, number);
}

/* Create the VF; the variable VF then names it, as NVME0 names the PF */
static void make_vf(void)
{
	char address[32];

	CHECK_EQ(set_vfs("0"), 0);
	CHECK_EQ(set_vfs("1"), 0);
	device_link("NVME0", "virtfn0", address, sizeof(address));
	setenv("VF", address, 1);
}

/* Bind the PF with the token; users of the VF then need the same token */
static int open_pf(int iommu)
{
	int fd = open_file("NVME0");

	need_vfs();
	CHECK_EQ(bind_with_token(fd, iommu, token), 0);
	return fd;
}

static int set_token(int fd, const uint8_t *value)
{
	struct {
		struct vfio_device_feature head;
		uint8_t token[TOKEN_SIZE];
	} cmd = {
		.head.argsz = sizeof(cmd),
		.head.flags = VFIO_DEVICE_FEATURE_SET |
			      VFIO_DEVICE_FEATURE_PCI_VF_TOKEN,
	};

	memcpy(cmd.token, value, sizeof(cmd.token));
	return ioctl(fd, VFIO_DEVICE_FEATURE, &cmd);
}

TEST(virtual_functions_bind_to_the_driver_of_the_pf)
{
	char driver[32], vf_driver[32];

	make_vf();
	device_link("NVME0", "driver", driver, sizeof(driver));
	device_link("VF", "driver", vf_driver, sizeof(vf_driver));
	CHECK_EQ(strcmp(driver, "vfio-iommufd-pci"), 0);
	CHECK_EQ(strcmp(driver, vf_driver), 0);
	/* The number cannot change from 1 to 2 at once */
	CHECK_EQ(set_vfs("1"), 0);
	CHECK_EQ(set_vfs("2"), ERANGE);
	CHECK_EQ(set_vfs("0"), 0);
}

TEST(without_enable_sriov_there_are_no_virtual_functions)
{
	CHECK_EQ(set_vfs("0"), 0);
	CHECK_EQ(write_sysfs(ENABLE, "0"), 0);
	CHECK_EQ(set_vfs("1"), ENOENT);
	CHECK_EQ(write_sysfs(ENABLE, "1"), 0);
	CHECK_EQ(set_vfs("1"), 0);
	CHECK_EQ(set_vfs("0"), 0);
}

TEST(binding_a_virtual_function_needs_the_token)
{
	int iommu = open_iommu(), pf, vf;

	pf = open_pf(iommu);
	make_vf();
	vf = open_file("VF");
	CHECK_ERR(bind_file(vf, iommu), EACCES);
	CHECK_ERR(bind_with_token(vf, iommu, wrong_token), EACCES);
	CHECK_ERR(bind_with_token(vf, iommu, NULL), EFAULT);
	CHECK_ERR(get_info(vf), EINVAL);
	CHECK_EQ(bind_with_token(vf, iommu, token), 0);
	CHECK_EQ(get_info(vf), 0);
	/* The next user needs the token again */
	close(vf);
	vf = open_file("VF");
	CHECK_ERR(bind_file(vf, iommu), EACCES);
	close(vf);
	close(pf);
	CHECK_EQ(set_vfs("0"), 0);
}

/* The token is random then, so no user can know it */
TEST(binding_a_virtual_function_needs_the_token_without_a_bound_pf)
{
	int iommu = open_iommu(), pf, vf;

	need_vfs();
	pf = open_file("NVME0");
	CHECK_EQ(bind_with_token(pf, iommu, wrong_token), 0);
	close(pf);
	make_vf();
	vf = open_file("VF");
	CHECK_ERR(bind_file(vf, iommu), EACCES);
	CHECK_ERR(bind_with_token(vf, iommu, token), EACCES);
	close(vf);
	CHECK_EQ(set_vfs("0"), 0);
}

TEST(the_user_of_the_physical_function_changes_the_token)
{
	int iommu = open_iommu(), pf, vf;

	pf = open_file("NVME0");
	/* While no VF is in use, binding a PF needs no token */
	CHECK_EQ(bind_file(pf, iommu), 0);
	make_vf();
	CHECK_EQ(set_token(pf, wrong_token), 0);
	vf = open_file("VF");
	CHECK_ERR(bind_with_token(vf, iommu, token), EACCES);
	CHECK_EQ(set_token(pf, token), 0);
	CHECK_EQ(bind_with_token(vf, iommu, token), 0);
	close(vf);
	close(pf);
	CHECK_EQ(set_vfs("0"), 0);
}

/* With the right token, bind fails only because the device is bound already */
TEST(binding_a_pf_needs_the_token_while_its_vf_is_in_use)
{
	int iommu = open_iommu(), pf, vf, second;

	pf = open_pf(iommu);
	make_vf();
	second = open_file("NVME0");
	CHECK_ERR(bind_file(second, iommu), EINVAL);
	vf = open_file("VF");
	CHECK_EQ(bind_with_token(vf, iommu, token), 0);
	CHECK_ERR(bind_file(second, iommu), EACCES);
	CHECK_ERR(bind_with_token(second, iommu, wrong_token), EACCES);
	CHECK_ERR(bind_with_token(second, iommu, token), EINVAL);
	close(vf);
	CHECK_ERR(bind_file(second, iommu), EINVAL);
	close(pf);
	CHECK_EQ(set_vfs("0"), 0);
}

/* The group and the file of a VF need the same token */
TEST(opening_a_virtual_function_by_group_needs_the_token)
{
	int iommu = open_iommu(), container = new_container();
	int pf, group, device;
	char name[128];

	pf = open_pf(iommu);
	make_vf();
	group = open_group("VF");
	CHECK(group >= 0);
	CHECK_EQ(ioctl(group, VFIO_GROUP_SET_CONTAINER, &container), 0);
	CHECK_EQ(ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU), 0);
	CHECK_ERR(ioctl(group, VFIO_GROUP_GET_DEVICE_FD, address_of("VF")),
		  EACCES);
	snprintf(name, sizeof(name), "%s vf_token=%s", address_of("VF"),
		 token_text);
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, name);
	CHECK(device >= 0);
	close(device);
	close(group);
	close(pf);
	CHECK_EQ(set_vfs("0"), 0);
}

/* The write to sriov_numvfs waits until the user closes the VF */
TEST(removing_a_virtual_function_waits_for_its_user)
{
	int iommu = open_iommu(), pf, vf;
	struct leaving leaving;
	char path[PATH_MAX];

	pf = open_pf(iommu);
	make_vf();
	vf = open_file("VF");
	CHECK_EQ(bind_with_token(vf, iommu, token), 0);
	device_path(path, "NVME0", "sriov_numvfs");
	leaving = ask_to_leave(vf, path, "0");
	check_has_not_left(&leaving);
	close(vf);
	check_has_left(&leaving);
	CHECK_EQ(get_info(pf), 0);
	close(pf);
}
