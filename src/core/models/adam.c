/*
 * adam.c
 *	  Adam, a method of stochastic optimization.
 */
#include <math.h>
#include <string.h>

#include "core/linear_algebra/instruction_set.h"
#include "core/models/adam.h"

#define BETA_1  0.9f
#define BETA_2  0.999f
#define EPSILON 1e-8f

AdamStep
adam_step(double learning_rate, uint64_t step, double gradient_scale)
{
	double correction = sqrt(1 - pow(0.999, (double) step)) / (1 - pow(0.9, (double) step));

	return (AdamStep){(float) (learning_rate * correction), (float) gradient_scale};
}

typedef uint32_t UnsignedVector __attribute__((vector_size(64), aligned(4), may_alias));

/* Bits of 1e15, beyond which gradients are cut. */
#define GRADIENT_LIMIT_BITS 0x58635fa9u

/*
 * Cut the size of 16 numbers; NaN becomes the limit. Sizes compare as integers do, and a comparison
 * without a branch or a mask is the sign of a difference: all instruction sets have that.
 */
KERNEL_BODY void
limit_vector(FloatVector *numbers)
{
	UnsignedVector bits = (UnsignedVector) *numbers;
	UnsignedVector sign = bits & 0x80000000u;
	UnsignedVector difference = (bits & 0x7fffffffu) - GRADIENT_LIMIT_BITS;

	/* all bits if the difference is negative, else none */
	difference &= -(difference >> 31);
	*numbers = (FloatVector) (sign | (difference + GRADIENT_LIMIT_BITS));
}

/* Square roots of 16 numbers, exact in every instruction set. */
KERNEL_BODY void
root_vector(FloatVector *numbers)
{
	for (int i = 0; i < FLOAT_VECTOR_WIDTH; i++)
		(*numbers)[i] = sqrtf((*numbers)[i]);
}

/* Update 16 parameters. */
KERNEL_BODY void
update_vector(const AdamStep *step, float penalty, FloatVector *parameters, FloatVector *means,
			  FloatVector *squares, const FloatVector *gradients)
{
	FloatVector gradient = (*gradients + *parameters * penalty) * step->gradient_scale;
	FloatVector root;

	limit_vector(&gradient);
	*means = *means * BETA_1 + gradient * (1 - BETA_1);
	*squares = *squares * BETA_2 + gradient * gradient * (1 - BETA_2);
	root = *squares;
	root_vector(&root);
	*parameters -= *means * step->learning_rate / (root + EPSILON);
}

KERNEL_BODY void
update(const AdamStep *step, float penalty, float *parameters, float *means, float *squares,
	   const float *gradients, size_t count)
{
	FloatVector rest[4] = {0};
	size_t i = 0;
	size_t rest_size;

	for (; i + FLOAT_VECTOR_WIDTH <= count; i += FLOAT_VECTOR_WIDTH)
		update_vector(step, penalty, (FloatVector *) (parameters + i), (FloatVector *) (means + i),
					  (FloatVector *) (squares + i), (const FloatVector *) (gradients + i));
	rest_size = sizeof(float) * (count - i);
	if (rest_size == 0)
		return;
	memcpy(&rest[0], parameters + i, rest_size);
	memcpy(&rest[1], means + i, rest_size);
	memcpy(&rest[2], squares + i, rest_size);
	memcpy(&rest[3], gradients + i, rest_size);
	update_vector(step, penalty, &rest[0], &rest[1], &rest[2], &rest[3]);
	memcpy(parameters + i, &rest[0], rest_size);
	memcpy(means + i, &rest[1], rest_size);
	memcpy(squares + i, &rest[2], rest_size);
}

#ifdef HAVE_X86_KERNELS
TARGET_AVX512 static void
update_avx512(const AdamStep *step, float penalty, float *parameters, float *means, float *squares,
			  const float *gradients, size_t count)
{
	update(step, penalty, parameters, means, squares, gradients, count);
}

TARGET_AVX2 static void
update_avx2(const AdamStep *step, float penalty, float *parameters, float *means, float *squares,
			const float *gradients, size_t count)
{
	update(step, penalty, parameters, means, squares, gradients, count);
}
#endif

void
adam_update(const AdamStep *step, float penalty, float *parameters, float *means, float *squares,
			const float *gradients, size_t count)
{
	switch (instruction_set())
	{
#ifdef HAVE_X86_KERNELS
		case INSTRUCTIONS_AVX512:
			update_avx512(step, penalty, parameters, means, squares, gradients, count);
			return;
		case INSTRUCTIONS_AVX2:
			update_avx2(step, penalty, parameters, means, squares, gradients, count);
			return;
#endif
		default:
			update(step, penalty, parameters, means, squares, gradients, count);
	}
}
