/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Finding /dev/iommu in other processes, and borrowing it.
 *
 * Address spaces belong to an open file; whoever may trace a process can take
 * a copy of its descriptor and look through it.
 */
#ifndef IOASCTL_FIND_H
#define IOASCTL_FIND_H

#include <sys/types.h>

/**
 * typedef find_fn - visits a descriptor
 * @arg: the caller's own
 * @pid: a process
 * @fd: a descriptor of that process that is /dev/iommu
 *
 * Return: 0 to go on, anything else to stop and be handed back.
 */
typedef int (*find_fn)(void *arg, pid_t pid, int fd);

/* Visit every descriptor of one process, or of all of them with @pid 0 */
int find_descriptors(pid_t pid, find_fn fn, void *arg);

/* A copy of another process's descriptor, or a negative errno */
int find_borrow(pid_t pid, int fd);

/* The name of a process, of at most 15 characters */
void find_name(pid_t pid, char name[16]);

#endif
