/**
 * Passwords that are found fast by whoever tries the likely ones first: well-known ones, names, dates, keyboard runs, repeats,
 * and what is known of the person.
 */
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common';

/** Of 0 to 4: 3 takes 10^8 guesses and more. */
const LEAST_SCORE = 3;

/** Shorter parts of a login or name ("de", "com") occur in other words by chance. */
const LEAST_WORD = 3;

// Its dictionaries take some megabytes: made when somebody sets a password.
let judge: ZxcvbnFactory | undefined;

/** `known`: texts that an attacker tries first, e.g. the login. Written with other letters or backwards they count too. */
export function isEasyToGuess(password: string, known: readonly string[] = []): boolean {
  judge ??= new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs });
  return judge.check(password, [...known, ...known.flatMap(wordsOf)]).score < LEAST_SCORE;
}

/**
 * Whether nothing is left of it but digits, signs and spaces once the words of `known` are taken out: in any case, order and
 * number, forwards or backwards, with or without accents.
 */
export function isMadeOf(password: string, known: readonly string[]): boolean {
  const texts = known.flatMap((text) => [folded(text), ...wordsOf(text)]).filter((text) => text !== '');
  // The longest first: "annemarie" is not "anne" and a rest.
  const words = texts.flatMap((text) => [text, backwards(text)]).sort((a, b) => b.length - a.length);
  const rest = words.reduce((left, word) => left.replaceAll(word, ' '), folded(password));
  return rest !== folded(password) && !/\p{L}/u.test(rest);
}

function wordsOf(text: string): string[] {
  const words = folded(text).split(/[^\p{L}\p{N}]+/u);
  return [...words, words.join('')].filter((word) => word.length >= LEAST_WORD);
}

function folded(text: string): string {
  return text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
}

function backwards(text: string): string {
  return [...text].reverse().join('');
}
