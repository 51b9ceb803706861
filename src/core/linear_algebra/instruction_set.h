/*
 * instruction_set.h
 *	  Which vector instructions the kernels may use, found out when they run.
 *
 * A kernel is written once, as plain C over vectors, and compiled for each set. Without fused
 * multiply-add (-ffp-contract=off) and without sums across a vector, every set gives the same bits.
 */
#ifndef SENTIMENT_INSTRUCTION_SET_H
#define SENTIMENT_INSTRUCTION_SET_H

typedef enum InstructionSet
{
	INSTRUCTIONS_PORTABLE, /* what the compiler uses without being told */
	INSTRUCTIONS_AVX2,
	INSTRUCTIONS_AVX512
} InstructionSet;

#define N_INSTRUCTION_SETS 3

/* The best set that may be used; for tests. */
extern InstructionSet instruction_set_limit;

/* The best set that the processor has, within the limit. */
extern InstructionSet instruction_set(void);

#if defined(__x86_64__)
#define HAVE_X86_KERNELS 1
#define TARGET_AVX2      __attribute__((target("avx2")))
#define TARGET_AVX512    __attribute__((target("avx2,avx512f")))
#endif

/* 16 floats, anywhere in memory. */
typedef float FloatVector __attribute__((vector_size(64), aligned(4), may_alias));

#define FLOAT_VECTOR_WIDTH 16

/* The body of a kernel, to be compiled for each set. */
#define KERNEL_BODY static inline __attribute__((always_inline))

#endif /* SENTIMENT_INSTRUCTION_SET_H */
