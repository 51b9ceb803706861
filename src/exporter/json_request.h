/*
 * json_request.h
 *	  The bodies of /predict and /batch_predict: what is asked of which model.
 *
 * Knows neither HTTP nor the database, so that it can be fuzzed. The parser writes into the bytes that it
 * is given (strings are unescaped in place), and what it answers points into them.
 */
#ifndef EXPORTER_JSON_REQUEST_H
#define EXPORTER_JSON_REQUEST_H

#include "text_buffer.h"

#define MAX_TEXTS               100   /* of one /predict */
#define MAX_BATCH_ROWS          10000 /* of one JSON array; lines are not limited */
#define MAX_TEXT_CHARACTERS     10000
#define MAX_EXPLAINED_TEXTS     16
#define MAX_SHARED_FEATURE_SIZE 16384 /* bytes of the numbers that all texts share */
#define MAX_MODEL_NAME          63
#define MAX_IGNORED             8 /* members that a warning tells of */

/* A text with what comes with it. */
typedef struct TextRow
{
	Slice text;
	Slice features; /* a JSON object of numbers; length 0 without any */
	Slice id;       /* JSON that a line's answer repeats; length 0 without any */
} TextRow;

typedef struct PredictionRequest
{
	TextRow *rows; /* (n_rows) */
	size_t n_rows;
	size_t capacity;
	Slice model; /* length 0: the default model */
	int version; /* of the model; 0: what is deployed */
	bool explain;
	Slice ignored[MAX_IGNORED]; /* members that mean nothing here */
	size_t n_ignored;
	TextBuffer features; /* where composed features are */
} PredictionRequest;

/* Which kind of wrong a body is. */
typedef enum RequestProblem
{
	REQUEST_OK,
	REQUEST_NOT_JSON, /* syntax, encoding, nesting */
	REQUEST_INVALID,  /* JSON of another form */
	REQUEST_NO_MEMORY
} RequestProblem;

typedef struct RequestError
{
	RequestProblem problem;
	char message[240];
	Slice id; /* of the line that is wrong, as far as it could be read; length 0 without any */
} RequestError;

/* Read the number of a version, from 1 to the largest int; false if it is written in any other way. */
extern bool version_parse(Slice digits, int *version);

/* {"texts": [...], "numeric_features": {...}, "model": ..., "version": ..., "explain": ...} */
extern bool predict_request_parse(char *bytes, size_t length, PredictionRequest *request,
								  RequestError *error);

/* {"data": [{"reviewText": ..., numbers by name}, ...], "model": ..., "version": ...} */
extern bool batch_request_parse(char *bytes, size_t length, PredictionRequest *request,
								RequestError *error);

/* One line: a string, or an object as in data. Adds a row to the request, or leaves it as it is. */
extern bool line_request_parse(char *bytes, size_t length, PredictionRequest *request,
							   RequestError *error);

/* Let the rows' features point into the buffer in which they were composed; after the last line. */
extern void prediction_request_settle(PredictionRequest *request);

/* Forget the rows, keep the memory. */
extern void prediction_request_reset(PredictionRequest *request);

extern void prediction_request_free(PredictionRequest *request);

#endif /* EXPORTER_JSON_REQUEST_H */
