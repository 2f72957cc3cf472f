// SPDX-License-Identifier: GPL-2.0
/*
 * Commands work on the address space that was allocated last, or on the one
 * that 'use' selects. Memory is allocated when a command needs it, and kept
 * until the end.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fail.h"
#include "ioasctl/ioas.h"
#include "ioasctl/picture.h"
#include "ioasctl/script.h"

#define WORDS_MAX 16
#define FRESH_ALIGN_MAX (16UL << 20)

const char script_help[] =
	"Commands of 'run':\n"
	"  alloc [windowed]     allocate an address space, and use it from now on; with\n"
	"                       'windowed' mappings lie in windows only\n"
	"  use ID               use another address space\n"
	"  destroy ID           free an address space\n"
	"  window LENGTH [at IOVA] [pages SIZE] [ro|wo]\n"
	"                       create a window for mappings, with pages of this size\n"
	"  unwindow ID          remove a window\n"
	"  allow IOVA LENGTH    allow mappings in this range only; before the first mapping\n"
	"  map LENGTH [at IOVA] [ro]\n"
	"                       map fresh memory, read-only with 'ro'\n"
	"  copy IOVA LENGTH [from ID] [at IOVA] [ro]\n"
	"                       map the memory that is mapped at IOVA a second time\n"
	"  unmap IOVA LENGTH    unmap the mappings in this range\n"
	"  unmap all            unmap everything\n"
	"  show                 draw the address space\n"
	"  ! COMMAND            carry out a command that has to fail\n"
	"\n"
	"Numbers may end in K, M, G or T. '#' begins a comment.\n";

/* A line split into words, and the state of the script */
struct script {
	int fd;
	FILE *out;
	uint32_t id;
	char *words[WORDS_MAX];
	int nr;
	int at;
};

static int bad(const char *what)
{
	return fail(EINVAL, "%s", what);
}

static const char *peek(const struct script *s)
{
	return s->at < s->nr ? s->words[s->at] : "";
}

static bool take_word(struct script *s, const char *word)
{
	if (strcmp(peek(s), word))
		return false;
	s->at++;
	return true;
}

static bool take_number(struct script *s, uint64_t *number)
{
	static const char suffixes[] = "KMGT";
	const char *suffix;
	char *end;

	errno = 0;
	*number = strtoull(peek(s), &end, 0);
	if (end == peek(s) || errno)
		return false;
	suffix = *end ? strchr(suffixes, *end) : NULL;
	if (suffix) {
		unsigned int shift = 10 * (suffix - suffixes + 1);

		if (*number << shift >> shift != *number)
			return false;
		*number <<= shift;
		end++;
	}
	s->at++;
	return !*end;
}

static int run_alloc(struct script *s)
{
	bool windowed = take_word(s, "windowed");
	int ret = ioas_alloc(s->fd, windowed, &s->id);

	if (!ret)
		fprintf(s->out, "IOAS %u\n", s->id);
	return ret;
}

static int run_use(struct script *s)
{
	uint64_t id;

	if (!take_number(s, &id))
		return bad("use ID");
	s->id = id;
	return 0;
}

static int run_destroy(struct script *s)
{
	uint64_t id;

	return take_number(s, &id) ? ioas_destroy(s->fd, id) :
				     bad("destroy ID");
}

static int run_window(struct script *s)
{
	struct iommu_ioas_window_create args = { .ioas_id = s->id };
	uint64_t number;
	int ret;

	if (!take_number(s, &number))
		return bad("window LENGTH [at IOVA] [pages SIZE] [ro|wo]");
	args.length = number;
	if (take_word(s, "at")) {
		if (!take_number(s, &number))
			return bad("at IOVA");
		args.base = number;
		args.flags |= IOMMU_IOAS_WINDOW_FIXED_BASE;
	}
	if (take_word(s, "pages")) {
		if (!take_number(s, &number))
			return bad("pages SIZE");
		args.page_size = number;
	}
	if (take_word(s, "ro"))
		args.flags |= IOMMU_IOAS_WINDOW_READABLE;
	else if (take_word(s, "wo"))
		args.flags |= IOMMU_IOAS_WINDOW_WRITEABLE;
	ret = ioas_window_create(s->fd, &args);
	if (!ret)
		fprintf(s->out, "window %u at 0x%llx, pages of 0x%llx\n",
			args.out_window_id, args.base, args.page_size);
	return ret;
}

static int run_unwindow(struct script *s)
{
	uint64_t id;

	return take_number(s, &id) ? ioas_window_remove(s->fd, s->id, id) :
				     bad("unwindow ID");
}

static int run_allow(struct script *s)
{
	uint64_t first, length;

	if (!take_number(s, &first) || !take_number(s, &length))
		return bad("allow IOVA LENGTH");
	return ioas_allow(s->fd, s->id, first, length);
}

