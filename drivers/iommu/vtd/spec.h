/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Registers and in-memory structures of a VT-d remapping unit, by the names
 * of the Intel Virtualization Technology for Directed I/O specification 4.1,
 * chapters 9 (translation structures) and 11 (registers).
 */
#ifndef VTD_SPEC_H
#define VTD_SPEC_H

#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/types.h>

/* Register offsets, section 11.4 */
#define VTD_VER		0x000
#define VTD_CAP		0x008
#define VTD_ECAP	0x010
#define VTD_GCMD	0x018
#define VTD_GSTS	0x01c
#define VTD_RTADDR	0x020
#define VTD_CCMD	0x028
#define VTD_FSTS	0x034
#define VTD_FECTL	0x038
#define VTD_FEDATA	0x03c
#define VTD_FEADDR	0x040
#define VTD_FEUADDR	0x044
#define VTD_PMEN	0x064
#define VTD_IQH		0x080
#define VTD_IQT		0x088
#define VTD_IQA		0x090
#define VTD_IQERCD	0x0b0
/* Relative to the offset that ECAP.IRO gives */
#define VTD_IVA		0x000
#define VTD_IOTLB	0x008

/* Every register needed lies below the first page of a unit, or is checked */
#define VTD_REGS_MIN	0x1000UL

#define VER_MINOR	GENMASK(3, 0)
#define VER_MAJOR	GENMASK(7, 4)

/* CAP_REG, section 11.4.2 */
#define CAP_ND		GENMASK_ULL(2, 0)
#define CAP_RWBF	BIT_ULL(4)
#define CAP_PLMR	BIT_ULL(5)
#define CAP_PHMR	BIT_ULL(6)
#define CAP_CM		BIT_ULL(7)
#define CAP_SAGAW	GENMASK_ULL(12, 8)
#define CAP_MGAW	GENMASK_ULL(21, 16)
#define CAP_FRO		GENMASK_ULL(33, 24)
#define CAP_SSLPS_2M	BIT_ULL(34)
#define CAP_SSLPS_1G	BIT_ULL(35)
#define CAP_PSI		BIT_ULL(39)
#define CAP_NFR		GENMASK_ULL(47, 40)
#define CAP_MAMV	GENMASK_ULL(53, 48)
#define CAP_DWD		BIT_ULL(54)
#define CAP_DRD		BIT_ULL(55)
#define CAP_FS1GP	BIT_ULL(56)
#define CAP_FS5LP	BIT_ULL(60)
#define CAP_ESRTPS	BIT_ULL(63)

#define SAGAW_3_LEVEL	BIT(1)
#define SAGAW_4_LEVEL	BIT(2)
#define SAGAW_5_LEVEL	BIT(3)

/* ECAP_REG, section 11.4.3 */
#define ECAP_C		BIT_ULL(0)
#define ECAP_QI		BIT_ULL(1)
#define ECAP_DT		BIT_ULL(2)
#define ECAP_IR		BIT_ULL(3)
#define ECAP_PT		BIT_ULL(6)
#define ECAP_SC		BIT_ULL(7)
#define ECAP_IRO	GENMASK_ULL(17, 8)
#define ECAP_NEST	BIT_ULL(26)
#define ECAP_SRS	BIT_ULL(31)
#define ECAP_EAFS	BIT_ULL(34)
#define ECAP_PSS	GENMASK_ULL(39, 35)
#define ECAP_PASID	BIT_ULL(40)
#define ECAP_DIT	BIT_ULL(41)
#define ECAP_SMTS	BIT_ULL(43)
#define ECAP_SLADS	BIT_ULL(45)
#define ECAP_SSTS	BIT_ULL(46)
#define ECAP_FSTS	BIT_ULL(47)
#define ECAP_SMPWCS	BIT_ULL(48)

/* GCMD_REG and GSTS_REG, section 11.4.4: same bit positions */
#define GCMD_TE		BIT(31)
#define GCMD_SRTP	BIT(30)
#define GCMD_WBF	BIT(27)
#define GCMD_QIE	BIT(26)
#define GCMD_IRE	BIT(25)
/* Commands that act once; all other bits of the status persist */
#define GCMD_ONE_SHOT	(BIT(30) | BIT(29) | BIT(27) | BIT(24))

