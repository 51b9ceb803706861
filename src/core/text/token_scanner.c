/*
 * token_scanner.c
 *	  A clean text to lower-cased tokens.
 */
#include "core/hash.h"
#include "core/host.h"
#include "core/text/ascii_block.h"
#include "core/text/characters.h"
#include "core/text/emoji.h"
#include "core/text/token_scanner.h"
#include "core/text/utf8.h"

/* The arena holds a batch of ordinary tokens and grows to the longest one only. */
#define ARENA_CAPACITY         16384
#define ARENA_CAPACITY_TO_KEEP (1 << 20)

/* Readable bytes behind the arena, for loads that run over a token's end. */
#define ARENA_PADDING 16

/* Tokens that can end within one block: every other byte, and one that began before. */
#define BLOCK_TOKENS (ASCII_BLOCK_SIZE / 2 + 1)

/* Tokens that one step of scan_characters can add. */
#define STEP_TOKENS 2

/* Why a scan stopped. */
typedef enum ScanStop
{
	SCAN_PAUSED,    /* position moved on; scan again */
	SCAN_NOT_ASCII, /* position is at something for scan_characters */
	SCAN_FULL       /* the batch or the arena has no room */
} ScanStop;

/* Add a token to the batch if it is long enough. */
static inline void
add_token(TokenBatch *batch, const char *bytes, size_t length, uint64_t hash, bool long_enough)
{
	batch->bytes[batch->count] = bytes;
	batch->lengths[batch->count] = (uint32_t) length;
	batch->hashes[batch->count] = hash;
	batch->count += long_enough;
}

/* Add a token that lies in the text as it is. */
static void
add_text_token(TokenScanner *scanner, size_t start, size_t end)
{
	const char *bytes = scanner->text + start;
	uint64_t hash = scanner->length - start >= ARENA_PADDING ? hash_token_padded(bytes, end - start)
															 : hash_token(bytes, end - start);

	add_token(&scanner->batch, bytes, end - start, hash, true);
}

/* Let the host interrupt when another stretch of the text was scanned. */
static inline void
check_interrupts(TokenScanner *scanner, size_t position)
{
	if (__builtin_expect(position >= scanner->next_interrupt_check, 0))
	{
		scanner->next_interrupt_check = position + TEXT_INTERRUPT_DISTANCE;
		host_check_interrupts();
	}
}

/* Make sure that the arena, which holds no token, has a capacity. */
static void
reserve_arena(TokenScanner *scanner, size_t capacity)
{
	if (scanner->arena_capacity >= capacity)
		return;
	host_free(scanner->arena);
	scanner->arena = NULL;
	scanner->arena_capacity = 0;
	scanner->arena = host_allocate(capacity + ARENA_PADDING);
	scanner->arena_capacity = capacity;
}

/* A scan over ASCII text. */
typedef struct AsciiScan
{
	size_t position; /* of the next block in the text */
	char *target;    /* and in the arena */
	char *open;      /* the token that the last block ended within; NULL for none */
} AsciiScan;

/* Bytes of the token that the scan is within. */
static inline size_t
open_length(const AsciiScan *scan)
{
	return scan->open != NULL ? (size_t) (scan->target - scan->open) : 0;
}

/*
 * Leave scan_ascii. The next scan starts where the token that is still open started, and gets its room
 * in the arena. '#' and '*' before a character that is not ASCII may be part of a keycap.
 */
static ScanStop
stop_scan_ascii(TokenScanner *scanner, const AsciiScan *scan, ScanStop stop)
{
	size_t position = scan->position - open_length(scan);

	scanner->arena_used = (size_t) (scan->target - scanner->arena) - open_length(scan);
	if (stop != SCAN_PAUSED && scan->open == NULL && position > scanner->position &&
		(scanner->text[position - 1] == '#' || scanner->text[position - 1] == '*'))
		position--;
	/* A token that fills the arena alone is for scan_characters. */
	if (stop == SCAN_FULL && scanner->batch.count == 0)
		stop = position == scanner->position ? SCAN_NOT_ASCII : SCAN_PAUSED;
	scanner->position = position;
	return stop;
}

