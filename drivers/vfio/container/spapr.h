/* SPDX-License-Identifier: GPL-2.0 */
/* The sPAPR TCE v2 interface of a container: see spapr.c */
#ifndef _VFIO_IOMMUFD_SPAPR_H
#define _VFIO_IOMMUFD_SPAPR_H

struct container;
struct spapr;

/**
 * spapr_create() - allocate the state that only this type of container has
 * @c: the container, with its windowed address space
 *
 * Return: the state, or ERR_PTR(-ENOMEM).
 */
struct spapr *spapr_create(struct container *c);
void spapr_destroy(struct spapr *spapr);

/**
 * spapr_attached() - a group that does DMA was attached
 * @c: the container
 *
 * The first group creates the default window.
 *
 * Return: 0, or -ENOSPC if there is no room for the window.
 */
int spapr_attached(struct container *c);

long spapr_ioctl(struct container *c, unsigned int cmd, void __user *arg);

#endif
