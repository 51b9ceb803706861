/**
 * Which words of a text made the prediction. The database tells what each term (a word, or a run of words)
 * adds to the output of the label; here the terms are found in the text again, and what a term adds is
 * shared out evenly to its words and to its occurrences.
 */
export interface Contribution {
	term: string;
	weight: number | null;
	contribution: number;
}

/** A piece of the text: a word, or what stands between words (contribution null). */
export interface Piece {
	text: string;
	contribution: number | null;
}

export interface Attribution {
	pieces: Piece[];
	/** What is not in the words: the intercept, text features, numbers, and terms that were not found. */
	elsewhere: Contribution[];
	/** The largest contribution of a word, without its sign. */
	largest: number;
}

interface Word {
	start: number;
	end: number;
	token: string;
	contribution: number;
}

const wordPattern =
	/[\p{L}\p{M}\p{N}_]+|\p{Extended_Pictographic}(?:\p{M}|\u200d\p{Extended_Pictographic})*/gu;

// scripts without spaces, whose tokens are pairs of characters
const unspaced =
	/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** The words of a text; of scripts without spaces each character. */
function wordsOf(text: string): Word[] {
	const words: Word[] = [];
	for (const match of text.matchAll(wordPattern)) {
		if (!unspaced.test(match[0])) {
			words.push({
				start: match.index,
				end: match.index + match[0].length,
				token: match[0].toLowerCase(),
				contribution: 0,
			});
			continue;
		}
		let at = match.index;
		for (const character of match[0]) {
			words.push({ start: at, end: at + character.length, token: character, contribution: 0 });
			at += character.length;
		}
	}
	return words;
}

/** How many characters both begin with. */
function commonPrefix(a: string, b: string): number {
	let n = 0;
	while (n < a.length && n < b.length && a[n] === b[n]) n++;
	return n;
}

/** Whether a token may be the stem of a word: "happi" of "happy", "read" of "reading". */
function isStem(token: string, word: string): boolean {
	const shared = commonPrefix(token, word);
	return shared >= 3 && shared >= token.length - 1 && word.length - shared <= 7;
}

type Matches = (token: string, word: string) => boolean;

/** Where the tokens stand one after another, with at most `gap` other words between two of them. */
function occurrences(words: Word[], tokens: string[], matches: Matches, gap: number): number[][] {
	const found: number[][] = [];
	for (let first = 0; first < words.length; first++) {
		if (!matches(tokens[0]!, words[first]!.token)) continue;
		const places = [first];
		for (const token of tokens.slice(1)) {
			const from = places[places.length - 1]! + 1;
			let next = from;
			while (next < words.length && next <= from + gap && !matches(token, words[next]!.token)) next++;
			if (next >= words.length || next > from + gap) break;
			places.push(next);
		}
		if (places.length === tokens.length) found.push(places);
	}
	return found;
}

/** A term's tokens as they stand in the text: those of scripts without spaces are single characters there. */
function tokensOf(term: string): string[] {
	return term.split(" ").flatMap((token, i, all) => {
		if (!unspaced.test(token)) return [token];
		// pairs overlap: after the first of a run, each adds one character
		const characters = [...token];
		const before = all[i - 1];
		return before && unspaced.test(before) && [...before].at(-1) === characters[0]
			? characters.slice(1)
			: characters;
	});
}

const equal: Matches = (token, word) => token === word;

/** Places of a term, looked for ever less strictly: as it is, over dropped words, by stems. */
function placesOf(words: Word[], term: string): number[][] {
	const tokens = tokensOf(term);
	for (const [matches, gap] of [
		[equal, 0],
		[equal, 3],
		[isStem, 0],
		[isStem, 3],
	] as const) {
		if (matches === equal && gap > 0 && tokens.length === 1) continue;
		const found = occurrences(words, tokens, matches, gap);
		if (found.length > 0) return found;
	}
	return [];
}

/** Share the contributions of terms out to the words of the text. */
export function attribute(text: string, contributions: Contribution[]): Attribution {
	const words = wordsOf(text);
	const elsewhere: Contribution[] = [];
	for (const contribution of contributions) {
		const places = /^\(.*\)$/.test(contribution.term) ? [] : placesOf(words, contribution.term);
		if (places.length === 0) elsewhere.push(contribution);
		for (const place of places)
			for (const word of place)
				words[word]!.contribution += contribution.contribution / places.length / place.length;
	}
	const pieces: Piece[] = [];
	let end = 0;
	for (const word of words) {
		if (word.start > end) pieces.push({ text: text.slice(end, word.start), contribution: null });
		pieces.push({ text: text.slice(word.start, word.end), contribution: word.contribution });
		end = word.end;
	}
	if (end < text.length) pieces.push({ text: text.slice(end), contribution: null });
	return { pieces, elsewhere, largest: Math.max(0, ...words.map((word) => Math.abs(word.contribution))) };
}
