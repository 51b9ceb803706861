/*
 * exact_sum.h
 *	  Sums of doubles and of their squares without any rounding (a long accumulator, Kulisch 2011).
 *
 * A sum is a fixed-point number that is wide enough for every double, so it does not depend on the
 * order of its parts, cannot overflow, and small numbers are not lost beside large ones. Its unit is
 * 2^-1074 (the smallest double) for a sum of numbers, the square of that for a sum of squares.
 */
#ifndef SENTIMENT_EXACT_SUM_H
#define SENTIMENT_EXACT_SUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Of 32 bits each: 2 * 2098 for the square of the largest double in units, and 2^53 such squares. */
#define EXACT_SUM_LIMBS 140

/* Additions after which carries must move on; the limbs have 31 bits to spare. */
#define EXACT_SUM_MAX_PENDING (UINT64_C(1) << 29)

/* The sum of limbs[i] * 2^(32 i) units. Starts as zero bytes. */
typedef struct ExactSum
{
	int64_t limbs[EXACT_SUM_LIMBS];
	uint64_t n_pending; /* additions since carries moved on */
} ExactSum;

/* The same as sign and magnitude: one form only for each number. */
typedef struct ExactNumber
{
	int sign;         /* -1, 0, 1 */
	uint32_t n_limbs; /* up to the highest that is not zero */
	uint32_t limbs[EXACT_SUM_LIMBS];
} ExactNumber;

/* fraction * 2^exponent, for numbers beyond the range of a double. */
typedef struct ScaledDouble
{
	double fraction;
	int exponent;
} ScaledDouble;

/* Let carries move on. */
extern void exact_sum_normalize(ExactSum *sum);

/* Add another sum. */
extern void exact_sum_merge(ExactSum *sum, const ExactSum *other);

/* Add a number. */
extern void exact_sum_add_number(ExactSum *sum, const ExactNumber *number);

/* The sum as sign and magnitude. */
extern ExactNumber exact_sum_number(const ExactSum *sum);

/*
 * The exact n * squares - sum * sum, which is n (n - 1) times the sample variance of n numbers, in
 * the unit of squares. Its sign is -1 only if the two are not sums of the same n numbers.
 */
extern ExactNumber exact_number_spread(uint64_t n, const ExactNumber *sum,
									   const ExactNumber *squares);

/* The magnitude in units, shifted right, saturated at UINT64_MAX. */
extern uint64_t exact_number_shifted(const ExactNumber *number, uint32_t n_bits);

/* The nearest double and its exponent, of a number in units of 2^unit. */
extern ScaledDouble exact_number_round(const ExactNumber *number, int unit);

/* Units: exponents of two. */
#define EXACT_SUM_UNIT     (-1074)
#define EXACT_SQUARES_UNIT (-2148)

/* Magnitude of a finite double in units of EXACT_SUM_UNIT is mantissa << position. */
static inline uint64_t
exact_sum_mantissa(uint64_t bits, uint32_t *position)
{
	uint32_t exponent = (bits >> 52) & 0x7ff;
	uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1);

	*position = exponent > 0 ? exponent - 1 : 0;
	return exponent > 0 ? fraction | UINT64_C(1) << 52 : fraction;
}

/* Add a finite double. */
static inline void
exact_sum_add(ExactSum *sum, double value)
{
	uint64_t bits;
	uint64_t mantissa;
	uint32_t position;
	unsigned __int128 shifted;
	int64_t sign;
	int64_t *limbs;

	memcpy(&bits, &value, sizeof(bits));
	mantissa = exact_sum_mantissa(bits, &position);
	sign = -(int64_t) (bits >> 63); /* 0 or -1 */
	shifted = (unsigned __int128) mantissa << (position & 31);
	limbs = sum->limbs + (position >> 5);
	limbs[0] += ((int64_t) (uint32_t) shifted ^ sign) - sign;
	limbs[1] += ((int64_t) (uint32_t) (shifted >> 32) ^ sign) - sign;
	limbs[2] += ((int64_t) (shifted >> 64) ^ sign) - sign;
	if (++sum->n_pending >= EXACT_SUM_MAX_PENDING)
		exact_sum_normalize(sum);
}

/* Add the square of a finite double, in units of EXACT_SQUARES_UNIT. */
static inline void
exact_sum_add_square(ExactSum *sum, double value)
{
	uint64_t bits;
	uint64_t mantissa;
	uint32_t position;
	unsigned __int128 square;
	unsigned __int128 low;
	unsigned __int128 high;
	int64_t *limbs;

	memcpy(&bits, &value, sizeof(bits));
	mantissa = exact_sum_mantissa(bits, &position);
	square = (unsigned __int128) mantissa * mantissa;
	position *= 2;
	low = (unsigned __int128) (uint64_t) square << (position & 31);
	high = (square >> 64) << (position & 31);
	limbs = sum->limbs + (position >> 5);
	limbs[0] += (uint32_t) low;
	limbs[1] += (uint32_t) (low >> 32);
	limbs[2] += (int64_t) (uint32_t) (low >> 64) + (uint32_t) high;
	limbs[3] += (uint32_t) (high >> 32);
	limbs[4] += (uint32_t) (high >> 64);
	if (++sum->n_pending >= EXACT_SUM_MAX_PENDING)
		exact_sum_normalize(sum);
}

#endif /* SENTIMENT_EXACT_SUM_H */
