// SPDX-License-Identifier: GPL-2.0
/*
 * Draws an address space: a frame for each window, or for each usable range of
 * an open address space, and inside it the mappings and the free ranges between
 * them. Beside each range stands a bar whose length is the logarithm of the
 * size, as sizes span nine orders of magnitude.
 */
#include <langinfo.h>
#include <string.h>

#include "ioasctl/picture.h"

#define BAR_MAX 24
#define PAGE_SHIFT 12

/* The characters of a frame's top, side and bottom, and of a bar */
struct style {
	const char *top, *side, *bottom, *mapped, *free;
};

static const struct style ascii = { "+", "|", "+", "#", "." };
static const struct style utf8 = { "┌", "│", "└", "█", "·" };

struct pen {
	FILE *to;
	const struct style *style;
};

const char *size_words(uint64_t bytes, char *text)
{
	static const char *const units[] = {
		"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB",
	};
	unsigned int unit = 0;

	if (!bytes) {
		bytes = 16;
		unit = 6;
	}
	while (unit + 1 < sizeof(units) / sizeof(*units) && !(bytes & 1023)) {
		bytes >>= 10;
		unit++;
	}
	snprintf(text, SIZE_WORDS_MAX, "%llu %s", (unsigned long long)bytes,
		 units[unit]);
	return text;
}

/* A rounded size, for ranges whose exact size does not matter */
static const char *about(uint64_t bytes, char *text)
{
	unsigned int shift = 0;

	if (strlen(size_words(bytes, text)) <= sizeof("1023 KiB") - 1)
		return text;
	while (bytes >> shift >= 1024 && shift < 60)
		shift += 10;
	snprintf(text, SIZE_WORDS_MAX, "%.1f %ciB",
		 (double)bytes / (double)(1ULL << shift),
		 " KMGTPE"[shift / 10]);
	return text;
}

static void draw_bar(const struct pen *pen, uint64_t length, const char *fill)
{
	int width = 1, i;

	while (width < BAR_MAX && length >> (PAGE_SHIFT + 2 * width))
		width++;
	for (i = 0; i < BAR_MAX; i++)
		fputs(i < width ? fill : " ", pen->to);
}

static void draw_free(const struct pen *pen, uint64_t first, uint64_t length)
{
	char words[SIZE_WORDS_MAX];

	fprintf(pen->to, "  0x%016llx %s ", (unsigned long long)first,
		pen->style->side);
	draw_bar(pen, length, pen->style->free);
	fprintf(pen->to, " %10s  free\n", about(length, words));
}

static const char *origin_word(uint32_t origin)
{
	switch (origin) {
	case IOMMU_IOAS_MAPPING_USER:
		return "memory at";
	case IOMMU_IOAS_MAPPING_FILE:
		return "file from";
	case IOMMU_IOAS_MAPPING_COPY:
		return "copy of";
	case IOMMU_IOAS_MAPPING_DEVICE:
		return "device at";
	default:
		return "unknown at";
	}
}

static void draw_mapping(const struct pen *pen,
			 const struct iommu_ioas_mapping *mapping, size_t nr)
{
	char words[SIZE_WORDS_MAX];

	fprintf(pen->to, "  0x%016llx %s ", (unsigned long long)mapping->iova,
		pen->style->side);
	draw_bar(pen, mapping->length, pen->style->mapped);
	fprintf(pen->to, " %10s  %c%c %s 0x%llx", about(mapping->length, words),
		mapping->flags & IOMMU_IOAS_MAP_READABLE ? 'r' : '-',
		mapping->flags & IOMMU_IOAS_MAP_WRITEABLE ? 'w' : '-',
		origin_word(mapping->origin),
		(unsigned long long)mapping->address);
	if (nr > 1)
		fprintf(pen->to, ", %zu mappings", nr);
	fputc('\n', pen->to);
}

