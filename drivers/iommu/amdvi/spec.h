/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Registers and in-memory structures of an AMD-Vi unit, by the names of the
 * AMD I/O Virtualization Technology (IOMMU) specification (48882), sections
 * 2.2 (device table), 2.4 (commands), 2.5 (events), 3.2 (capability) and 3.4
 * (registers).
 */
#ifndef AMDVI_SPEC_H
#define AMDVI_SPEC_H

#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/types.h>

/* Capability block in PCI configuration space, section 3.2 */
#define CAPABILITY_ID		0x0f
#define CAPABILITY_TYPE		3	/* a secure device that is an IOMMU */
#define CAPABILITY_HEADER	0x00
#define CAP_ID			GENMASK(7, 0)
#define CAP_TYPE		GENMASK(18, 16)
#define CAP_REV			GENMASK(23, 19)
#define CAP_IOTLB_SUP		BIT(24)
#define CAP_HT_TUNNEL		BIT(25)
#define CAP_NP_CACHE		BIT(26)
#define CAP_EFR_SUP		BIT(27)

/* Register offsets, section 3.4 */
#define AMDVI_DEVTAB		0x0000
#define AMDVI_CMDBUF		0x0008
#define AMDVI_EVTLOG		0x0010
#define AMDVI_CONTROL		0x0018
#define AMDVI_EXCL_BASE		0x0020
#define AMDVI_EXCL_LIMIT	0x0028
#define AMDVI_EFR		0x0030
#define AMDVI_PPRLOG		0x0038
#define AMDVI_EFR2		0x01a0
#define AMDVI_CMD_HEAD		0x2000
#define AMDVI_CMD_TAIL		0x2008
#define AMDVI_EVT_HEAD		0x2010
#define AMDVI_EVT_TAIL		0x2018
#define AMDVI_STATUS		0x2020
#define AMDVI_PPR_HEAD		0x2030
#define AMDVI_PPR_TAIL		0x2038
#define AMDVI_PPR_AUTO_RSP	0x2080
#define AMDVI_REGS_SIZE		0x4000UL

/* Device table base: address, and number of 4 KiB pages minus one */
#define DEVTAB_BASE		GENMASK_ULL(51, 12)
#define DEVTAB_SIZE		GENMASK_ULL(8, 0)
/* Bases of the command buffer and of the logs: 2^LEN entries of 16 bytes */
#define RING_BASE		GENMASK_ULL(51, 12)
#define RING_LEN		GENMASK_ULL(59, 56)
/* Heads and tails: bytes */
#define RING_POINTER		GENMASK_ULL(18, 4)
#define RING_ENTRY_BYTES	16

/* Control register, section 3.4.4 */
#define CONTROL_IOMMU_EN	BIT_ULL(0)
#define CONTROL_HT_TUN_EN	BIT_ULL(1)
#define CONTROL_EVT_LOG_EN	BIT_ULL(2)
#define CONTROL_EVT_INT_EN	BIT_ULL(3)
#define CONTROL_COM_WAIT_INT_EN	BIT_ULL(4)
#define CONTROL_INV_TIMEOUT	GENMASK_ULL(7, 5)
#define INV_TIMEOUT_1S		4ULL
#define CONTROL_PASS_PW		BIT_ULL(8)
#define CONTROL_RES_PASS_PW	BIT_ULL(9)
#define CONTROL_COHERENT	BIT_ULL(10)
#define CONTROL_ISOC		BIT_ULL(11)
#define CONTROL_CMD_BUF_EN	BIT_ULL(12)
#define CONTROL_PPR_LOG_EN	BIT_ULL(13)
#define CONTROL_PPR_INT_EN	BIT_ULL(14)
#define CONTROL_PPR_EN		BIT_ULL(15)
#define CONTROL_GT_EN		BIT_ULL(16)
#define CONTROL_DEVTAB_SEGMENTS	GENMASK_ULL(36, 34)
#define CONTROL_PPR_AUTO_RSP_EN	BIT_ULL(39)

