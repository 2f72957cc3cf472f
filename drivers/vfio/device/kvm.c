// SPDX-License-Identifier: GPL-2.0
/*
 * KVM's questions about device files.
 *
 * A device that sets No Snoop in its requests reaches memory past the CPU's
 * caches, unless the IOMMU enforces coherency. A guest that uses such a device
 * has to write its caches back, so KVM must know of the device: only then does
 * the guest's WBINVD do anything.
 *
 * The program hands KVM the open file of the device, and KVM asks vfio.ko two
 * things: vfio_file_is_valid() and vfio_file_enforced_coherent(). A vfio.ko
 * that was built without device files takes them for strangers, and KVM refuses
 * the file. Nothing can be registered with either of the two modules. So calls
 * of these functions are diverted: where a function begins there is an
 * instruction for ftrace, which calls divert(). If the file is one of ours, it
 * lets the call go on in our function instead, which returns to the caller. For
 * any other file it does nothing, and vfio.ko answers.
 *
 * This is how live patching replaces functions. FTRACE_OPS_FL_PERMANENT keeps
 * ftrace from being switched off meanwhile. unregister_ftrace_function() waits
 * until no task is in divert(). Our functions need no such care: the caller has
 * a reference to the file, and the file one to this module.
 *
 * KVM also announces itself by vfio_file_set_kvm(). That is for drivers that
 * talk to KVM; the core of vfio-pci is none on x86, so it remains unanswered.
 */
#define pr_fmt(fmt) "vfio_iommufd_pci: " fmt

#include <linux/fs.h>
#include <linux/ftrace.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/vfio.h>

#include "device_file.h"
#include "kvm.h"

static bool allow_noncoherent;
module_param(allow_noncoherent, bool, 0644);
MODULE_PARM_DESC(allow_noncoherent,
		 "Open devices by file although KVM cannot be told that their DMA may bypass the CPU's caches (default: N)");

/* KVM's questions are answered, or there is no KVM in this kernel */
static bool answered = !IS_ENABLED(CONFIG_KVM_VFIO);

#ifdef CONFIG_DYNAMIC_FTRACE_WITH_ARGS

/* vfio_file_is_valid() of a device file */
static bool file_is_valid(struct file *file)
{
	return true;
}

/* vfio_file_enforced_coherent() of a device file */
static bool file_enforced_coherent(struct file *file)
{
	return device_iommu_capable(device_file_device(file)->dev,
				    IOMMU_CAP_ENFORCE_CACHE_COHERENCY);
}

/* What ftrace calls may itself not be traced */
static void notrace divert(unsigned long ip, unsigned long parent_ip,
			   struct ftrace_ops *ops, struct ftrace_regs *regs)
{
	struct file *file = (struct file *)ftrace_regs_get_argument(regs, 0);

	if (device_file_device(file))
		ftrace_regs_set_instruction_pointer(regs,
						    (unsigned long)ops->private);
}

#define DIVERSION(to) {							\
	.func = divert,							\
	.flags = FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT,	\
	.private = (to),						\
}

static struct ftrace_ops valid_ops = DIVERSION(file_is_valid);
static struct ftrace_ops coherent_ops = DIVERSION(file_enforced_coherent);

static int start_diversion(struct ftrace_ops *ops,
			   bool (*from)(struct file *file))
{
	int ret = ftrace_set_filter_ip(ops, (unsigned long)from, 0, 0);

	if (!ret)
		ret = register_ftrace_function(ops);
	if (ret)
		ftrace_free_filter(ops);
	return ret;
}

static void stop_diversion(struct ftrace_ops *ops)
{
	WARN_ON(unregister_ftrace_function(ops));
	ftrace_free_filter(ops);
}

static int start_diversions(void)
{
	/* A file that is taken for valid must be answered for */
	int ret = start_diversion(&coherent_ops, vfio_file_enforced_coherent);

	if (ret)
		return ret;
	ret = start_diversion(&valid_ops, vfio_file_is_valid);
	if (ret)
		stop_diversion(&coherent_ops);
	return ret;
}

static void stop_diversions(void)
{
	stop_diversion(&valid_ops);
	stop_diversion(&coherent_ops);
}

#else

static int start_diversions(void)
{
	return -EOPNOTSUPP;
}

static void stop_diversions(void)
{
}

#endif

void kvm_answers_start(void)
{
	int ret;

	if (!IS_ENABLED(CONFIG_KVM_VFIO))
		return;
	ret = start_diversions();
	answered = !ret;
	if (ret)
		pr_warn("KVM cannot be told of device files (ftrace: error %d), so virtual machines refuse them\n",
			ret);
}

void kvm_answers_stop(void)
{
	if (IS_ENABLED(CONFIG_KVM_VFIO) && answered)
		stop_diversions();
}

/*
 * Can the device set No Snoop? One that never does may have the bit that
 * permits it fixed at 0. That is sure only of a PCI Express function that is no
 * VF: the others have no such bit.
 */
static bool may_bypass_caches(struct pci_dev *pdev)
{
	u16 was, now;

	if (!pci_is_pcie(pdev) || pdev->is_virtfn)
		return true;
	pcie_capability_read_word(pdev, PCI_EXP_DEVCTL, &was);
	if (was & PCI_EXP_DEVCTL_NOSNOOP_EN)
		return true;
	pcie_capability_set_word(pdev, PCI_EXP_DEVCTL,
				 PCI_EXP_DEVCTL_NOSNOOP_EN);
	pcie_capability_read_word(pdev, PCI_EXP_DEVCTL, &now);
	pcie_capability_clear_word(pdev, PCI_EXP_DEVCTL,
				   PCI_EXP_DEVCTL_NOSNOOP_EN);
	return now & PCI_EXP_DEVCTL_NOSNOOP_EN;
}

int kvm_answers_check(struct vfio_device *device)
{
	struct pci_dev *pdev = to_pci_dev(device->dev);
	bool bypass;

	if (answered || allow_noncoherent ||
	    device_iommu_capable(device->dev,
				 IOMMU_CAP_ENFORCE_CACHE_COHERENCY))
		return 0;
	if (pm_runtime_resume_and_get(device->dev))
		return -EIO;
	bypass = may_bypass_caches(pdev);
	pm_runtime_put(device->dev);
	if (!bypass)
		return 0;
	dev_err_ratelimited(device->dev, "its DMA may bypass the CPU's caches, and KVM cannot be told: use its group, or, if no virtual machine gets it, load vfio_iommufd_pci with allow_noncoherent=1\n");
	return -EPERM;
}
