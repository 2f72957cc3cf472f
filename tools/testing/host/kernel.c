// SPDX-License-Identifier: GPL-2.0
/* Pages, cache lines and RCU of the kernel, for the library in user space */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include <asm/cacheflush.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#define LINE	64ul

long host_nr_pages;
long host_fail_after = -1;
unsigned long host_lines_flushed;

bool host_interrupts;
_Thread_local unsigned int host_interrupt_clock;
_Thread_local struct host_rcu_reader host_rcu_self;
static struct host_rcu_reader *readers;
static pthread_mutex_t readers_mutex = PTHREAD_MUTEX_INITIALIZER;

bool host_may_alloc(void)
{
	if (host_fail_after < 0)
		return true;
	if (!host_fail_after)
		return false;
	host_fail_after--;
	return true;
}

#ifdef HOST_POOL
/* Last in, first out, and zeroed on allocation, as in the kernel */
static void *pool;

struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned int order)
{
	unsigned long words = PAGE_SIZE / sizeof(u64);
	void *addr = pool, *to;

	if (addr)
		pool = *(void **)addr;
	else
		addr = aligned_alloc(PAGE_SIZE, 2 * PAGE_SIZE);
	to = addr;
	__asm__ __volatile__("rep stosq" : "+D"(to), "+c"(words) : "a"(0)
			     : "memory");
	return virt_to_page(addr);
}

void __free_page(struct page *page)
{
	void *addr = page_address(page);

	*(void **)addr = pool;
	pool = addr;
}
#else
struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned int order)
{
	struct page *page;
	void *addr;

	if (!host_may_alloc())
		return NULL;
	addr = aligned_alloc(PAGE_SIZE, HOST_PAGE_SPAN);
	/* Memory is garbage until flushed, for walkers that do not snoop */
	memset(addr, 0xa5, HOST_PAGE_SPAN);
	if (gfp & __GFP_ZERO)
		memset(addr, 0, PAGE_SIZE);
	page = virt_to_page(addr);
	page->mapping = NULL;
	__atomic_add_fetch(&host_nr_pages, 1, __ATOMIC_RELAXED);
	return page;
}

void __free_page(struct page *page)
{
	WARN_ON(page->mapping);
	__atomic_sub_fetch(&host_nr_pages, 1, __ATOMIC_RELAXED);
	free(page_address(page));
}
#endif

void clflush_cache_range(void *addr, unsigned int size)
{
	unsigned long line = (unsigned long)addr & ~(LINE - 1);
	unsigned long end = (unsigned long)addr + size;

	for (; line < end; line += LINE) {
		memcpy((char *)host_page_memory((void *)line) +
		       (line & ~PAGE_MASK), (void *)line, LINE);
		host_lines_flushed++;
	}
}

static void forget_reader(void *arg)
{
	struct host_rcu_reader **p;

	pthread_mutex_lock(&readers_mutex);
	for (p = &readers; *p; p = &(*p)->next)
		if (*p == arg) {
			*p = (*p)->next;
			break;
		}
	pthread_mutex_unlock(&readers_mutex);
}

static pthread_key_t reader_key;
static pthread_once_t reader_once = PTHREAD_ONCE_INIT;

static void make_reader_key(void)
{
	pthread_key_create(&reader_key, forget_reader);
}

void host_rcu_register(void)
{
	pthread_once(&reader_once, make_reader_key);
	pthread_setspecific(reader_key, &host_rcu_self);
	pthread_mutex_lock(&readers_mutex);
	host_rcu_self.known = true;
	host_rcu_self.next = readers;
	readers = &host_rcu_self;
	pthread_mutex_unlock(&readers_mutex);
}

void synchronize_rcu(void)
{
	struct host_rcu_reader *reader;

	WARN_ON(host_rcu_self.depth);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	pthread_mutex_lock(&readers_mutex);
	for (reader = readers; reader; reader = reader->next) {
		unsigned long count = __atomic_load_n(&reader->count,
						      __ATOMIC_SEQ_CST);

		while ((count & 1) && count == __atomic_load_n(&reader->count,
							__ATOMIC_ACQUIRE))
			sched_yield();
	}
	pthread_mutex_unlock(&readers_mutex);
}

void call_rcu(struct rcu_head *rcu, void (*func)(struct rcu_head *rcu))
{
	synchronize_rcu();
	func(rcu);
}

void rcu_barrier(void)
{
}