/*
 * Add the tokens that end within the block at target. starts and ends are masks of the bytes where
 * tokens start and behind which they end.
 */
static inline void
add_block_tokens(TokenScanner *scanner, AsciiScan *scan, uint64_t starts, uint64_t ends)
{
	for (; ends != 0; ends &= ends - 1)
	{
		char *end = scan->target + __builtin_ctzll(ends);
		char *start = scan->open;
		size_t length;

		if (start == NULL)
		{
			start = scan->target + __builtin_ctzll(starts);
			starts &= starts - 1;
		}
		scan->open = NULL;
		length = (size_t) (end - start);
		add_token(&scanner->batch, start, length, hash_token_padded(start, length),
				  length >= scanner->min_length);
	}
	if (starts != 0)
		scan->open = scan->target + __builtin_ctzll(starts);
}

/*
 * Scan from position, which is at no word's second character, up to the first character that is not
 * ASCII (or the word that it belongs to).
 */
static ScanStop
scan_ascii(TokenScanner *scanner)
{
	const uint8_t case_bit = scanner->lowercase ? ASCII_CASE_BIT : 0;
	const char *const target_limit = scanner->arena + scanner->arena_capacity - ASCII_BLOCK_SIZE;
	AsciiScan scan = {scanner->position, scanner->arena + scanner->arena_used, NULL};

	/* One block beyond the text, if it ends at a block's end within a token. */
	while (scan.position < scanner->length || scan.open != NULL)
	{
		const char *source = scanner->text + scan.position;
		size_t n_bytes = scanner->length - scan.position;
		char tail[ASCII_BLOCK_SIZE];
		AsciiBlock block;
		uint64_t continued; /* bytes whose predecessor is a word character */
		uint64_t before;    /* bytes before the first that is not ASCII */

		if (scanner->batch.count > TOKEN_BATCH_SIZE - BLOCK_TOKENS || scan.target > target_limit)
			return stop_scan_ascii(scanner, &scan, SCAN_FULL);
		check_interrupts(scanner, scan.position);
		if (n_bytes >= ASCII_BLOCK_SIZE)
			n_bytes = ASCII_BLOCK_SIZE;
		else
		{
			memset(tail, 0, sizeof(tail));
			memcpy(tail, source, n_bytes);
			source = tail;
		}
		block = ascii_block_classify(source, scan.target, case_bit);
		continued = block.words << 1 | (scan.open != NULL);
		before = block.non_ascii == 0 ? UINT64_MAX : (block.non_ascii & -block.non_ascii) - 1;
		add_block_tokens(scanner, &scan, block.words & ~continued & before,
						 ~block.words & continued & before);
		if (__builtin_expect(block.non_ascii != 0, 0))
		{
			scan.position += (size_t) __builtin_ctzll(block.non_ascii);
			scan.target += __builtin_ctzll(block.non_ascii);
			return stop_scan_ascii(scanner, &scan, SCAN_NOT_ASCII);
		}
		scan.position += n_bytes;
		/* Blocks without a word character need no room. */
		if (block.words != 0)
			scan.target += ASCII_BLOCK_SIZE;
	}
	return stop_scan_ascii(scanner, &scan, SCAN_PAUSED);
}

/* End the run of an unspaced script: one character alone is a token too. */
static void
finish_unspaced(TokenScanner *scanner)
{
	if (scanner->unspaced_count == 1)
		add_text_token(scanner, scanner->unspaced_last, scanner->position);
	scanner->unspaced_count = 0;
}

/* The position behind the combining marks at a position. */
static size_t
skip_marks(TokenScanner *scanner, size_t position)
{
	while (position < scanner->length)
	{
		uint32_t code_point;
		unsigned size = utf8_decode_at(scanner->text, scanner->length, position, &code_point);

		if (character_kind(character_class(code_point)) != CHARACTER_MARK)
			break;
		position += size;
		check_interrupts(scanner, position);
	}
	return position;
}

/* Add the character of an unspaced script at position to its run: a pair with the one before. */
static void
scan_unspaced(TokenScanner *scanner, unsigned size)
{
	size_t end = skip_marks(scanner, scanner->position + size);

	if (scanner->unspaced_count > 0)
		add_text_token(scanner, scanner->unspaced_last, end);
	scanner->unspaced_last = scanner->position;
	scanner->unspaced_count = scanner->unspaced_count > 0 ? 2 : 1;
	scanner->position = end;
}

