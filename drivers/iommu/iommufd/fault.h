/* SPDX-License-Identifier: GPL-2.0 */
/* Fault queues: a user answers the page requests of devices */
#ifndef _IOMMUFD_FAULT_H
#define _IOMMUFD_FAULT_H

#include "device.h"

struct iommufd_fault;

int iommufd_hwpt_set_fault(struct iommufd_hwpt *hwpt, u32 fault_id);
void iommufd_hwpt_clear_fault(struct iommufd_hwpt *hwpt);

int iommufd_fault_attach(struct iommufd_device *idev,
			 struct iommufd_hwpt *hwpt);
void iommufd_fault_detach(struct iommufd_device *idev,
			  struct iommufd_hwpt *hwpt);
int iommufd_fault_replace(struct iommufd_device *idev,
			  struct iommufd_hwpt *hwpt);

#endif
