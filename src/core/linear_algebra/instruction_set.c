/*
 * instruction_set.c
 *	  Which vector instructions the kernels may use.
 */
#include "core/linear_algebra/instruction_set.h"

InstructionSet instruction_set_limit = INSTRUCTIONS_AVX512;

InstructionSet
instruction_set(void)
{
	InstructionSet best = INSTRUCTIONS_PORTABLE;

#ifdef HAVE_X86_KERNELS
	if (__builtin_cpu_supports("avx2"))
		best = __builtin_cpu_supports("avx512f") ? INSTRUCTIONS_AVX512 : INSTRUCTIONS_AVX2;
#endif
	return best < instruction_set_limit ? best : instruction_set_limit;
}
