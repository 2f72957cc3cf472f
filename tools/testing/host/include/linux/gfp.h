/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HOST_LINUX_GFP_H
#define HOST_LINUX_GFP_H

#define GFP_KERNEL		0x01u
#define GFP_ATOMIC		0x02u
#define GFP_KERNEL_ACCOUNT	(GFP_KERNEL | __GFP_ACCOUNT)
#define gfpflags_allow_blocking(gfp) ((gfp) & GFP_KERNEL)

#define __GFP_ZERO		0x04u
#define __GFP_ACCOUNT		0x08u
#define __GFP_NOWARN		0x10u
#define __GFP_DMA		0x20u
#define __GFP_DMA32		0x40u
#define __GFP_HIGHMEM		0x80u
#define __GFP_COMP		0x100u

#endif
