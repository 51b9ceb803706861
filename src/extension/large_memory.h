/*
 * large_memory.h
 *	  The large blocks of one training, in huge pages that are used again.
 *
 * A training allocates, grows and frees arrays of many megabytes. Taken from malloc, each comes as fresh
 * pages, and the system fills every 4 kB page with zeros at its first touch: on some virtual machines
 * that took half of a training's time. Here freed blocks are used again within a training, and what is
 * fresh comes in pages of 2 MB where the system has them.
 */
#ifndef SENTIMENT_LARGE_MEMORY_H
#define SENTIMENT_LARGE_MEMORY_H

#include "postgres.h"

typedef struct LargeMemory LargeMemory;

/* Smaller blocks are malloc's business. */
#define LARGE_MEMORY_THRESHOLD ((Size) 256 * 1024)

/* What to do where the system gives no more. */
#define LARGE_MEMORY_HINT                                                                        \
	"Train on fewer rows or with fewer threads, or let the server's processes have more memory " \
	"(ulimit -v, vm.overcommit_memory)."

/* Raise the error that the system has no memory for a block. */
extern void large_memory_raise_out_of_memory(Size size) __attribute__((noreturn));

/* Make a large memory; it is given back to the system when the context is reset or deleted. */
extern LargeMemory *large_memory_create(MemoryContext context);

/* Allocate a block, aligned to 64 bytes. */
extern void *large_memory_allocate(LargeMemory *memory, Size size);

/* The large memory that a block is of, or NULL if it is of none. */
extern LargeMemory *large_memory_of(const void *block);

/* Resize a block, keeping its content. */
extern void *large_memory_reallocate(LargeMemory *memory, void *block, Size size);

/* Free a block. */
extern void large_memory_free(LargeMemory *memory, void *block);

/* Bytes in blocks that are allocated. */
extern Size large_memory_used(const LargeMemory *memory);

/* The same with what freed blocks may still take of the machine's memory. */
extern Size large_memory_resident(const LargeMemory *memory);

/* Give what freed blocks take back to the system: the next blocks touch fresh pages. */
extern void large_memory_trim(LargeMemory *memory);

/* Ask for huge pages for the whole pages of a piece of memory; a hint, failure does not matter. */
extern void large_memory_advise(void *start, Size size);

#endif /* SENTIMENT_LARGE_MEMORY_H */