/* Parse [at IOVA] [ro], for map and copy */
static int take_place(struct script *s, bool *fixed, uint64_t *iova,
		      uint32_t *flags)
{
	*fixed = take_word(s, "at");
	if (*fixed && !take_number(s, iova))
		return bad("at IOVA");
	*flags = IOMMU_IOAS_MAP_READABLE;
	if (!take_word(s, "ro"))
		*flags |= IOMMU_IOAS_MAP_WRITEABLE;
	return 0;
}

/*
 * Allocate memory with the alignment of its length: in a window, the IOVA and
 * the memory of a mapping must be aligned to the page size of the window.
 */
static char *fresh_memory(uint64_t length)
{
	uint64_t align = length & -length;
	char *all;

	if (!align || align > FRESH_ALIGN_MAX)
		align = FRESH_ALIGN_MAX;
	if (length + align < length)
		return NULL;
	all = mmap(NULL, length + align, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (all == MAP_FAILED)
		return NULL;
	return all + (-(uintptr_t)all & (align - 1));
}

static int run_map(struct script *s)
{
	uint64_t length, iova = 0;
	uint32_t flags;
	char *memory;
	bool fixed;
	int ret;

	if (!take_number(s, &length))
		return bad("map LENGTH [at IOVA] [ro]");
	ret = take_place(s, &fixed, &iova, &flags);
	if (ret)
		return ret;
	memory = fresh_memory(length);
	if (!memory)
		return fail(ENOMEM, "memory to map");
	ret = ioas_map(s->fd, s->id, memory, length, flags, fixed, &iova);
	if (!ret)
		fprintf(s->out, "mapped at 0x%llx\n", (unsigned long long)iova);
	return ret;
}

static int run_copy(struct script *s)
{
	uint64_t from_iova, length, from = s->id, iova = 0;
	uint32_t flags;
	bool fixed;
	int ret;

	if (!take_number(s, &from_iova) || !take_number(s, &length) ||
	    (take_word(s, "from") && !take_number(s, &from)))
		return bad("copy IOVA LENGTH [from ID] [at IOVA] [ro]");
	ret = take_place(s, &fixed, &iova, &flags);
	if (!ret)
		ret = ioas_copy(s->fd, s->id, from, from_iova, length, flags,
				fixed, &iova);
	if (!ret)
		fprintf(s->out, "copied to 0x%llx\n", (unsigned long long)iova);
	return ret;
}

static int run_unmap(struct script *s)
{
	uint64_t iova = 0, length = UINT64_MAX;
	char words[SIZE_WORDS_MAX];
	int ret;

	if (!take_word(s, "all") &&
	    (!take_number(s, &iova) || !take_number(s, &length)))
		return bad("unmap IOVA LENGTH | unmap all");
	ret = ioas_unmap(s->fd, s->id, iova, &length);
	if (!ret)
		fprintf(s->out, "unmapped %s\n",
			length ? size_words(length, words) : "nothing");
	return ret;
}

static int run_show(struct script *s)
{
	struct ioas_view view;
	int ret = ioas_look(s->fd, s->id, &view);

	if (ret)
		return ret;
	picture_draw(s->out, &view);
	ioas_view_free(&view);
	return 0;
}

static const struct command {
	const char *name;
	int (*run)(struct script *s);
} commands[] = {
	{ "alloc", run_alloc },
	{ "use", run_use },
	{ "destroy", run_destroy },
	{ "window", run_window },
	{ "unwindow", run_unwindow },
	{ "allow", run_allow },
	{ "map", run_map },
	{ "copy", run_copy },
	{ "unmap", run_unmap },
	{ "show", run_show },
};

static int run_command(struct script *s)
{
	size_t i;
	int ret;

	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (!take_word(s, commands[i].name))
			continue;
		ret = commands[i].run(s);
		if (!ret && s->at < s->nr)
			return bad("words too many");
		return ret;
	}
	return fail(EINVAL, "no command '%s'", peek(s));
}

static void split(struct script *s, char *line)
{
	char *rest = line, *word;

	line[strcspn(line, "#\n")] = '\0';
	s->nr = s->at = 0;
	while (s->nr < WORDS_MAX && (word = strtok_r(rest, " \t", &rest)))
		s->words[s->nr++] = word;
}

int script_run(int fd, FILE *in, FILE *out)
{
	struct script s = { .fd = fd, .out = out };
	int number = 0, ended = 0;
	char *line = NULL;
	size_t size = 0;

	while (!ended && getline(&line, &size, in) >= 0) {
		bool must_fail;
		int ret;

		number++;
		split(&s, line);
		if (!s.nr)
			continue;
		must_fail = take_word(&s, "!");
		ret = run_command(&s);
		fflush(out);
		if (ret && must_fail) {
			fprintf(out, "refused: %s\n", strerror(-ret));
			continue;
		}
		if (must_fail)
			ret = bad("it should have failed");
		if (ret)
			ended = number;
	}
	free(line);
	return ended;
}
