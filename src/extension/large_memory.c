/*
 * large_memory.c
 *	  The large blocks of one training, in huge pages that are used again.
 *
 * A large memory is a list of regions from mmap. A region is a row of blocks without gaps, each behind a
 * header that tells its size and that of the block before it, so that free neighbours join. A training
 * has some dozens of blocks: the first free one that is large enough is found by walking along them.
 *
 * The pages of a freed block stay resident, so that the next block need not touch fresh ones. Each free block tells
 * how many of its bytes may be: they count in large_memory_resident, and are given back by large_memory_trim when
 * memory is scarce. A block that is allocated counts whole, whether it was touched or not.
 */
#include "postgres.h"

#include <sys/mman.h>

#include "utils/memutils.h"

#include "extension/large_memory.h"

#define HUGE_PAGE_SIZE ((Size) 2 * 1024 * 1024)

/* Address space of a region at least; memory is taken as it is touched. */
#define REGION_SIZE ((Size) 64 * 1024 * 1024)

#define BLOCK_ALIGNMENT ((Size) 64)

typedef struct Block
{
	Size size;          /* with this header; a multiple of BLOCK_ALIGNMENT */
	Size previous_size; /* of the block before it in its region; 0: it is the first */
	Size cached;        /* of a free block: bytes that may be resident, at most; else 0 */
	bool is_free;
	bool is_last; /* of its region */
	char padding[BLOCK_ALIGNMENT - 3 * sizeof(Size) - 2 * sizeof(bool)];
} Block;

StaticAssertDecl(sizeof(Block) == BLOCK_ALIGNMENT, "a block's header keeps what follows aligned");

typedef struct Region
{
	struct Region *next;
	char *mapping; /* what mmap answered */
	Size mapping_size;
	Block *first;
	Size size; /* of all blocks */
} Region;

struct LargeMemory
{
	struct LargeMemory *next;
	MemoryContext context;
	Region *regions;
	Size used;
	Size cached; /* sum of the free blocks' */
	MemoryContextCallback callback;
};

/* All that there are: one a running training, and trainings nest only if a source's view trains. */
static LargeMemory *all_memories = NULL;

static inline Block *
block_of(const void *memory)
{
	return (Block *) ((char *) memory - sizeof(Block));
}

static inline Block *
next_block(Block *block)
{
	return block->is_last ? NULL : (Block *) ((char *) block + block->size);
}

static inline Block *
previous_block(Block *block)
{
	return block->previous_size == 0 ? NULL : (Block *) ((char *) block - block->previous_size);
}

/* Give everything back: the context is reset or deleted. */
static void
release(void *argument)
{
	LargeMemory *memory = argument;
	LargeMemory **link = &all_memories;

	while (*link != memory)
		link = &(*link)->next;
	*link = memory->next;
	for (Region *region = memory->regions; region != NULL; region = region->next)
		munmap(region->mapping, region->mapping_size);
}

LargeMemory *
large_memory_create(MemoryContext context)
{
	LargeMemory *memory = MemoryContextAllocZero(context, sizeof(LargeMemory));

	memory->context = context;
	memory->next = all_memories;
	all_memories = memory;
	memory->callback.func = release;
	memory->callback.arg = memory;
	MemoryContextRegisterResetCallback(context, &memory->callback);
	return memory;
}

void
large_memory_raise_out_of_memory(Size size)
{
	ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory"),
					errdetail("Failed to allocate %zu bytes.", size), errhint(LARGE_MEMORY_HINT)));
}

void
large_memory_advise(void *start, Size size)
{
#ifdef MADV_HUGEPAGE
	uintptr_t page = 4096;
	uintptr_t first = ((uintptr_t) start + page - 1) & ~(page - 1);
	uintptr_t end = ((uintptr_t) start + size) & ~(page - 1);

	if (end > first)
		(void) madvise((void *) first, end - first, MADV_HUGEPAGE);
#endif
}