/* RTADDR_REG.TTM, section 11.4.5 */
#define RTADDR_TTM		GENMASK_ULL(11, 10)
#define RTADDR_PTR		GENMASK_ULL(63, 12)
#define RTADDR_TTM_LEGACY	0ULL
#define RTADDR_TTM_SCALABLE	BIT_ULL(10)

/* CCMD_REG, section 11.4.6.1 */
#define CCMD_ICC	BIT_ULL(63)
#define CCMD_CIRG	GENMASK_ULL(62, 61)
#define CCMD_FM		GENMASK_ULL(33, 32)
#define CCMD_SID	GENMASK_ULL(31, 16)
#define CCMD_DID	GENMASK_ULL(15, 0)

/* IOTLB_REG and IVA_REG, section 11.4.6 */
#define IOTLB_IVT	BIT_ULL(63)
#define IOTLB_IIRG	GENMASK_ULL(61, 60)
#define IOTLB_DR	BIT_ULL(49)
#define IOTLB_DW	BIT_ULL(48)
#define IOTLB_DID	GENMASK_ULL(47, 32)
#define IVA_ADDR	GENMASK_ULL(63, 12)
#define IVA_IH		BIT_ULL(6)
#define IVA_AM		GENMASK_ULL(5, 0)

/* FSTS_REG and FECTL_REG, sections 11.4.7.1 and 11.4.7.2 */
#define FSTS_PFO	BIT(0)
#define FSTS_PPF	BIT(1)
#define FSTS_IQE	BIT(4)
#define FSTS_ICE	BIT(5)
#define FSTS_ITE	BIT(6)
#define FSTS_FRI	GENMASK(15, 8)
#define FECTL_IM	BIT(31)

/* One fault recording register: two 64-bit halves, section 11.4.7.6 */
#define FRCD_BYTES	16
#define FRCD_LO_FI	GENMASK_ULL(63, 12)
#define FRCD_HI_F	BIT_ULL(63)
#define FRCD_HI_T1	BIT_ULL(62)
#define FRCD_HI_T2	BIT_ULL(28)
#define FRCD_HI_AT	GENMASK_ULL(61, 60)
#define FRCD_HI_PV	GENMASK_ULL(59, 40)
#define FRCD_HI_FR	GENMASK_ULL(39, 32)
#define FRCD_HI_PP	BIT_ULL(31)
#define FRCD_HI_EXE	BIT_ULL(30)
#define FRCD_HI_PRIV	BIT_ULL(29)
#define FRCD_HI_SID	GENMASK_ULL(15, 0)

/* IQA_REG and IQERCD_REG, sections 11.4.9.3 and 11.4.9.10 */
#define IQA_DW		BIT_ULL(11)
#define IQA_QS		GENMASK_ULL(2, 0)
#define IQERCD_IQEI	GENMASK_ULL(3, 0)
#define IQERCD_ITESID	GENMASK_ULL(47, 32)
#define IQERCD_ICESID	GENMASK_ULL(63, 48)

/* PMEN_REG, section 11.4.8.1 */
#define PMEN_EPM	BIT(31)
#define PMEN_PRS	BIT(0)

/* Invalidation descriptors, section 6.5.2: first quadword */
#define QI_TYPE		GENMASK_ULL(3, 0)
#define QI_CONTEXT	1ULL
#define QI_IOTLB	2ULL
#define QI_DEV_IOTLB	3ULL
#define QI_WAIT		5ULL
#define QI_PASID_IOTLB	6ULL
#define QI_PASID_CACHE	7ULL

/* Granularities of context-cache and IOTLB invalidation */
#define GRAN_GLOBAL	1ULL
#define GRAN_DOMAIN	2ULL
#define GRAN_DEVICE	3ULL	/* context cache */
#define GRAN_PAGE	3ULL	/* IOTLB */
#define QI_GRAN		GENMASK_ULL(5, 4)

#define QI_CONTEXT_DID	GENMASK_ULL(31, 16)
#define QI_CONTEXT_SID	GENMASK_ULL(47, 32)