static bool follows(const struct iommu_ioas_mapping *one,
		    const struct iommu_ioas_mapping *next)
{
	return one->iova + one->length == next->iova &&
	       one->address + one->length == next->address &&
	       one->flags == next->flags && one->origin == next->origin;
}

/* Draw the mappings in a frame, from number @at on; returns the next number */
static size_t draw_inside(const struct pen *pen, const struct ioas_view *view,
			  size_t at, uint64_t first, uint64_t last)
{
	uint64_t here = first;
	bool full = false;

	while (at < view->nr_mappings && view->mappings[at].iova <= last) {
		struct iommu_ioas_mapping merged = view->mappings[at];
		size_t nr = 1;

		while (at + nr < view->nr_mappings &&
		       view->mappings[at + nr].iova <= last &&
		       follows(&merged, &view->mappings[at + nr])) {
			merged.length += view->mappings[at + nr].length;
			nr++;
		}
		if (merged.iova > here)
			draw_free(pen, here, merged.iova - here);
		draw_mapping(pen, &merged, nr);
		here = merged.iova + merged.length;
		full = merged.iova + (merged.length - 1) >= last;
		at += nr;
	}
	if (!full)
		draw_free(pen, here, last - here + 1);
	return at;
}

static void draw_frame(const struct pen *pen, const char *corner,
		       uint64_t address, const char *text)
{
	fprintf(pen->to, "  0x%016llx %s%s%s\n", (unsigned long long)address,
		corner, *text ? " " : "", text);
}

static void draw_windows(const struct pen *pen, const struct ioas_view *view)
{
	char text[128], length[SIZE_WORDS_MAX], page[SIZE_WORDS_MAX];
	size_t i, at = 0;

	for (i = 0; i < view->nr_windows; i++) {
		const struct iommu_ioas_window *w = &view->windows[i];
		uint64_t last = w->base + w->length - 1;

		snprintf(text, sizeof(text), "window %u: %s, pages of %s, %s%s%s",
			 w->window_id, size_words(w->length, length),
			 size_words(w->page_size, page),
			 w->flags & IOMMU_IOAS_WINDOW_READABLE ? "read" : "",
			 w->flags & IOMMU_IOAS_WINDOW_READABLE &&
			 w->flags & IOMMU_IOAS_WINDOW_WRITEABLE ? " " : "",
			 w->flags & IOMMU_IOAS_WINDOW_WRITEABLE ? "write" : "");
		draw_frame(pen, pen->style->top, w->base, text);
		at = draw_inside(pen, view, at, w->base, last);
		draw_frame(pen, pen->style->bottom, last, "");
	}
}

static void draw_ranges(const struct pen *pen, const struct ioas_view *view)
{
	size_t i, at = 0;

	for (i = 0; i < view->nr_ranges; i++) {
		const struct iommu_iova_range *r = &view->ranges[i];

		draw_frame(pen, pen->style->top, r->start, "can be mapped");
		at = draw_inside(pen, view, at, r->start, r->last);
		draw_frame(pen, pen->style->bottom, r->last, "");
	}
}

void picture_draw(FILE *to, const struct ioas_view *view)
{
	bool wide = !strcmp(nl_langinfo(CODESET), "UTF-8");
	struct pen pen = { to, wide ? &utf8 : &ascii };
	char mapped[SIZE_WORDS_MAX], alignment[SIZE_WORDS_MAX];
	uint64_t total = 0;
	size_t i;

	for (i = 0; i < view->nr_mappings; i++)
		total += view->mappings[i].length;
	fprintf(to, "IOAS %u, %s, alignment %s: ", view->id,
		view->windowed ? "windowed" : "open",
		size_words(view->alignment, alignment));
	if (view->nr_mappings)
		fprintf(to, "%zu mapping%s, %s\n", view->nr_mappings,
			view->nr_mappings == 1 ? "" : "s",
			about(total, mapped));
	else
		fputs("nothing mapped\n", to);
	if (view->windowed)
		draw_windows(&pen, view);
	else
		draw_ranges(&pen, view);
}
