/*
 * exact_sum.c
 *	  Sums of doubles and of their squares without any rounding.
 */
#include <math.h>

#include "core/evaluation/exact_sum.h"

#define LIMB_BITS 32
#define LIMB_MASK INT64_C(0xffffffff)

void
exact_sum_normalize(ExactSum *sum)
{
	int64_t carry = 0;

	for (size_t i = 0; i < EXACT_SUM_LIMBS - 1; i++)
	{
		int64_t limb = sum->limbs[i] + carry;

		sum->limbs[i] = limb & LIMB_MASK;
		carry = limb >> LIMB_BITS; /* towards minus infinity, as GCC and Clang shift */
	}
	/* the highest limb has the sign */
	sum->limbs[EXACT_SUM_LIMBS - 1] += carry;
	sum->n_pending = 1;
}

void
exact_sum_merge(ExactSum *sum, const ExactSum *other)
{
	ExactSum normal = *other;

	exact_sum_normalize(&normal);
	for (size_t i = 0; i < EXACT_SUM_LIMBS; i++)
		sum->limbs[i] += normal.limbs[i];
	exact_sum_normalize(sum);
}

void
exact_sum_add_number(ExactSum *sum, const ExactNumber *number)
{
	for (uint32_t i = 0; i < number->n_limbs; i++)
		sum->limbs[i] += (int64_t) number->limbs[i] * number->sign;
	exact_sum_normalize(sum);
}

/* Count the limbs up to the highest that is not zero. */
static void
trim(ExactNumber *number)
{
	number->n_limbs = EXACT_SUM_LIMBS;
	while (number->n_limbs > 0 && number->limbs[number->n_limbs - 1] == 0)
		number->n_limbs--;
	if (number->n_limbs == 0)
		number->sign = 0;
}

ExactNumber
exact_sum_number(const ExactSum *sum)
{
	ExactSum normal = *sum;
	ExactNumber number = {.sign = 1};

	exact_sum_normalize(&normal);
	if (normal.limbs[EXACT_SUM_LIMBS - 1] < 0)
	{
		number.sign = -1;
		for (size_t i = 0; i < EXACT_SUM_LIMBS; i++)
			normal.limbs[i] = -normal.limbs[i];
		exact_sum_normalize(&normal);
	}
	for (size_t i = 0; i < EXACT_SUM_LIMBS; i++)
		number.limbs[i] = (uint32_t) normal.limbs[i];
	trim(&number);
	return number;
}

/* Add a magnitude times a factor below 2^32 to a sum, from a limb on. */
static void
add_product(ExactSum *sum, const ExactNumber *number, uint32_t factor, uint32_t first, int sign)
{
	uint64_t carry = 0;

	for (uint32_t i = 0; i < number->n_limbs && first + i < EXACT_SUM_LIMBS; i++)
	{
		uint64_t product = (uint64_t) number->limbs[i] * factor + carry;

		sum->limbs[first + i] += sign * (int64_t) (uint32_t) product;
		carry = product >> LIMB_BITS;
	}
	if (first + number->n_limbs < EXACT_SUM_LIMBS)
		sum->limbs[first + number->n_limbs] += sign * (int64_t) carry;
}

ExactNumber
exact_number_spread(uint64_t n, const ExactNumber *sum, const ExactNumber *squares)
{
	ExactSum spread = {.n_pending = 0};

	add_product(&spread, squares, (uint32_t) n, 0, 1);
	add_product(&spread, squares, (uint32_t) (n >> LIMB_BITS), 1, 1);
	for (uint32_t i = 0; i < sum->n_limbs; i++)
		add_product(&spread, sum, sum->limbs[i], i, -1);
	return exact_sum_number(&spread);
}

uint64_t
exact_number_shifted(const ExactNumber *number, uint32_t n_bits)
{
	uint32_t first = n_bits / LIMB_BITS;
	uint32_t rest = n_bits % LIMB_BITS;
	unsigned __int128 window = 0;

	if (number->n_limbs > first + 3)
		return UINT64_MAX;
	for (uint32_t i = 0; i < 3 && first + i < number->n_limbs; i++)
		window |= (unsigned __int128) number->limbs[first + i] << (LIMB_BITS * i);
	window >>= rest;
	return window > UINT64_MAX ? UINT64_MAX : (uint64_t) window;
}

ScaledDouble
exact_number_round(const ExactNumber *number, int unit)
{
	uint32_t n_bits;
	uint32_t dropped;
	uint64_t window;
	bool sticky = false;

	if (number->sign == 0)
		return (ScaledDouble){0, 0};
	n_bits = number->n_limbs * LIMB_BITS - __builtin_clz(number->limbs[number->n_limbs - 1]);
	dropped = n_bits > 64 ? n_bits - 64 : 0;
	window = exact_number_shifted(number, dropped);
	for (uint32_t i = 0; i < dropped / LIMB_BITS; i++)
		sticky |= number->limbs[i] != 0;
	if (dropped % LIMB_BITS != 0)
		sticky |=
			(number->limbs[dropped / LIMB_BITS] & ((UINT32_C(1) << dropped % LIMB_BITS) - 1)) != 0;
	/* the lowest of 64 bits stands for all that were dropped, so the one rounding is right */
	return (ScaledDouble){number->sign * (double) (window | sticky), unit + (int) dropped};
}
