/* SPDX-License-Identifier: GPL-2.0 */
/* Accesses: in-kernel users of the memory behind an IOVA */
#ifndef _IOMMUFD_ACCESS_H
#define _IOMMUFD_ACCESS_H

#include "ioas.h"

/* Flag of a holder that is not in an area; AREA_* are the others */
#define HOLDER_PIN BIT(7)

/**
 * struct iommufd_access - an access
 * @obj: its id
 * @ictx: the context; counted
 * @ops: the owner's functions
 * @data: handed to them
 * @lock: covers what follows; held while pages are pinned
 * @ioas: where to pin, or NULL
 * @pinned_ioas: where to unpin: @ioas, or while that changes the old one;
 *	counted
 * @list_id: its index in iommufd_ioas::accesses
 * @alignment: of IOVA, that it needs
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