/* Extended feature register, section 3.4.8 */
#define EFR_PREF_SUP		BIT_ULL(0)
#define EFR_PPR_SUP		BIT_ULL(1)
#define EFR_XT_SUP		BIT_ULL(2)
#define EFR_NX_SUP		BIT_ULL(3)
#define EFR_GT_SUP		BIT_ULL(4)
#define EFR_IA_SUP		BIT_ULL(6)
#define EFR_GA_SUP		BIT_ULL(7)
#define EFR_HE_SUP		BIT_ULL(8)
#define EFR_PC_SUP		BIT_ULL(9)
#define EFR_HATS		GENMASK_ULL(11, 10)
#define EFR_GATS		GENMASK_ULL(13, 12)
#define EFR_GLX_SUP		GENMASK_ULL(15, 14)
#define EFR_PAS_MAX		GENMASK_ULL(36, 32)
#define EFR_PPR_AUTO_RSP_SUP	BIT_ULL(41)
#define EFR_GIO_SUP		BIT_ULL(48)
#define EFR_HA_SUP		BIT_ULL(49)
#define EFR_EPH_SUP		BIT_ULL(50)
#define EFR_HD_SUP		BIT_ULL(52)
#define EFR_SNP_SUP		BIT_ULL(63)

/* Numbers among the features: the smaller of two is the stricter */
#define HATS_LEVELS_LEAST	4
#define HATS_NONE		3	/* no host translation */

/* Status register, section 3.4.12: event and overflow bits are W1C */
#define STATUS_EVT_OVERFLOW	BIT_ULL(0)
#define STATUS_EVT_INT		BIT_ULL(1)
#define STATUS_COM_WAIT_INT	BIT_ULL(2)
#define STATUS_EVT_RUN		BIT_ULL(3)
#define STATUS_CMD_RUN		BIT_ULL(4)
#define STATUS_PPR_OVERFLOW	BIT_ULL(5)
#define STATUS_PPR_INT		BIT_ULL(6)
#define STATUS_PPR_RUN		BIT_ULL(7)

/* Device table entry, section 2.2.2.1: four quadwords */
#define DTE_QUADS		4
#define DTE_BYTES		32
#define DTE0_V			BIT_ULL(0)
#define DTE0_TV			BIT_ULL(1)
#define DTE0_RESERVED		(GENMASK_ULL(6, 2) | BIT_ULL(63))
#define DTE0_HAD		GENMASK_ULL(8, 7)	/* in host tables */
#define DTE0_MODE		GENMASK_ULL(11, 9)
#define DTE0_ROOT		GENMASK_ULL(51, 12)
#define DTE0_GIOV		BIT_ULL(54)	/* requests without PASID too */
#define DTE0_GV			BIT_ULL(55)	/* guest tables */
#define DTE0_GLX		GENMASK_ULL(57, 56)	/* levels of guest CR3 tables */
#define DTE0_GCR3_LOW		GENMASK_ULL(60, 58)
#define DTE0_IR			BIT_ULL(61)
#define DTE0_IW			BIT_ULL(62)
#define DTE1_DOMAIN_ID		GENMASK_ULL(15, 0)
#define DTE1_GCR3_MIDDLE	GENMASK_ULL(31, 16)
#define DTE1_I			BIT_ULL(32)	/* IOTLB of the device */
#define DTE1_SA			BIT_ULL(34)	/* no page fault events */
#define DTE1_SYS_MGT		GENMASK_ULL(41, 40)
#define SYS_MGT_FORWARD		1ULL	/* untranslated */
#define DTE1_GCR3_HIGH		GENMASK_ULL(63, 43)
#define DTE2_GUEST_LEVELS	GENMASK_ULL(55, 54)	/* of guest tables; 0: four */
#define DTE2_INIT_PASS		BIT_ULL(56)
#define DTE2_EINT_PASS		BIT_ULL(57)
#define DTE2_NMI_PASS		BIT_ULL(58)
#define DTE2_LINT0_PASS		BIT_ULL(62)
#define DTE2_LINT1_PASS		BIT_ULL(63)

/* Accessed and dirty bits that the unit sets in the leaves of host tables */
#define HAD_NOTHING		0ULL
#define HAD_ACCESSED_DIRTY	3ULL

/* The address of the guest CR3 table, which the three fields share */
#define GCR3_LOW		GENMASK_ULL(14, 12)
#define GCR3_MIDDLE		GENMASK_ULL(30, 15)
#define GCR3_HIGH		GENMASK_ULL(51, 31)