#define QI_IOTLB_DW	BIT_ULL(6)
#define QI_IOTLB_DR	BIT_ULL(7)
#define QI_IOTLB_DID	GENMASK_ULL(31, 16)
/* second quadword: ADDR, IH and AM as in IVA_REG */

#define QI_DEV_PFSID_LO	GENMASK_ULL(15, 12)
#define QI_DEV_MIP	GENMASK_ULL(20, 16)
#define QI_DEV_SID	GENMASK_ULL(47, 32)
#define QI_DEV_PFSID_HI	GENMASK_ULL(63, 52)
#define QI_DEV_S	BIT_ULL(0)	/* second quadword */
#define QI_DEV_ADDR	GENMASK_ULL(63, 12)

#define QI_WAIT_IF	BIT_ULL(4)
#define QI_WAIT_SW	BIT_ULL(5)
#define QI_WAIT_FN	BIT_ULL(6)
#define QI_WAIT_DATA	GENMASK_ULL(63, 32)

#define QI_PASID_DID	GENMASK_ULL(31, 16)
#define QI_PASID_PASID	GENMASK_ULL(51, 32)
#define PC_GRAN_DOMAIN	0ULL
#define PC_GRAN_PASID	1ULL
#define PC_GRAN_GLOBAL	3ULL
#define PIOTLB_GRAN_ALL	2ULL
#define PIOTLB_GRAN_PAGE 3ULL

/* Root entry: two quadwords; in scalable mode each leads to 128 functions */
#define ROOT_P		BIT_ULL(0)
#define ROOT_RESERVED	GENMASK_ULL(11, 1)
#define ROOT_PTR	GENMASK_ULL(63, 12)

/* Legacy context entry, section 9.3 */
#define CTX_P		BIT_ULL(0)
#define CTX_FPD		BIT_ULL(1)
#define CTX_TT		GENMASK_ULL(3, 2)
#define CTX_TT_SS	0ULL	/* untranslated requests through the tables */
#define CTX_TT_SS_DT	1ULL	/* and device-TLB requests allowed */
#define CTX_TT_PT	2ULL	/* pass through */
#define CTX_RESERVED	GENMASK_ULL(11, 4)
#define CTX_PTR		GENMASK_ULL(63, 12)
#define CTX_HI_AW	GENMASK_ULL(2, 0)
#define CTX_HI_DID	GENMASK_ULL(23, 8)
#define CTX_HI_RESERVED	(BIT_ULL(7) | GENMASK_ULL(63, 24))

/* Scalable-mode context entry, section 9.4: 256 bits */
#define SCTX_P		BIT_ULL(0)
#define SCTX_FPD	BIT_ULL(1)
#define SCTX_DTE	BIT_ULL(2)
#define SCTX_PASIDE	BIT_ULL(3)
#define SCTX_PRE	BIT_ULL(4)
#define SCTX_PDTS	GENMASK_ULL(11, 9)
#define SCTX_PTR	GENMASK_ULL(63, 12)

/* PASID directory entry, section 9.5 */
#define PDIR_P		BIT_ULL(0)
#define PDIR_FPD	BIT_ULL(1)
#define PDIR_PTR	GENMASK_ULL(63, 12)

/* PASID table entry, section 9.6: 512 bits */
#define PASID_P		BIT_ULL(0)
#define PASID_FPD	BIT_ULL(1)
#define PASID_AW	GENMASK_ULL(4, 2)
#define PASID_PGTT	GENMASK_ULL(8, 6)
#define PGTT_FS		1ULL
#define PGTT_SS		2ULL
#define PGTT_NESTED	3ULL
#define PGTT_PT		4ULL
#define PASID_SLADE	BIT_ULL(9)
#define PASID_SSPTPTR	GENMASK_ULL(63, 12)
#define PASID1_DID	GENMASK_ULL(15, 0)
#define PASID1_PWSNP	BIT_ULL(23)
#define PASID1_PGSNP	BIT_ULL(24)
#define PASID2_SRE	BIT_ULL(0)
#define PASID2_FSPM	GENMASK_ULL(3, 2)
#define PASID2_WPE	BIT_ULL(4)
#define PASID2_EAFE	BIT_ULL(7)
#define PASID2_FSPTPTR	GENMASK_ULL(63, 12)

#endif
