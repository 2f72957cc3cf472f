/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Finding /dev/iommu in other processes, and copying its file descriptor.
 *
 * Address spaces belong to an open file. A process that may trace another one
 * can copy its descriptor, and use it to read the address spaces.
 */
#ifndef IOASCTL_FIND_H
#define IOASCTL_FIND_H

#include <sys/types.h>

/**
 * typedef find_fn - visits a descriptor
 * @arg: pointer of the caller
 * @pid: a process
 * @fd: a descriptor of that process that is /dev/iommu
 *
 * Return: 0 to continue; any other value ends the search, which returns it.
 */
typedef int (*find_fn)(void *arg, pid_t pid, int fd);

/* Visit every descriptor of one process, or of all of them with @pid 0 */
int find_descriptors(pid_t pid, find_fn fn, void *arg);

/* Copy a descriptor of another process; returns the copy or a negative errno */
int find_borrow(pid_t pid, int fd);

/* The name of a process, of at most 15 characters */
void find_name(pid_t pid, char name[16]);

#endif