/* Guest CR3 table, section 2.2.6.3: one quadword for each PASID */
#define CR3_V			BIT_ULL(0)
#define CR3_ROOT		GENMASK_ULL(51, 12)

/* Commands, section 2.4: first quadword */
#define CMD_OPCODE		GENMASK_ULL(63, 60)
#define CMD_COMPLETION_WAIT	1ULL
#define CMD_INVAL_DEVTAB	2ULL
#define CMD_INVAL_PAGES		3ULL
#define CMD_INVAL_IOTLB		4ULL
#define CMD_COMPLETE_PPR	7ULL
#define CMD_INVAL_ALL		8ULL

#define WAIT_STORE		BIT_ULL(0)
#define WAIT_ADDRESS		GENMASK_ULL(51, 3)

#define INVAL_DEVICE_ID		GENMASK_ULL(15, 0)
#define INVAL_DOMAIN_ID		GENMASK_ULL(47, 32)
#define INVAL_PASID		GENMASK_ULL(19, 0)
#define INVAL_IOTLB_MAX_PEND	GENMASK_ULL(31, 24)
#define INVAL_IOTLB_QUEUE_ID	GENMASK_ULL(47, 32)
/* Second quadword of both page invalidations */
#define INVAL_S			BIT_ULL(0)
#define INVAL_PDE		BIT_ULL(1)
#define INVAL_GN		BIT_ULL(2)
#define INVAL_ADDRESS		GENMASK_ULL(63, 12)
/* Size and address of an invalidation of all pages */
#define INVAL_ALL_PAGES		(GENMASK_ULL(62, 12) | INVAL_S)

/* COMPLETE_PPR_REQUEST, section 2.4.7: first quadword */
#define COMPLETE_DEVICE_ID	GENMASK_ULL(15, 0)
#define COMPLETE_PASID		GENMASK_ULL(51, 32)
/* second quadword */
#define COMPLETE_GN		BIT_ULL(2)	/* there is a PASID */
#define COMPLETE_TAG		GENMASK_ULL(40, 32)
#define COMPLETE_STATUS		GENMASK_ULL(47, 44)
/* Response codes of PRI */
#define PRI_RESPONSE_FAILURE	15ULL
/* PPR log auto response register */
#define AUTO_RSP_CODE		GENMASK_ULL(3, 0)

/* Entries of both logs, first quadword: 0 if the unit has not written it yet */
#define LOG_KIND		GENMASK_ULL(63, 60)

/* Page requests, section 2.6: first quadword */
#define PPR_CODE		GENMASK_ULL(63, 60)
#define PPR_PAGE_REQUEST	1ULL
#define PPR_DEVICE_ID		GENMASK_ULL(15, 0)
#define PPR_PASID_LOW		GENMASK_ULL(31, 16)
#define PPR_TAG			GENMASK_ULL(40, 32)
#define PPR_LAST		BIT_ULL(41)	/* of its group */
#define PPR_PASID_HIGH		GENMASK_ULL(45, 42)
#define PPR_EXECUTE		BIT_ULL(49)
#define PPR_READ		BIT_ULL(50)
#define PPR_WRITE		BIT_ULL(53)
#define PPR_GN			BIT_ULL(56)	/* there is a PASID */
/* second quadword */
#define PPR_ADDRESS		GENMASK_ULL(63, 12)

/* Events, section 2.5: first quadword */
#define EVENT_CODE		GENMASK_ULL(63, 60)
#define EVENT_DEVICE_ID		GENMASK_ULL(15, 0)
#define EVENT_PASID_HIGH	GENMASK_ULL(19, 16)
#define EVENT_DOMAIN_ID		GENMASK_ULL(47, 32)
#define EVENT_GN		BIT_ULL(48)
#define EVENT_I			BIT_ULL(51)	/* an interrupt request */
#define EVENT_PR		BIT_ULL(52)	/* the page was present */
#define EVENT_RW		BIT_ULL(53)	/* a write */
#define EVENT_RZ		BIT_ULL(55)	/* a reserved bit was set */
#define EVENT_TR		BIT_ULL(56)	/* a translation request */
#define EVENT_TYPE		GENMASK_ULL(59, 57)

/* Addresses of HyperTransport */
#define HT_RANGE_START		0xfd00000000UL
#define HT_RANGE_SIZE		0x0300000000UL

#endif
