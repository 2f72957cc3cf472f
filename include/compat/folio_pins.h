/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Adding pins to a folio that is pinned already. The kernel exports this as
 * folio_add_pins() from Linux 6.14 on.
 */
#ifndef _COMPAT_FOLIO_PINS_H
#define _COMPAT_FOLIO_PINS_H

#include <linux/mm.h>
#include <linux/version.h>

#if KERNEL_VERSION(6, 14, 0) > LINUX_VERSION_CODE
static inline void compat_folio_add_pins(struct folio *folio, unsigned int pins)
{
	if (!pins)
		return;
	/* A second pin of the same folio is for another of its pages */
	WARN_ON_ONCE(!folio_test_large(folio));
	folio_ref_add(folio, pins);
	atomic_add(pins, &folio->_pincount);
	mod_node_page_state(folio_pgdat(folio), NR_FOLL_PIN_ACQUIRED, pins);
}
#else
static inline void compat_folio_add_pins(struct folio *folio, unsigned int pins)
{
	if (pins)
		folio_add_pins(folio, pins);
}
#endif

#endif
