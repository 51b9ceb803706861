/*
 * text_features.h
 *	  Numbers that describe a raw text: lengths, counts and shares.
 */
#ifndef SENTIMENT_TEXT_FEATURES_H
#define SENTIMENT_TEXT_FEATURES_H

#include <stddef.h>

#define N_TEXT_FEATURES 10

/* The place of word_count among them. */
#define TEXT_FEATURE_WORD_COUNT 1

/* Names of the features, in the order of text_features_compute. */
extern const char *const text_feature_names[N_TEXT_FEATURES];

/*
 * Compute the features of a raw text (UTF-8; raises HOST_ERROR_INVALID_TEXT for other bytes).
 * Checks for interrupts in long texts.
 * values: (N_TEXT_FEATURES)
 *   text_len            characters (code points)
 *   word_count          words: runs of characters that are not white space
 *   avg_word_length     characters of the words / words; 0 for no words
 *   exclamation_count   '!' and its full-width and inverted forms
 *   question_count      '?' and its full-width, inverted and Arabic forms
 *   caps_ratio          upper-case letters / letters that have a case; 0 for none
 *   digit_ratio         decimal digits / characters; 0 for an empty text
 *   punctuation_ratio   punctuation / characters; 0 for an empty text
 *   emoji_count         emoji (sequences)
 *   elongation_count    runs of three or more equal letters, in any case, as in "sooo"
 */
extern void text_features_compute(const char *text, size_t length, double *values);

#endif /* SENTIMENT_TEXT_FEATURES_H */
