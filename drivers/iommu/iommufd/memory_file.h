/* SPDX-License-Identifier: GPL-2.0 */
/* Memory files: check whether the caller may map one, and pin its pages */
#ifndef _IOMMUFD_MEMORY_FILE_H
#define _IOMMUFD_MEMORY_FILE_H

#include <linux/types.h>

struct file;
struct run_builder;

int iommufd_file_check(const struct file *file, bool write);
int iommufd_file_pin(struct file *file, unsigned long start,
		     unsigned long npages, struct run_builder *b);

#endif
