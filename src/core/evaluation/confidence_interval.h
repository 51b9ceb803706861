/*
 * confidence_interval.h
 *	  The type of intervals, and their confidence.
 */
#ifndef SENTIMENT_CONFIDENCE_INTERVAL_H
#define SENTIMENT_CONFIDENCE_INTERVAL_H

/* Two-sided, so that either bound is passed with half of what is left. */
#define CONFIDENCE_LEVEL 0.95

/* 97.5 % of the standard normal distribution lie below. */
#define CONFIDENCE_NORMAL 1.959963984540054

/* Both NaN: nothing is known. */
typedef struct ConfidenceInterval
{
	double lower;
	double upper;
} ConfidenceInterval;

#endif /* SENTIMENT_CONFIDENCE_INTERVAL_H */