/* Map a region of that size, and what aligns it; answers whether there is memory for it. */
static bool
map_region(Region *region, Size size)
{
	region->mapping_size = size + HUGE_PAGE_SIZE;
	region->mapping = mmap(NULL, region->mapping_size, PROT_READ | PROT_WRITE,
						   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return region->mapping != MAP_FAILED;
}

/* Add a region with room for a block of that size; answers its one free block. */
static Block *
add_region(LargeMemory *memory, Size block_size)
{
	Size size = Max(TYPEALIGN(HUGE_PAGE_SIZE, block_size), REGION_SIZE);
	Region *region = MemoryContextAlloc(memory->context, sizeof(Region));

	if (!map_region(region, size))
	{
		/* room for the block alone, then */
		size = TYPEALIGN(HUGE_PAGE_SIZE, block_size);
		if (!map_region(region, size))
			large_memory_raise_out_of_memory(size);
	}
	region->first = (Block *) TYPEALIGN(HUGE_PAGE_SIZE, region->mapping);
	region->size = size;
	large_memory_advise(region->first, size);
	region->next = memory->regions;
	memory->regions = region;
	*region->first = (Block){.size = size, .is_free = true, .is_last = true};
	return region->first;
}

/*
 * Cut an allocated block down to a size; what is left becomes a free block. Of the block's bytes, so many may be
 * resident, and which is not known.
 */
static void
cut_block(LargeMemory *memory, Block *block, Size size, Size resident)
{
	Size left = block->size - size;
	Block *rest;
	Block *next;

	if (left < LARGE_MEMORY_THRESHOLD)
		return;
	resident = Min(resident, left);
	memory->cached += resident;
	next = next_block(block);
	rest = (Block *) ((char *) block + size);
	if (next != NULL && next->is_free)
	{
		left += next->size;
		resident += next->cached;
		next = next_block(next);
	}
	*rest = (Block){.size = left,
					.previous_size = size,
					.cached = resident,
					.is_free = true,
					.is_last = next == NULL};
	block->size = size;
	block->is_last = false;
	if (next != NULL)
		next->previous_size = left;
}

/* Let a block take over the free one behind it. */
static void
join_next(Block *block)
{
	Block *joined = next_block(block);
	Block *next = next_block(joined);

	block->size += joined->size;
	block->cached += joined->cached;
	block->is_last = next == NULL;
	if (next != NULL)
		next->previous_size = block->size;
}

/* Bytes of a block with its header. */
static Size
block_size_for(Size size)
{
	if (size > SIZE_MAX / 2)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("invalid size of memory: %zu", size)));
	return TYPEALIGN(BLOCK_ALIGNMENT, size) + sizeof(Block);
}

void *
large_memory_allocate(LargeMemory *memory, Size size)
{
	Size needed = block_size_for(size);
	Block *found = NULL;
	Size resident;

	for (Region *region = memory->regions; region != NULL && found == NULL; region = region->next)
	{
		for (Block *block = region->first; block != NULL && found == NULL;
			 block = next_block(block))
		{
			if (block->is_free && block->size >= needed)
				found = block;
		}
	}
	if (found == NULL)
		found = add_region(memory, needed);
	resident = found->cached;
	memory->cached -= resident;
	found->is_free = false;
	found->cached = 0;
	cut_block(memory, found, needed, resident);
	memory->used += found->size;
	return (char *) found + sizeof(Block);
}

LargeMemory *
large_memory_of(const void *block)
{
	for (LargeMemory *memory = all_memories; memory != NULL; memory = memory->next)
	{
		for (Region *region = memory->regions; region != NULL; region = region->next)
		{
			if ((const char *) block >= (const char *) region->first &&
				(const char *) block < (const char *) region->first + region->size)
				return memory;
		}
	}
	return NULL;
}

void *
large_memory_reallocate(LargeMemory *memory, void *old, Size size)
{
	Block *block = block_of(old);
	Block *next = next_block(block);
	Size needed = block_size_for(size);
	Size old_size = block->size;
	Size resident = old_size;
	void *moved;

	if (needed > old_size && next != NULL && next->is_free && old_size + next->size >= needed)
	{
		join_next(block);
		resident = block->cached;
		memory->cached -= resident;
		block->cached = 0;
	}
	if (needed <= block->size)
	{
		cut_block(memory, block, needed, resident);
		memory->used += block->size - old_size;
		return old;
	}
	moved = large_memory_allocate(memory, size);
	memcpy(moved, old, old_size - sizeof(Block));
	large_memory_free(memory, old);
	return moved;
}

void
large_memory_free(LargeMemory *memory, void *freed)
{
	Block *block = block_of(freed);
	Block *next = next_block(block);
	Block *previous = previous_block(block);

	Assert(!block->is_free);
	memory->used -= block->size;
	memory->cached += block->size;
	block->is_free = true;
	block->cached = block->size;
	if (next != NULL && next->is_free)
		join_next(block);
	if (previous != NULL && previous->is_free)
		join_next(previous);
}

/* Give the whole pages of a free block back; its header stays, and what is of the pages at its ends. */
static void
trim_block(LargeMemory *memory, Block *block)
{
	uintptr_t page = 4096;
	uintptr_t begin = (uintptr_t) (block + 1);
	uintptr_t end = (uintptr_t) block + block->size;
	uintptr_t first = (begin + page - 1) & ~(page - 1);
	uintptr_t last = end & ~(page - 1);
	Size kept;

	if (last <= first || madvise((void *) first, last - first, MADV_DONTNEED) != 0)
		return;
	kept = Min(block->cached, block->size - (last - first));
	memory->cached -= block->cached - kept;
	block->cached = kept;
}

void
large_memory_trim(LargeMemory *memory)
{
	for (Region *region = memory->regions; region != NULL; region = region->next)
	{
		for (Block *block = region->first; block != NULL; block = next_block(block))
		{
			if (block->is_free && block->cached > LARGE_MEMORY_THRESHOLD)
				trim_block(memory, block);
		}
	}
}

Size
large_memory_used(const LargeMemory *memory)
{
	return memory->used;
}

Size
large_memory_resident(const LargeMemory *memory)
{
	return memory->used + memory->cached;
}
