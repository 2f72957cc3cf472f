// SPDX-License-Identifier: GPL-2.0
/*
 * Answering KVM's questions about device files.
 *
 * A device that sets No Snoop in its requests bypasses the CPU's caches, unless
 * the IOMMU enforces coherency. A guest that uses such a device must write its
 * caches back. The guest's WBINVD does this only if KVM knows of the device.
 *
 * The program passes the open file of the device to KVM, and KVM calls two
 * functions of vfio.ko: vfio_file_is_valid() and vfio_file_enforced_coherent().
 * A vfio.ko that was built without device files does not know these files, so
 * KVM refuses them. Neither module has a way to register other answers. So this
 * driver diverts the two functions with ftrace, which calls kvm_divert() at the
 * start of each. If the file is a device file of this driver, kvm_divert()
 * makes the call continue in the replacement function here, which returns to
 * KVM. Otherwise it does nothing, and the function of vfio.ko runs:
 *
 *	KVM -> vfio_file_is_valid() -> kvm_divert()
 *			|			| device file of this driver
 *			v other files		v
 *		rest of the function	kvm_file_is_valid()
 *
 * Live patching replaces functions in the same way. FTRACE_OPS_FL_PERMANENT
 * prevents ftrace from being disabled meanwhile. unregister_ftrace_function()
 * waits until no task is in kvm_divert(). The replacement functions are safe
 * without that: the caller has a reference to the file, and the file has one to
 * this module.
 *
 * KVM also calls vfio_file_set_kvm(). This is for drivers that use KVM. The
 * core of vfio-pci does not on x86, so that call is not diverted.
 */
#define pr_fmt(fmt) "vfio_iommufd_pci: " fmt

#include <linux/fs.h>
#include <linux/ftrace.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/vfio.h>

#include "device_file.h"
#include "kvm.h"
#include "no_snoop.h"

#ifdef CONFIG_DYNAMIC_FTRACE_WITH_ARGS

/* vfio_file_is_valid() of a device file */
static bool kvm_file_is_valid(struct file *file)
{
	return true;
}

/* vfio_file_enforced_coherent() of a device file */
static bool kvm_file_enforced_coherent(struct file *file)
{
	return device_iommu_capable(device_file_device(file)->dev,
				    IOMMU_CAP_ENFORCE_CACHE_COHERENCY);
}

/* ftrace calls it, so it must not be traced itself */
static void notrace kvm_divert(unsigned long ip, unsigned long parent_ip,
			       struct ftrace_ops *ops, struct ftrace_regs *regs)
{
	struct file *file = (struct file *)ftrace_regs_get_argument(regs, 0);

	if (device_file_device(file))
		ftrace_regs_set_instruction_pointer(
			regs, (unsigned long)ops->private);
}

#define DIVERSION(to) {							\
	.func = kvm_divert,						\
	.flags = FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT,	\
	.private = (to),						\
}

static struct ftrace_ops kvm_valid_ops = DIVERSION(kvm_file_is_valid);
static struct ftrace_ops kvm_coherent_ops =
	DIVERSION(kvm_file_enforced_coherent);

static int kvm_start_diversion(struct ftrace_ops *ops,
			       bool (*from)(struct file *file))
{
	int ret = ftrace_set_filter_ip(ops, (unsigned long)from, 0, 0);

	if (!ret)
		ret = register_ftrace_function(ops);
	if (ret)
		ftrace_free_filter(ops);
	return ret;
}

static void kvm_stop_diversion(struct ftrace_ops *ops)
{
	WARN_ON(unregister_ftrace_function(ops));
	ftrace_free_filter(ops);
}

static int kvm_start_diversions(void)
{
	int ret;

	/* First: KVM asks about coherency as soon as it accepts a file */
	ret = kvm_start_diversion(&kvm_coherent_ops,
				  vfio_file_enforced_coherent);
	if (ret)
		return ret;
	ret = kvm_start_diversion(&kvm_valid_ops, vfio_file_is_valid);
	if (ret)
		kvm_stop_diversion(&kvm_coherent_ops);
	return ret;
}

static void kvm_stop_diversions(void)
{
	kvm_stop_diversion(&kvm_valid_ops);
	kvm_stop_diversion(&kvm_coherent_ops);
}

#else

static int kvm_start_diversions(void)
{
	return -EOPNOTSUPP;
}

static void kvm_stop_diversions(void)
{
}

#endif

void kvm_answers_start(void)
{
	int ret;

	if (!IS_ENABLED(CONFIG_KVM_VFIO))
		return;
	ret = kvm_start_diversions();
	no_snoop_kvm_knows = !ret;
	if (ret)
		pr_warn("cannot answer KVM's questions about device files (ftrace: error %d), so KVM refuses them\n",
			ret);
}

void kvm_answers_stop(void)
{
	if (IS_ENABLED(CONFIG_KVM_VFIO) && no_snoop_kvm_knows)
		kvm_stop_diversions();
}
