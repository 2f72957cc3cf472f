/* SPDX-License-Identifier: GPL-2.0 */
/* Windows of a windowed address space: see window.c */
#ifndef _IOMMUFD_WINDOW_H
#define _IOMMUFD_WINDOW_H

#include "ioas.h"

int iommufd_windows_check(struct iommufd_ioas *ioas,
			  const struct iommufd_hwpt *hwpt,
			  struct device *dev);
int iommufd_windows_add_hwpt(struct iommufd_ioas *ioas,
			     struct iommufd_hwpt *hwpt);
void iommufd_windows_remove_hwpt(struct iommufd_ioas *ioas,
				 struct iommufd_hwpt *hwpt);

#endif
