/* SPDX-License-Identifier: GPL-2.0 */
/* The sPAPR TCE v2 interface of a container: see spapr.c */
#ifndef _VFIO_IOMMUFD_SPAPR_H
#define _VFIO_IOMMUFD_SPAPR_H

struct container;
struct spapr;

/**
 * spapr_create() - what a container of this kind has beside the others
 * @c: the container, with its windowed address space
 *
 * Return: the part, or ERR_PTR(-ENOMEM).
 */
struct spapr *spapr_create(struct container *c);
void spapr_destroy(struct spapr *spapr);

/**
 * spapr_attached() - a group that does DMA has joined
 * @c: the container
 *
 * The first one brings the default window.
 *
 * Return: 0, or -ENOSPC if there is no room for it.
 */
int spapr_attached(struct container *c);

long spapr_ioctl(struct container *c, unsigned int cmd, void __user *arg);

#endif