/* Add the emoji at position, whose first character has size bytes, if there is one. */
static void
scan_emoji(TokenScanner *scanner, CharacterKind kind, unsigned size)
{
	size_t length = kind == CHARACTER_OTHER
						? keycap_length(scanner->text, scanner->length, scanner->position)
						: emoji_length(scanner->text, scanner->length, scanner->position, kind);

	if (length > 0)
		add_text_token(scanner, scanner->position, scanner->position + length);
	scanner->position += length > 0 ? length : size;
}

/* A word under scanning. */
typedef struct Word
{
	size_t end;
	uint32_t n_characters;
	bool has_upper_case;
	bool is_keycap;
} Word;

/* Is a character at a position a word character? */
static bool
is_word_at(const TokenScanner *scanner, size_t position)
{
	uint32_t code_point;

	if (position >= scanner->length)
		return false;
	utf8_decode_at(scanner->text, scanner->length, position, &code_point);
	return character_kind(character_class(code_point)) == CHARACTER_WORD;
}

/* Find the end of the word that starts at position. */
static Word
find_word(TokenScanner *scanner)
{
	Word word = {scanner->position, 0, false, false};
	Word before_base = word; /* the word without its last character and the marks on it */
	bool after_mark = false;

	while (word.end < scanner->length)
	{
		uint32_t code_point;
		unsigned size = utf8_decode_at(scanner->text, scanner->length, word.end, &code_point);
		uint8_t class = character_class(code_point);
		CharacterKind kind = character_kind(class);

		if (kind == CHARACTER_WORD)
			before_base = word;
		else if (kind == CHARACTER_MARK)
		{
			if (code_point == CODE_POINT_KEYCAP &&
				keycap_length(scanner->text, scanner->length, before_base.end) ==
					word.end + size - before_base.end)
			{
				/* The digit in the box is no part of a word before it. */
				if (before_base.end > scanner->position)
					return before_base;
				word.end += size;
				word.is_keycap = true;
				return word;
			}
		}
		/* Behind a mark (a virama) a joiner shapes the letters of one word. */
		else if (!after_mark || (code_point != CODE_POINT_ZWJ && code_point != CODE_POINT_ZWNJ) ||
				 !is_word_at(scanner, word.end + size))
			break;
		after_mark = kind == CHARACTER_MARK;
		word.n_characters++;
		word.has_upper_case |= (class & CHARACTER_HAS_LOWER) != 0;
		word.end += size;
		check_interrupts(scanner, word.end);
	}
	return word;
}

/* Write the word from position to end in lower case; answers the bytes written. */
static size_t
lower_word(TokenScanner *scanner, size_t end, char *target)
{
	char *out = target;

	scanner->next_interrupt_check = scanner->position + TEXT_INTERRUPT_DISTANCE;
	for (size_t position = scanner->position; position < end;)
	{
		uint32_t code_point;
		unsigned size = utf8_decode_at(scanner->text, scanner->length, position, &code_point);

		if (code_point == CODE_POINT_CAPITAL_SIGMA)
			code_point = character_lower_sigma(scanner->text, scanner->length, position);
		else if (character_class(code_point) & CHARACTER_HAS_LOWER)
			code_point = character_lower(code_point);
		out += utf8_encode(code_point, out);
		position += size;
		check_interrupts(scanner, position);
	}
	return (size_t) (out - target);
}

/* Add a word with upper-case characters; answers false if the arena has no room now. */
static bool
add_lowered_word(TokenScanner *scanner, const Word *word)
{
	/* No character grows by more than from two bytes to three. */
	size_t bound = (word->end - scanner->position) / 2 * 3 + UTF8_MAX_LENGTH;
	char *target;
	size_t length;

	if (scanner->arena_capacity - scanner->arena_used < bound)
	{
		if (scanner->batch.count > 0)
			return false;
		scanner->arena_used = 0;
		reserve_arena(scanner, bound);
	}
	target = scanner->arena + scanner->arena_used;
	length = lower_word(scanner, word->end, target);
	scanner->arena_used += length;
	add_token(&scanner->batch, target, length, hash_token(target, length), true);
	return true;
}

