/* SPDX-License-Identifier: GPL-2.0 */
/* Accesses: in-kernel users of the memory of an address space */
#ifndef _IOMMUFD_ACCESS_H
#define _IOMMUFD_ACCESS_H

#include "ioas.h"

/* Flag of a holder in a struct access_pin; a holder in an area has AREA_* */
#define HOLDER_PIN BIT(7)

/**
 * struct iommufd_access - an access
 * @obj: its id
 * @ictx: the context; holds a reference
 * @ops: functions of the owner
 * @data: argument of these functions
 * @lock: protects the members below; held while pages are pinned
 * @ioas: the address space in which it pins, or NULL
 * @pinned_ioas: the address space in which it unpins: @ioas, or the old one
 *	while @ioas changes. The access is a user of it.
 * @list_id: its index in iommufd_ioas::accesses
 * @alignment: alignment of mappings that it requires
 */
struct iommufd_access {
	struct iommufd_object obj;
	struct iommufd_ctx *ictx;
	const struct iommufd_access_ops *ops;
	void *data;
	struct mutex lock;
	struct iommufd_ioas *ioas;
	struct iommufd_ioas *pinned_ioas;
	u32 list_id;
	unsigned long alignment;
};

void iommufd_accesses_let_go(struct iommufd_ioas *ioas, unsigned long first,
			     unsigned long last);

#endif
