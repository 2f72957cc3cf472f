/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HOST_LINUX_PRINTK_H
#define HOST_LINUX_PRINTK_H

#include <linux/compiler.h>

/* Keeps the lines, for log_lines() of tree.h */
void host_log(const char *format, ...) __printf(1, 2);

#define pr_warn(fmt, ...)	host_log(pr_fmt(fmt), ##__VA_ARGS__)

#endif