/* Add the word at position; answers false if the arena has no room now. */
static bool
scan_word(TokenScanner *scanner)
{
	Word word = find_word(scanner);

	if (word.is_keycap)
		add_text_token(scanner, scanner->position, word.end);
	else if (word.n_characters >= scanner->min_length)
	{
		if (!scanner->lowercase || !word.has_upper_case)
			add_text_token(scanner, scanner->position, word.end);
		else if (!add_lowered_word(scanner, &word))
			return false;
	}
	scanner->position = word.end;
	return true;
}

/* Are the eight bytes at position ASCII, so that scan_ascii is worth its while? */
static bool
is_ascii_ahead(const TokenScanner *scanner)
{
	uint64_t bytes;

	if (scanner->length - scanner->position < sizeof(bytes))
		return false;
	memcpy(&bytes, scanner->text + scanner->position, sizeof(bytes));
	return (bytes & EIGHT_BYTES(0x80)) == 0;
}

/* Scan from position, character by character, until scan_ascii can go on. */
static ScanStop
scan_characters(TokenScanner *scanner)
{
	while (scanner->position < scanner->length)
	{
		uint32_t code_point;
		unsigned size;
		CharacterKind kind;

		if (scanner->batch.count > TOKEN_BATCH_SIZE - STEP_TOKENS)
			return SCAN_FULL;
		check_interrupts(scanner, scanner->position);
		size = utf8_decode_at(scanner->text, scanner->length, scanner->position, &code_point);
		kind = character_kind(character_class(code_point));
		if (kind == CHARACTER_UNSPACED)
		{
			scan_unspaced(scanner, size);
			continue;
		}
		finish_unspaced(scanner);
		switch (kind)
		{
			case CHARACTER_WORD:
				if (!scan_word(scanner))
					return SCAN_FULL;
				break;
			case CHARACTER_MARK:
				/* It has no character to belong to. */
				scanner->position += size;
				break;
			default:
				scan_emoji(scanner, kind, size);
				if (is_ascii_ahead(scanner))
					return SCAN_PAUSED;
		}
	}
	finish_unspaced(scanner);
	return SCAN_PAUSED;
}

/* Begin a text. */
void
token_scanner_begin(TokenScanner *scanner, const char *text, size_t length)
{
	/* Lengths of tokens are 32-bit numbers, and a lower-case form can be longer. */
	if (length > UINT32_MAX / 2)
		host_error(HOST_ERROR_LIMIT_EXCEEDED, NULL, "Split the text.",
				   "a text must not be longer than %u bytes", UINT32_MAX / 2);
	if (scanner->arena_capacity > ARENA_CAPACITY_TO_KEEP)
		token_scanner_clear(scanner);
	reserve_arena(scanner, ARENA_CAPACITY);
	scanner->text = text;
	scanner->length = length;
	scanner->position = 0;
	scanner->next_interrupt_check = TEXT_INTERRUPT_DISTANCE;
	scanner->unspaced_count = 0;
	scanner->arena_used = 0;
	scanner->batch.count = 0;
}

/* Fill the batch; answers whether it holds a token. */
bool
token_scanner_next(TokenScanner *scanner)
{
	ScanStop stop = SCAN_PAUSED;

	scanner->batch.count = 0;
	scanner->arena_used = 0;
	while (stop != SCAN_FULL && scanner->position < scanner->length)
	{
		/* Nothing in the arena is needed while the batch is empty. */
		if (scanner->batch.count == 0)
			scanner->arena_used = 0;
		stop = scanner->unspaced_count > 0 ? SCAN_NOT_ASCII : scan_ascii(scanner);
		if (stop == SCAN_NOT_ASCII)
			stop = scan_characters(scanner);
	}
	return scanner->batch.count > 0;
}

/* Free the arena. */
void
token_scanner_clear(TokenScanner *scanner)
{
	host_free(scanner->arena);
	scanner->arena = NULL;
	scanner->arena_capacity = 0;
}
